"""A curtailment input on every kind of GPIO line."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from hal.errors import WrongSettings
from hal.gpio.limit import GpioLimit, GpioLimitSettings, LimitStepKeys
from hal.readings import LimitReading
from hil.devices.gpio_bench import Contact
from tests.contracts.limits import LimitContract
from tests.contracts.waiting import following, following_item
from tests.hal.gpio.rig import CONTEXT, Board, driven

DIMMED, OFF = 5, 6


def limit_on(board: Board, *steps: dict[str, Any]) -> GpioLimit:
    return GpioLimit(GpioLimitSettings(chip=board.chip, steps=tuple(LimitStepKeys(**keys) for keys in steps)), CONTEXT)


def two_steps(board: Board) -> GpioLimit:
    for pin in (DIMMED, OFF):
        board.wire(pin).drive(False)
    return limit_on(
        board,
        driven(DIMMED, max_current_a=6.0, detail="paragraph 14a EnWG"),
        driven(OFF, max_current_a=0.0, detail="ripple control"),
    )


@dataclass
class Bench:
    limits: GpioLimit
    driver: GpioLimit
    board: Board

    def curtail(self) -> float:
        self.board.wire(DIMMED).drive(True)
        return 6.0

    def release(self) -> None:
        self.board.wire(DIMMED).drive(False)

    def cut(self) -> None:
        self.board.cut()


class TestGpioLimit(LimitContract):
    @pytest.fixture
    async def bench(self, board: Board) -> AsyncIterator[Bench]:
        limit = two_steps(board)
        await limit.start()
        yield Bench(limits=limit, driver=limit, board=board)
        await limit.stop()


async def test_the_lowest_of_the_active_steps_counts(board: Board) -> None:
    limit = two_steps(board)
    await limit.start()
    async with following(limit.limits()) as readings:
        await following_item(readings)
        board.wire(DIMMED).drive(True)
        first = await following_item(readings)

        board.wire(OFF).drive(True)
        second = await following_item(readings)
        board.wire(OFF).drive(False)
        third = await following_item(readings)

    assert [first, second, third] == [
        LimitReading(6.0, "paragraph 14a EnWG"),
        LimitReading(0.0, "ripple control"),
        LimitReading(6.0, "paragraph 14a EnWG"),
    ]
    await limit.stop()


async def test_a_limit_that_is_there_at_the_start_is_told_first(board: Board) -> None:
    limit = two_steps(board)
    board.wire(OFF).drive(True)
    await limit.start()

    async with following(limit.limits()) as readings:
        assert await following_item(readings) == LimitReading(0.0, "ripple control")
    await limit.stop()


@pytest.mark.parametrize("board", ["gpiozero", "gpiod"], indirect=True)
async def test_a_cut_wire_of_a_normally_closed_relay_limits(board: Board) -> None:
    contact = Contact(board.wire(DIMMED), normally_closed=True)
    limit = limit_on(board, {"pin": DIMMED, "normally_closed": True, "max_current_a": 8.0, "debounce_s": 0.002})
    await limit.start()
    async with following(limit.limits()) as readings:
        assert await following_item(readings) == LimitReading(None)

        contact.cut()

        assert await following_item(readings) == LimitReading(8.0)
    await limit.stop()


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ([{"pin": 5, "max_current_a": -1.0}], ("steps", 0, "max_current_a")),
        ([{"pin": 5, "max_current_a": float("nan")}], ("steps", 0, "max_current_a")),
        ([{"pin": 5, "max_current_a": 6.0}, {"pin": 5, "max_current_a": 0.0}], ("steps", 1)),
    ],
)
def test_impossible_settings_name_their_key(steps: list[dict[str, Any]], path: tuple[str | int, ...]) -> None:
    with pytest.raises(WrongSettings) as refused:
        GpioLimitSettings(steps=tuple(LimitStepKeys(**keys) for keys in steps))

    assert refused.value.path == path
