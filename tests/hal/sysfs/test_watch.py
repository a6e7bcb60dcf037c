"""Looking at a sensor regularly."""

import asyncio

import pytest

from hal.errors import BadReading, DeviceGone, HalError
from hal.readings import FaultReading, LimitReading
from hal.sim.clock import ManualClock
from hal.sysfs.derating import Curve
from hal.sysfs.verdict import Judge, Measurement, Place, Rules
from hal.sysfs.watch import SensorWatch
from tests.contracts.waiting import eventually, following, following_item


class Sensor:
    """Reads what it is told, or raises it."""

    def __init__(self) -> None:
        self.says: list[Measurement | Exception] = [Measurement(20.0)]
        self.reads = 0
        self.clock = ManualClock()
        curve = Curve.of([[60, 32], [80, 6]], key="derating")
        rules = Rules(curve=curve, hysteresis_c=3, place=Place.INSIDE, limit_without_a=6.0)
        self.watch = SensorWatch(
            self.read, judge=Judge(rules), clock=self.clock, name="EVSE 1 limits", poll_s=2.0, timeout_s=1.0
        )

    def read(self) -> Measurement:
        self.reads += 1
        said = self.says[0] if len(self.says) == 1 else self.says.pop(0)
        if isinstance(said, Exception):
            raise said
        return said

    async def look(self, *says: Measurement | Exception) -> None:
        """Let it look once."""
        self.says, before = list(says), self.reads
        await self.clock.advance(2.0)
        await eventually(lambda: self.reads >= before + len(says))
        await asyncio.sleep(0.02)


async def test_the_present_limit_comes_first_then_each_change() -> None:
    sensor = Sensor()
    await sensor.watch.start()

    async with following(sensor.watch.limits()) as limits:
        assert await following_item(limits) == LimitReading(None)
        await sensor.look(Measurement(70.0))
        await sensor.look(Measurement(70.0))
        await sensor.look(Measurement(90.0))

        assert await following_item(limits) == LimitReading(19.0, "inside at 70.0 °C")
        assert await following_item(limits) == LimitReading(0.0, "inside at 90.0 °C")
    await sensor.watch.stop()


async def test_between_derating_and_stop_there_is_no_moment_without_a_fault() -> None:
    sensor = Sensor()
    sensor.says = [Measurement(70.0)]
    await sensor.watch.start()

    async with following(sensor.watch.faults()) as faults:
        first = await following_item(faults)
        await sensor.look(Measurement(90.0))
        told = [first, await following_item(faults), await following_item(faults)]
    await sensor.watch.stop()

    assert [(one.fault, one.active) for one in told] == [
        ("HighTemperatureDerate", True),
        ("HighTemperature", True),
        ("HighTemperatureDerate", False),
    ]


async def test_one_bad_read_is_tried_again_and_no_failure() -> None:
    sensor = Sensor()
    await sensor.watch.start()

    async with following(sensor.watch.limits()) as limits:
        await following_item(limits)
        await sensor.look(BadReading("wrong CRC"), Measurement(70.0))

        assert (await following_item(limits)).max_current_a == 19.0
    await sensor.watch.stop()


async def test_a_sensor_that_fails_is_a_fault_with_a_limit_until_it_is_back() -> None:
    sensor = Sensor()
    await sensor.watch.start()

    async with following(sensor.watch.limits()) as limits, following(sensor.watch.faults()) as faults:
        await following_item(limits)
        heard = asyncio.ensure_future(following_item(faults))
        await sensor.look(DeviceGone("not there"))
        assert await heard == FaultReading("SensorFailure", active=True, detail="not there")
        assert await following_item(limits) == LimitReading(6.0, "not there")

        await sensor.look(Measurement(20.0))

        assert await following_item(faults) == FaultReading("SensorFailure", active=False)
        assert await following_item(limits) == LimitReading(None)
    await sensor.watch.stop()


async def test_a_sensor_that_is_not_there_at_the_start_is_told_and_hinders_nothing() -> None:
    sensor = Sensor()
    sensor.says = [DeviceGone("not there")]

    await sensor.watch.start()

    async with following(sensor.watch.faults()) as faults, following(sensor.watch.limits()) as limits:
        assert (await following_item(faults)).fault == "SensorFailure"
        assert (await following_item(limits)).max_current_a == 6.0
    await sensor.watch.stop()


async def test_stopped_it_tells_everybody_and_reads_no_more() -> None:
    sensor = Sensor()
    await sensor.watch.start()
    async with following(sensor.watch.limits()) as limits:
        await following_item(limits)
        await sensor.watch.stop()
        reads = sensor.reads

        with pytest.raises(DeviceGone, match="EVSE 1 limits"):
            await following_item(limits)
    await sensor.clock.advance(10)

    assert sensor.reads == reads


async def test_it_can_be_started_again_and_a_second_start_changes_nothing() -> None:
    sensor = Sensor()
    await sensor.watch.start()
    await sensor.watch.stop()
    await sensor.watch.start()
    reads = sensor.reads

    await sensor.watch.start()

    assert sensor.reads == reads
    await sensor.watch.stop()


async def test_a_mistake_in_the_driver_ends_it_with_an_error() -> None:
    sensor = Sensor()
    await sensor.watch.start()

    async with following(sensor.watch.limits()) as limits:
        await following_item(limits)
        await sensor.look(ZeroDivisionError("mistake"))

        with pytest.raises(HalError, match="mistake"):
            await following_item(limits)
    await sensor.watch.stop()
