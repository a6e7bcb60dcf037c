import asyncio
import logging

import pytest

from hal.errors import BadReading, DeviceGone, DeviceSilent
from hal.port_devices import Device
from hal.port_events import MeterRead
from hal.port_meter import MeterWatch
from hal.readings import MeterReading
from hal.sim.clock import ManualClock
from tests.hal.port_rig import Rig, running


async def test_readings_are_reported_each_second_and_never_fall() -> None:
    async with running(Rig()) as rig:
        await rig.charge()
        await rig.pass_time(10.0)

        registers = [event.reading.energy_import_wh for event in rig.of(MeterRead)]

        assert len(registers) >= 15
        assert registers == sorted(registers)
        assert registers[0] == 1_234_567
        assert (await rig.port.read_meter()).energy_import_wh == rig.evse.board.register_wh


async def test_a_silent_meter_is_a_fault_after_ten_seconds_with_one_line_at_each_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(Rig()) as rig:
        await rig.charge()
        with caplog.at_level(logging.WARNING, logger="hal.port_meter"):
            rig.controls.set_fault("PowerMeterFailure", active=True)
            await rig.pass_time(8.0)
            before, readings = rig.faults(), len(rig.of(MeterRead))
            await rig.pass_time(12.0)
            silent, told = rig.faults(), rig.is_commanded_closed
            with pytest.raises(DeviceSilent):
                await rig.port.read_meter()
            rig.controls.set_fault("PowerMeterFailure", active=False)
            await rig.pass_time(2.0)

        assert before == []
        assert silent == [("PowerMeterFailure", True)]
        assert not told
        assert rig.faults()[-1] == ("PowerMeterFailure", False)
        assert len(rig.of(MeterRead)) > readings
        assert len([record for record in caplog.records if record.name == "hal.port_meter"]) == 2


class ScriptedMeter:
    """Answers each read with the next of `answers`, the last one for good; an exception is raised, None hangs."""

    def __init__(self, *answers: MeterReading | Exception | None) -> None:
        self.answers = list(answers)
        self.starts = 0
        self.stops = 0

    async def read(self) -> MeterReading:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            await asyncio.Event().wait()
        assert answer is not None
        return answer

    async def start(self) -> None:
        self.starts += 1

    async def stop(self) -> None:
        self.stops += 1


def watch(meter: ScriptedMeter, clock: ManualClock, *, may_reopen: bool = True) -> MeterWatch:
    return MeterWatch(
        meter,
        device=Device(meter),
        may_reopen=may_reopen,
        clock=clock,
        stale_s=10.0,
        timeout_s=0.02,
        name="meter under test",
    )


async def test_a_meter_that_hangs_is_silent_after_its_time_and_can_be_asked_again() -> None:
    clock = ManualClock()
    reading = MeterReading(mono_s=clock.monotonic(), energy_import_wh=7)
    meter = watch(ScriptedMeter(None, reading), clock)

    with pytest.raises(DeviceSilent, match="meter under test"):
        await meter.read()

    assert await meter.read() == reading
    assert meter.last == reading


async def test_an_old_reading_is_not_taken_for_a_new_one() -> None:
    clock = ManualClock()
    meter = watch(ScriptedMeter(MeterReading(mono_s=clock.monotonic() - 11.0, energy_import_wh=7)), clock)

    with pytest.raises(BadReading):
        await meter.read()

    assert meter.last is None


@pytest.mark.parametrize(("may_reopen", "starts"), [(True, 2), (False, 1)])
async def test_a_lost_meter_is_opened_again_unless_it_is_part_of_the_board(may_reopen: bool, starts: int) -> None:
    clock = ManualClock()
    meter = ScriptedMeter(DeviceGone("unplugged"), MeterReading(mono_s=clock.monotonic(), energy_import_wh=7))
    watched = watch(meter, clock, may_reopen=may_reopen)

    with pytest.raises(DeviceGone):
        await watched.read()
    await watched.read()

    assert (meter.starts, meter.stops) == (starts, starts - 1)


async def test_two_that_ask_at_once_are_answered_one_after_the_other() -> None:
    clock = ManualClock()
    first, second = (MeterReading(mono_s=clock.monotonic(), energy_import_wh=register) for register in (7, 8))
    meter = watch(ScriptedMeter(first, second), clock)

    readings = await asyncio.gather(meter.read(), meter.read())

    assert list(readings) == [first, second]
