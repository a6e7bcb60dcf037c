"""What every TokenReader must do, whatever it is made of: subclass ReaderContract and give it a bench."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import pytest

from hal.board import ReaderDriver
from hal.errors import HalError
from hal.readings import TokenReading
from tests.contracts.waiting import LIMIT_S

QUIET_S = 0.4
"""In which a reader of the bench has looked several times."""


class Ear:
    """Somebody who listens to a reader all the time, and is asked later what was heard."""

    def __init__(self) -> None:
        self._heard: asyncio.Queue[TokenReading | HalError] = asyncio.Queue()

    async def listen(self, driver: ReaderDriver) -> None:
        try:
            async for token in driver.tokens():
                self._heard.put_nowait(token)
        except HalError as error:
            self._heard.put_nowait(error)

    async def next(self, *, limit_s: float = LIMIT_S) -> TokenReading:
        """The next token; raises what the reader raised, or the test fails in time."""
        async with asyncio.timeout(limit_s):
            heard = await self._heard.get()
        if isinstance(heard, HalError):
            raise heard
        return heard

    async def hears_nothing(self, *, seconds: float = QUIET_S) -> None:
        with pytest.raises(TimeoutError):
            await self.next(limit_s=seconds)


@asynccontextmanager
async def listening(driver: ReaderDriver) -> AsyncIterator[Ear]:
    """An ear from now on."""
    ear = Ear()
    task = asyncio.create_task(ear.listen(driver), name="ear")
    await asyncio.sleep(0)
    try:
        yield ear
    finally:
        task.cancel()
        await asyncio.wait([task])


class ReaderBench(Protocol):
    """A started reader with two cards to hold, and the means to break it."""

    driver: ReaderDriver
    cards: tuple[TokenReading, TokenReading]
    """What the reader is to say of each."""

    def hold(self, number: int) -> None:
        """Hold card 0 or 1 to it, and leave it there."""
        ...

    async def take_away(self) -> None:
        """Take the card away; return once the reader must have noticed."""
        ...

    async def garble(self) -> None:
        """Hold card 0, but break everything the reader says of it; return once it was said and the card is gone."""
        ...

    def cut(self) -> None:
        """Take the reader out of reach."""
        ...

    def mend(self) -> None:
        """Put it back, at the same place."""
        ...


class ReaderContract:
    """Needs a fixture `bench` that gives a ReaderBench."""

    @pytest.fixture
    def bench(self) -> ReaderBench:
        raise NotImplementedError

    @pytest.fixture
    async def ear(self, bench: ReaderBench) -> AsyncIterator[Ear]:
        async with listening(bench.driver) as ear:
            yield ear

    async def test_a_card_that_is_held_is_one_presentation(self, bench: ReaderBench, ear: Ear) -> None:
        bench.hold(0)

        assert await ear.next() == bench.cards[0]
        await ear.hears_nothing()

    async def test_the_next_card_is_the_next_token(self, bench: ReaderBench, ear: Ear) -> None:
        bench.hold(0)
        first = await ear.next()
        await bench.take_away()

        bench.hold(1)

        assert (first, await ear.next()) == bench.cards

    async def test_the_same_card_counts_again_after_it_was_away(self, bench: ReaderBench, ear: Ear) -> None:
        bench.hold(0)
        await ear.next()
        await bench.take_away()

        bench.hold(0)

        assert await ear.next() == bench.cards[0]

    async def test_garbage_is_never_a_token(self, bench: ReaderBench, ear: Ear) -> None:
        await bench.garble()

        bench.hold(1)

        assert await ear.next() == bench.cards[1]

    async def test_a_reader_out_of_reach_is_an_error_and_no_silence(self, bench: ReaderBench, ear: Ear) -> None:
        bench.cut()

        with pytest.raises(HalError):
            await ear.next()

    async def test_it_works_again_after_it_was_gone(self, bench: ReaderBench, ear: Ear) -> None:
        bench.cut()
        with pytest.raises(HalError):
            await ear.next()
        await bench.driver.stop()
        bench.mend()

        await bench.driver.start()
        async with listening(bench.driver) as again:
            bench.hold(0)

            assert await again.next() == bench.cards[0]

    async def test_a_card_held_while_the_reader_is_opened_anew_is_no_new_presentation(
        self, bench: ReaderBench, ear: Ear
    ) -> None:
        bench.hold(0)
        await ear.next()

        await bench.driver.stop()
        await bench.driver.start()

        async with listening(bench.driver) as again:
            await again.hears_nothing()

    async def test_a_card_taken_away_while_the_reader_was_closed_counts_again(
        self, bench: ReaderBench, ear: Ear
    ) -> None:
        bench.hold(0)
        await ear.next()
        await bench.driver.stop()
        await bench.take_away()

        await bench.driver.start()
        async with listening(bench.driver) as again:
            await again.hears_nothing()
            bench.hold(0)

            assert await again.next() == bench.cards[0]

    async def test_all_who_listen_hear_it(self, bench: ReaderBench, ear: Ear) -> None:
        async with listening(bench.driver) as other:
            bench.hold(0)

            assert await ear.next() == await other.next() == bench.cards[0]

    async def test_whoever_stops_listening_leaves_nothing_open(self, bench: ReaderBench) -> None:
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - only their count matters
        async with listening(bench.driver) as ear:
            bench.hold(0)
            await ear.next()

        await bench.driver.stop()
        await bench.driver.stop()

        assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208 - likewise
