"""What every CurrentLimit must do, whatever it is made of: subclass LimitContract and give it a bench."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.parts import CurrentLimit, Driver
from hal.readings import LimitReading
from tests.contracts.waiting import following, following_item


class LimitBench(Protocol):
    """A started source of limits that limits nothing, and the means to change that."""

    limits: CurrentLimit
    driver: Driver

    def curtail(self) -> float:
        """Let a limit begin; returns its amperes per phase."""
        ...

    def release(self) -> None:
        """Let it end."""
        ...

    def cut(self) -> None:
        """Take the device out of reach for good."""
        ...


class LimitContract:
    """Needs a fixture `bench` that gives a LimitBench."""

    @pytest.fixture
    def bench(self) -> LimitBench:
        raise NotImplementedError

    @pytest.fixture
    async def readings(self, bench: LimitBench) -> AsyncIterator[AsyncIterator[LimitReading]]:
        async with following(bench.limits.limits()) as iterator:
            yield iterator

    async def test_that_nothing_is_limited_is_told_first(self, readings: AsyncIterator[LimitReading]) -> None:
        assert (await following_item(readings)).max_current_a is None

    async def test_a_limit_is_told_once(self, bench: LimitBench, readings: AsyncIterator[LimitReading]) -> None:
        await following_item(readings)

        amperes = bench.curtail()

        assert (await following_item(readings)).max_current_a == amperes
        with pytest.raises(TimeoutError):
            await following_item(readings, limit_s=0.2)

    async def test_its_end_is_told(self, bench: LimitBench, readings: AsyncIterator[LimitReading]) -> None:
        await following_item(readings)
        bench.curtail()
        await following_item(readings)

        bench.release()

        assert (await following_item(readings)).max_current_a is None

    async def test_whoever_asks_later_gets_the_present_limit_first(
        self, bench: LimitBench, readings: AsyncIterator[LimitReading]
    ) -> None:
        await following_item(readings)
        amperes = bench.curtail()
        await following_item(readings)

        async with following(bench.limits.limits()) as later:
            assert (await following_item(later)).max_current_a == amperes

    async def test_a_device_out_of_reach_is_an_error_and_no_old_limit(
        self, bench: LimitBench, readings: AsyncIterator[LimitReading]
    ) -> None:
        await following_item(readings)
        following_one = asyncio.ensure_future(following_item(readings))
        await asyncio.sleep(0)

        bench.cut()

        with pytest.raises(HalError):
            await following_one

    async def test_stopping_the_driver_ends_the_limits(
        self, bench: LimitBench, readings: AsyncIterator[LimitReading]
    ) -> None:
        await following_item(readings)

        await bench.driver.stop()

        with pytest.raises(HalError):
            await following_item(readings)
