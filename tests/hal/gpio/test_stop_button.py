"""A stop button on every kind of GPIO line."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from hal.errors import WrongSettings
from hal.gpio.stop_button import GpioStopButton, GpioStopButtonSettings
from hil.devices.gpio_bench import Contact
from tests.contracts.stop_button import StopButtonContract
from tests.contracts.waiting import following, following_item
from tests.hal.gpio.rig import CONTEXT, Board, driven

PIN = 19
MIN_PRESS_S = 0.02


def button_on(board: Board, keys: dict[str, Any]) -> GpioStopButton:
    return GpioStopButton(GpioStopButtonSettings(chip=board.chip, **keys), CONTEXT)


@dataclass
class Bench:
    button: GpioStopButton
    driver: GpioStopButton
    board: Board

    async def press(self) -> None:
        self.board.wire(PIN).drive(True)
        await asyncio.sleep(6 * MIN_PRESS_S)
        self.board.wire(PIN).drive(False)
        await asyncio.sleep(MIN_PRESS_S)

    def cut(self) -> None:
        self.board.cut()


class TestGpioStopButton(StopButtonContract):
    @pytest.fixture
    async def bench(self, board: Board) -> AsyncIterator[Bench]:
        board.wire(PIN).drive(False)
        button = button_on(board, driven(PIN, min_press_s=MIN_PRESS_S))
        await button.start()
        yield Bench(button=button, driver=button, board=board)
        await button.stop()


async def test_a_touch_is_no_press(board: Board) -> None:
    board.wire(PIN).drive(False)
    button = button_on(board, driven(PIN, min_press_s=0.2))
    await button.start()
    async with following(button.presses()) as presses:
        first = asyncio.ensure_future(following_item(presses, limit_s=0.4))
        await asyncio.sleep(0)

        board.wire(PIN).drive(True)
        await asyncio.sleep(0.02)
        board.wire(PIN).drive(False)

        with pytest.raises(TimeoutError):
            await first
    await button.stop()


async def test_what_is_held_at_the_start_is_no_press(board: Board) -> None:
    board.wire(PIN).drive(True)
    button = button_on(board, driven(PIN, min_press_s=0.0))
    await button.start()
    async with following(button.presses()) as presses:
        first = asyncio.ensure_future(following_item(presses))
        await asyncio.sleep(0.05)
        assert not first.done()
        board.wire(PIN).drive(False)
        await asyncio.sleep(0.02)

        board.wire(PIN).drive(True)

        await first
    await button.stop()


@pytest.mark.parametrize("board", ["gpiozero", "gpiod"], indirect=True)
async def test_a_bouncing_button_is_pressed_once(board: Board) -> None:
    contact = Contact(board.wire(PIN))
    button = button_on(board, {"pin": PIN, "min_press_s": 0.0, "debounce_s": 0.01})
    await button.start()
    async with following(button.presses()) as presses:
        first = asyncio.ensure_future(following_item(presses))
        await asyncio.sleep(0)

        contact.bounce()

        await first
        with pytest.raises(TimeoutError):
            await following_item(presses, limit_s=0.1)
    await button.stop()


@pytest.mark.parametrize("board", ["gpiozero", "gpiod"], indirect=True)
async def test_a_cut_wire_of_a_normally_closed_button_stops(board: Board) -> None:
    contact = Contact(board.wire(PIN), normally_closed=True)
    button = button_on(board, {"pin": PIN, "normally_closed": True})
    await button.start()
    async with following(button.presses()) as presses:
        first = asyncio.ensure_future(following_item(presses))
        await asyncio.sleep(0)

        contact.cut()

        await first
    await button.stop()


@pytest.mark.parametrize(
    ("keys", "key"), [({"min_press_s": -1.0}, "min_press_s"), ({"pull": "out"}, "pull"), ({"pin": -1}, "pin")]
)
def test_impossible_settings_name_their_key(keys: dict[str, Any], key: str) -> None:
    with pytest.raises(WrongSettings) as refused:
        GpioStopButtonSettings(**{"pin": PIN, **keys})

    assert refused.value.path == (key,)
