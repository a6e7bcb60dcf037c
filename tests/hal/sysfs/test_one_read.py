"""Reads that may block."""

import asyncio
import threading

import pytest

from hal.errors import BadReading, DeviceSilent
from hal.sysfs.one_read import OneRead
from tests.contracts.waiting import eventually


class Sensor:
    """Hangs until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.reads = 0
        self.value = 1

    def read(self) -> int:
        self.reads += 1
        value = self.value
        self.go.wait(5)
        return value


async def test_what_is_read_is_returned_while_the_loop_goes_on() -> None:
    sensor = Sensor()
    reading = asyncio.ensure_future(OneRead(sensor.read, name="sensor", timeout_s=2).now())
    await eventually(lambda: sensor.reads == 1)

    sensor.go.set()

    assert await reading == 1


async def test_what_the_read_raises_is_raised() -> None:
    def read() -> int:
        raise BadReading("nonsense")

    with pytest.raises(BadReading, match="nonsense"):
        await OneRead(read, name="sensor", timeout_s=2).now()


async def test_a_read_that_hangs_is_silent_and_no_other_is_begun_beside_it() -> None:
    sensor = Sensor()
    one = OneRead(sensor.read, name="sensor", timeout_s=0.05)

    with pytest.raises(DeviceSilent, match="within"):
        await one.now()
    with pytest.raises(DeviceSilent, match="not come back"):
        await one.now()

    assert sensor.reads == 1
    sensor.go.set()


async def test_a_late_value_is_never_taken_for_the_next_one() -> None:
    sensor = Sensor()
    one = OneRead(sensor.read, name="sensor", timeout_s=0.05)
    with pytest.raises(DeviceSilent):
        await one.now()
    sensor.value = 2
    sensor.go.set()
    await eventually(lambda: not one._is_reading)

    assert await one.now() == 2


async def test_whoever_stops_waiting_leaves_nothing_behind() -> None:
    sensor = Sensor()
    one = OneRead(sensor.read, name="sensor", timeout_s=2)
    reading = asyncio.ensure_future(one.now())
    await eventually(lambda: sensor.reads == 1)

    reading.cancel()
    await asyncio.wait([reading])
    sensor.go.set()

    await eventually(lambda: not one._is_reading)
    assert reading.cancelled()
