"""What every Contactor must do, whatever it is made of: subclass ContactorContract and give it a bench."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import pytest

from hal.parts import Contactor, Driver

LIMIT_S = 2.0


class ContactorBench(Protocol):
    """A started contactor whose mirror contact follows the coil, as a sound one does."""

    contactor: Contactor
    driver: Driver

    def is_energised(self) -> bool:
        """Whether the coil carries current, seen from outside of the driver."""
        ...


@asynccontextmanager
async def watching(contactor: Contactor) -> AsyncIterator[AsyncIterator[bool]]:
    """One iteration of its positions, ended with the block."""
    positions = contactor.positions()
    try:
        yield positions
    finally:
        if isinstance(positions, AsyncGenerator):
            await positions.aclose()


async def next_position(positions: AsyncIterator[bool]) -> bool:
    """The next item, or the test fails in time."""
    async with asyncio.timeout(LIMIT_S):
        return await anext(positions)


class ContactorContract:
    """Needs a fixture `bench` that gives a ContactorBench."""

    @pytest.fixture
    def bench(self) -> ContactorBench:
        raise NotImplementedError

    @pytest.fixture
    async def positions(self, bench: ContactorBench) -> AsyncIterator[AsyncIterator[bool]]:
        async with watching(bench.contactor) as iterator:
            yield iterator

    async def test_it_is_open_after_start(self, bench: ContactorBench, positions: AsyncIterator[bool]) -> None:
        assert await next_position(positions) is False
        assert not bench.is_energised()

    async def test_closing_is_confirmed_by_the_mirror_contact(
        self, bench: ContactorBench, positions: AsyncIterator[bool]
    ) -> None:
        await next_position(positions)

        bench.contactor.close()

        assert await next_position(positions) is True
        assert bench.is_energised()

    async def test_opening_is_confirmed_by_the_mirror_contact(
        self, bench: ContactorBench, positions: AsyncIterator[bool]
    ) -> None:
        await next_position(positions)
        bench.contactor.close()
        await next_position(positions)

        bench.contactor.open()

        assert not bench.is_energised()
        assert await next_position(positions) is False

    async def test_whoever_asks_later_gets_the_present_position_first(
        self, bench: ContactorBench, positions: AsyncIterator[bool]
    ) -> None:
        await next_position(positions)
        bench.contactor.close()
        await next_position(positions)

        async with watching(bench.contactor) as later:
            assert await next_position(later) is True

    async def test_opening_twice_is_harmless(self, bench: ContactorBench) -> None:
        bench.contactor.open()
        bench.contactor.open()

        assert not bench.is_energised()

    async def test_another_thread_may_open_it_while_the_event_loop_is_busy(
        self, bench: ContactorBench, positions: AsyncIterator[bool]
    ) -> None:
        await next_position(positions)
        bench.contactor.close()
        await next_position(positions)

        await asyncio.to_thread(bench.contactor.open)

        assert not bench.is_energised()
        assert await next_position(positions) is False

    async def test_stopping_the_driver_leaves_it_open(
        self, bench: ContactorBench, positions: AsyncIterator[bool]
    ) -> None:
        await next_position(positions)
        bench.contactor.close()
        await next_position(positions)

        await bench.driver.stop()

        assert not bench.is_energised()
