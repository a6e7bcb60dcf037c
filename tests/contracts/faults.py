"""What every FaultInput must do, whatever it is made of: subclass FaultContract and give it a bench."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.parts import Driver, FaultInput
from hal.readings import FAULT_NAMES, FaultReading
from tests.contracts.waiting import following, following_item


class FaultBench(Protocol):
    """A started fault input of a sound device, and the means to break and mend it."""

    faults: FaultInput
    driver: Driver

    def break_it(self) -> str:
        """Let one fault begin; returns its name."""
        ...

    def mend_it(self) -> None:
        """Let it end."""
        ...

    def cut(self) -> None:
        """Take the device out of reach for good."""
        ...


class FaultContract:
    """Needs a fixture `bench` that gives a FaultBench."""

    @pytest.fixture
    def bench(self) -> FaultBench:
        raise NotImplementedError

    @pytest.fixture
    async def readings(self, bench: FaultBench) -> AsyncIterator[AsyncIterator[FaultReading]]:
        async with following(bench.faults.faults()) as iterator:
            yield iterator

    async def test_a_sound_device_reports_nothing(self, readings: AsyncIterator[FaultReading]) -> None:
        with pytest.raises(TimeoutError):
            await following_item(readings, limit_s=0.2)

    async def test_a_fault_is_reported_once_by_a_known_name(
        self, bench: FaultBench, readings: AsyncIterator[FaultReading]
    ) -> None:
        first = asyncio.ensure_future(following_item(readings))
        await asyncio.sleep(0)

        name = bench.break_it()

        reading = await first
        assert (reading.fault, reading.active) == (name, True)
        assert name in FAULT_NAMES
        with pytest.raises(TimeoutError):
            await following_item(readings, limit_s=0.2)

    async def test_its_end_is_reported(self, bench: FaultBench, readings: AsyncIterator[FaultReading]) -> None:
        first = asyncio.ensure_future(following_item(readings))
        await asyncio.sleep(0)
        name = bench.break_it()
        await first

        bench.mend_it()

        reading = await following_item(readings)
        assert (reading.fault, reading.active) == (name, False)

    async def test_whoever_asks_later_gets_what_is_active_first(
        self, bench: FaultBench, readings: AsyncIterator[FaultReading]
    ) -> None:
        first = asyncio.ensure_future(following_item(readings))
        await asyncio.sleep(0)
        name = bench.break_it()
        await first

        async with following(bench.faults.faults()) as later:
            reading = await following_item(later)

        assert (reading.fault, reading.active) == (name, True)

    async def test_a_device_out_of_reach_is_an_error_and_no_silence(
        self, bench: FaultBench, readings: AsyncIterator[FaultReading]
    ) -> None:
        first = asyncio.ensure_future(following_item(readings))
        await asyncio.sleep(0)

        bench.cut()

        with pytest.raises(HalError):
            await first
