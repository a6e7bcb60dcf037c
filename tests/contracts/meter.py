"""What every EnergyMeter must do, whatever it is made of: subclass MeterContract and give it a bench."""

import asyncio
import math
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.parts import Clock, EnergyMeter
from hal.readings import MeterReading

ONE_PERCENT = 0.01


class MeterBench(Protocol):
    """A started meter and the means to let energy flow through it."""

    meter: EnergyMeter
    clock: Clock

    async def draw(self, *, power_w: float, seconds: float) -> None:
        """Let `power_w` flow for `seconds` (of whatever clock the device has) and go on flowing.

        Exactly so long where that power flowed before; otherwise a vehicle may take its time to follow first.
        """
        ...

    async def cut(self) -> None:
        """Take the device out of reach for good."""
        ...


class MeterContract:
    """Needs a fixture `bench` that gives a MeterBench."""

    @pytest.fixture
    def bench(self) -> MeterBench:
        raise NotImplementedError

    async def test_a_reading_is_stamped_within_the_call_by_the_clock_it_was_given(self, bench: MeterBench) -> None:
        before_s = bench.clock.monotonic()

        reading = await bench.meter.read()

        assert before_s <= reading.mono_s <= bench.clock.monotonic()

    async def test_stamps_never_step_back(self, bench: MeterBench) -> None:
        readings = [await bench.meter.read() for _ in range(3)]

        stamps = [reading.mono_s for reading in readings]
        assert stamps == sorted(stamps)

    async def test_energy_is_in_whole_watt_hours(self, bench: MeterBench) -> None:
        await bench.draw(power_w=4321.5, seconds=7)

        reading = await bench.meter.read()

        assert isinstance(reading.energy_import_wh, int)

    async def test_energy_grows_by_what_flowed(self, bench: MeterBench) -> None:
        await bench.draw(power_w=11_040, seconds=1)
        first = await bench.meter.read()

        await bench.draw(power_w=11_040, seconds=1800)
        second = await bench.meter.read()

        flowed_wh = second.energy_import_wh - first.energy_import_wh
        assert flowed_wh == pytest.approx(5520, rel=ONE_PERCENT, abs=2)

    async def test_energy_stands_still_when_nothing_flows(self, bench: MeterBench) -> None:
        await bench.draw(power_w=0, seconds=60)
        first = await bench.meter.read()

        await bench.draw(power_w=0, seconds=3600)
        second = await bench.meter.read()

        assert second.energy_import_wh == first.energy_import_wh

    async def test_power_is_positive_towards_the_vehicle(self, bench: MeterBench) -> None:
        await bench.draw(power_w=6900, seconds=10)

        reading = await bench.meter.read()

        assert reading.power_w is None or reading.power_w == pytest.approx(6900, rel=2 * ONE_PERCENT)

    async def test_every_value_is_finite_and_no_meter_has_more_than_three_phases(self, bench: MeterBench) -> None:
        await bench.draw(power_w=6900, seconds=10)

        reading = await bench.meter.read()

        for values in (reading.current_a, reading.voltage_v, reading.phase_power_w):
            assert len(values) <= 3
        assert all(math.isfinite(value) for value in _numbers(reading))

    async def test_reading_from_two_tasks_at_once_gives_both_a_reading(self, bench: MeterBench) -> None:
        one, two = await asyncio.gather(bench.meter.read(), bench.meter.read())

        assert one.energy_import_wh == two.energy_import_wh

    async def test_a_meter_out_of_reach_raises_and_never_repeats_an_old_value(self, bench: MeterBench) -> None:
        await bench.meter.read()

        await bench.cut()

        for _ in range(2):
            with pytest.raises(HalError):
                await bench.meter.read()


def _numbers(reading: MeterReading) -> list[float]:
    single = (reading.power_w, reading.frequency_hz, reading.power_factor, reading.energy_import_wh)
    phases = (*reading.current_a, *reading.voltage_v, *reading.phase_power_w)
    return [float(value) for value in (*single, *phases) if value is not None]
