"""What every StopButton must do, whatever it is made of: subclass StopButtonContract and give it a bench."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from hal.errors import HalError
from hal.parts import Driver, StopButton
from tests.contracts.waiting import following, following_item


class StopButtonBench(Protocol):
    """A started button that nobody presses, and a finger."""

    button: StopButton
    driver: Driver

    async def press(self) -> None:
        """Press it, as long as it takes to count, and let it go."""
        ...

    def cut(self) -> None:
        """Take the device out of reach for good."""
        ...


async def _is_followed() -> None:
    await asyncio.sleep(0)


class StopButtonContract:
    """Needs a fixture `bench` that gives a StopButtonBench."""

    @pytest.fixture
    def bench(self) -> StopButtonBench:
        raise NotImplementedError

    @pytest.fixture
    async def presses(self, bench: StopButtonBench) -> AsyncIterator[AsyncIterator[None]]:
        async with following(bench.button.presses()) as iterator:
            yield iterator

    async def test_a_button_that_nobody_presses_says_nothing(self, presses: AsyncIterator[None]) -> None:
        with pytest.raises(TimeoutError):
            await following_item(presses, limit_s=0.2)

    async def test_a_press_is_told_once(self, bench: StopButtonBench, presses: AsyncIterator[None]) -> None:
        first = asyncio.ensure_future(following_item(presses))
        await _is_followed()

        await bench.press()

        await first
        with pytest.raises(TimeoutError):
            await following_item(presses, limit_s=0.2)

    async def test_every_press_is_told(self, bench: StopButtonBench, presses: AsyncIterator[None]) -> None:
        first = asyncio.ensure_future(following_item(presses))
        await _is_followed()
        await bench.press()
        await first

        await bench.press()

        await following_item(presses)

    async def test_a_press_from_before_is_not_told(self, bench: StopButtonBench) -> None:
        await bench.press()

        async with following(bench.button.presses()) as later:
            with pytest.raises(TimeoutError):
                await following_item(later, limit_s=0.2)

    async def test_a_button_out_of_reach_is_an_error_and_no_silence(
        self, bench: StopButtonBench, presses: AsyncIterator[None]
    ) -> None:
        first = asyncio.ensure_future(following_item(presses))
        await _is_followed()

        bench.cut()

        with pytest.raises(HalError):
            await first

    async def test_stopping_the_driver_ends_the_presses(
        self, bench: StopButtonBench, presses: AsyncIterator[None]
    ) -> None:
        first = asyncio.ensure_future(following_item(presses))
        await _is_followed()

        await bench.driver.stop()

        with pytest.raises(HalError):
            await first
