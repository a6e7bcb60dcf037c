"""Lines of something that is moved on command."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from hal.errors import DeviceGone, WrongSettings
from hal.gpio.moved_lines import MovedLines
from hal.gpio.wiring import InputKeys, OutputKeys
from tests.hal.gpio.rig import Board, driven

LEFT, RIGHT, SEEN = 5, 6, 13


@pytest.fixture
def lines(board: Board) -> Iterator[MovedLines]:
    board.wire(SEEN).drive(False)
    made = MovedLines(
        device="EVSE 1 part",
        outputs={name: OutputKeys(pin=pin).wiring(chip=board.chip) for name, pin in (("left", LEFT), ("right", RIGHT))},
        inputs={"seen": InputKeys(**driven(SEEN)).wiring(chip=board.chip)},
    )
    yield made
    made.release()


async def test_resting_lets_every_output_go(lines: MovedLines, board: Board) -> None:
    lines.take(initial=False)
    lines.on("left")
    lines.on("right")
    lines.off("right")
    levels = [board.wire(pin).level for pin in (LEFT, RIGHT)]

    lines.rest()

    assert levels == [True, False]
    assert not board.wire(LEFT).level


async def test_waiting_ends_as_soon_as_it_stands_so(lines: MovedLines, board: Board) -> None:
    lines.take(initial=False)
    waiting = asyncio.create_task(lines.until(lambda: lines.agree({"seen": True}), limit_s=2.0))
    await asyncio.sleep(0.02)

    board.wire(SEEN).drive(True)

    assert await waiting
    assert lines.seen() == "seen is active"


async def test_waiting_has_a_limit(lines: MovedLines) -> None:
    lines.take(initial=False)

    assert not await lines.until(lambda: lines.agree({"seen": True}), limit_s=0.02)


async def test_waiting_ends_with_the_loss_of_an_input(lines: MovedLines, board: Board) -> None:
    lines.take(initial=False)
    waiting = asyncio.create_task(lines.until(lambda: lines.agree({"seen": True}), limit_s=3.0))
    await asyncio.sleep(0)

    board.cut()

    with pytest.raises(DeviceGone):
        await waiting


async def test_waiting_ends_when_the_lines_are_given_back(lines: MovedLines) -> None:
    lines.take(initial=False)
    waiting = asyncio.create_task(lines.until(lambda: False, limit_s=0.05))
    await asyncio.sleep(0)

    lines.release()

    with pytest.raises(DeviceGone, match="is stopped"):
        await waiting
    with pytest.raises(DeviceGone, match="is stopped"):
        lines.on("left")


@pytest.mark.parametrize("board", ["gpiod"], indirect=True)
async def test_lost_lines_are_taken_anew(lines: MovedLines, board: Any) -> None:
    lines.take(initial=False)
    board.cut()
    with pytest.raises(DeviceGone):
        await lines.until(lambda: False, limit_s=3.0)
    board.device.plug_in()

    lines.take(initial=False)
    lines.on("left")

    assert board.wire(LEFT).level


async def test_where_one_line_cannot_be_had_none_is_taken(lines: MovedLines, board: Board) -> None:
    holder = MovedLines(device="holder", outputs={"right": OutputKeys(pin=RIGHT).wiring(chip=board.chip)}, inputs={})
    holder.take(initial=False)

    with pytest.raises(WrongSettings):
        lines.take(initial=False)

    assert not lines.are_taken
    assert lines.has_inputs
    assert holder.seen() == "there is no feedback"
    holder.release()
    lines.take(initial=False)
    assert lines.are_taken
