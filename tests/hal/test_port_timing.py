"""The port's figures in real time."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from hal.board import EvseParts
from hal.errors import DeviceSilent
from hal.port import Port, PortSettings
from hal.port_events import MeterRead
from hal.readings import FaultReading, MeterReading, PilotState
from hal.sim.watched import Stream, Watched
from tests.hal.port_rig import Rig

TIMES = 2000


class FastClock:
    """Runs `speed` times as fast as the wall's, as the simulator's may."""

    def __init__(self, speed: float) -> None:
        self.speed = speed

    def monotonic(self) -> float:
        return time.monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)


class QuickIron:
    """Follows each command at once and notes when it was told to open."""

    def __init__(self) -> None:
        self.pilot = Watched(PilotState.C)
        self.mirror = Watched(value=False)
        self.inputs: Stream[FaultReading] = Stream()
        self.opened_at_s = 0.0

    def open(self) -> None:
        self.opened_at_s = time.perf_counter()
        self.mirror.set(value=False)

    def close(self) -> None:
        self.mirror.set(value=True)

    def offer(self, current_a: float | None) -> None:
        """Whatever you say."""

    def positions(self) -> AsyncIterator[bool]:
        return self.mirror.follow()

    def states(self) -> AsyncIterator[PilotState]:
        return self.pilot.follow()

    def faults(self) -> AsyncIterator[FaultReading]:
        return self.inputs.follow()

    async def read(self) -> MeterReading:
        raise DeviceSilent("not asked for here")


async def until(condition: Callable[[], bool], *, limit_s: float = 10.0) -> None:
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110 - nothing in the port announces it, and it must be seen at once
            await asyncio.sleep(0)


async def stop(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def test_the_open_command_follows_its_reason_within_twenty_milliseconds() -> None:
    iron = QuickIron()
    parts = EvseParts(pilot=iron, contactor=iron, meter=iron, lock=None, faults=(iron,), indicator=None, drivers=())
    settings = PortSettings(max_current_a=32.0, meter_stale_s=3600.0)
    port = Port(1, parts, clock=FastClock(1.0), settings=settings, report=lambda _: None)
    task = asyncio.create_task(port.run(), name="port under test")
    delays_s: list[float] = []
    reasons: tuple[Callable[[], None], Callable[[], None]] = (
        lambda: iron.pilot.set(PilotState.B),
        lambda: iron.inputs.emit(FaultReading("GroundFailure", active=True)),
    )

    for number in range(TIMES):
        iron.inputs.emit(FaultReading("GroundFailure", active=False))
        iron.pilot.set(PilotState.C)
        port.permit(16.0)
        await until(lambda: iron.mirror.value)
        for _ in range(3):
            await asyncio.sleep(0)
        began_s = time.perf_counter()
        reasons[number % 2]()
        await until(lambda: not iron.mirror.value)
        delays_s.append(iron.opened_at_s - began_s)
        for _ in range(3):
            await asyncio.sleep(0)
    await stop(task)

    delays_s.sort()
    assert delays_s[0] >= 0.0
    assert delays_s[round(TIMES * 0.999) - 1] < 0.020


@pytest.mark.parametrize("speed", [60.0, 600.0])
async def test_a_charge_in_fast_time_meets_no_false_fault_and_counts_every_watt_hour(speed: float) -> None:
    rig = Rig(clock=FastClock(speed))
    task = asyncio.create_task(rig.port.run(), name="port under test")
    rig.controls.plug_in()
    ends_s = time.monotonic() + 2.5
    asked = False
    while time.monotonic() < ends_s:
        await asyncio.sleep(0.1)
        if not asked:
            rig.port.permit(16.0)
            asked = True
        rig.port.renew()
    charging = rig.controls.view()
    rig.port.withdraw()
    await asyncio.sleep(0.3)

    reading = await rig.port.read_meter()
    await stop(task)

    registers = [event.reading.energy_import_wh for event in rig.of(MeterRead)]
    assert charging.contactor_closed
    assert rig.faults() == []
    assert registers == sorted(registers)
    assert registers[-1] > 1_234_567
    assert len(registers) < 2.8 * 55  # held back to fifty a second
    assert reading.energy_import_wh == rig.evse.board.register_wh
    assert not rig.evse.board.contactor.closed
