"""Lines behave alike on every back end."""

import asyncio
import sys
from collections.abc import Iterator

import pytest

import hal.gpio
from hal.errors import DeviceGone, HalError, WrongSettings
from hal.gpio.lines import InputLine, Lines, WatchedLevel
from hal.gpio.wiring import InputWiring, LineAddress, OutputWiring
from tests.contracts.waiting import eventually, soon
from tests.hal.gpio.rig import Board

OUT, IN = 5, 6
SETTLE_S = 0.02


class Seen:
    """What an input told."""

    def __init__(self) -> None:
        self.changes: list[bool] = []
        self.losses: list[HalError] = []

    def take(self, lines: Lines, board: Board, **wiring: object) -> InputLine:
        keys = {"active_high": True, "pull": "none", "debounce_s": SETTLE_S, **wiring}
        found = InputWiring(LineAddress(board.chip, IN), path=("pin",), **keys)  # type: ignore[arg-type]  # as given
        return lines.input(found, changed=self.changes.append, lost=self.losses.append)


def lines_of(board: Board) -> Lines:
    return Lines(device="EVSE 1 part", needed=[OutputWiring(LineAddress(board.chip, OUT))])


@pytest.fixture
def lines(board: Board) -> Iterator[Lines]:
    taken = lines_of(board)
    yield taken
    taken.release()


def output(lines: Lines, board: Board, *, active_high: bool = True, initial: bool | None = False) -> object:
    wiring = OutputWiring(LineAddress(board.chip, OUT), active_high=active_high, path=("pin",))
    return lines.output(wiring, initial=initial)


@pytest.mark.parametrize("active_high", [True, False])
async def test_an_output_is_driven_on_and_off(lines: Lines, board: Board, active_high: bool) -> None:
    wiring = OutputWiring(LineAddress(board.chip, OUT), active_high=active_high)
    levels = []

    line = lines.output(wiring)
    for verb in (line.off, line.on, line.off):
        verb()
        levels.append(board.wire(OUT).level)

    assert levels == [not active_high, active_high, not active_high]


@pytest.mark.parametrize("initial", [True, False])
async def test_an_output_begins_as_asked(lines: Lines, board: Board, initial: bool) -> None:
    output(lines, board, initial=initial)

    assert board.wire(OUT).level is initial


@pytest.mark.parametrize("level", [True, False])
async def test_an_output_may_begin_as_it_stands(lines: Lines, board: Board, level: bool) -> None:
    board.wire(OUT).drive(level)

    output(lines, board, initial=None)

    assert board.wire(OUT).level is level


async def test_an_output_is_set_from_any_thread_while_the_loop_stands_still(lines: Lines, board: Board) -> None:
    line = lines.output(OutputWiring(LineAddress(board.chip, OUT)))
    setting = asyncio.get_running_loop().run_in_executor(None, line.on)

    assert soon(lambda: board.wire(OUT).level)
    await setting


async def test_an_output_that_was_given_back_cannot_be_driven(lines: Lines, board: Board) -> None:
    line = lines.output(OutputWiring(LineAddress(board.chip, OUT)))
    lines.release()
    lines.release()

    with pytest.raises(DeviceGone, match="EVSE 1 part"):
        line.on()


async def test_an_output_that_is_out_of_reach_is_device_gone(lines: Lines, board: Board) -> None:
    line = lines.output(OutputWiring(LineAddress(board.chip, OUT)))
    board.cut()

    with pytest.raises(DeviceGone, match="EVSE 1 part"):
        line.off()


@pytest.mark.parametrize("active_high", [True, False])
async def test_an_input_tells_each_change_once(lines: Lines, board: Board, active_high: bool) -> None:
    board.wire(IN).drive(not active_high)
    seen = Seen()
    line = seen.take(lines, board, active_high=active_high)
    assert not line.is_active

    board.wire(IN).drive(active_high)
    await eventually(lambda: seen.changes == [True])
    board.wire(IN).drive(not active_high)
    await eventually(lambda: seen.changes == [True, False])

    await asyncio.sleep(2 * SETTLE_S)
    assert seen.changes == [True, False]


async def test_a_level_that_does_not_last_is_not_told(lines: Lines, board: Board) -> None:
    board.wire(IN).drive(False)
    seen = Seen()
    seen.take(lines, board)

    board.wire(IN).drive(True)
    await asyncio.sleep(SETTLE_S / 4)
    board.wire(IN).drive(False)

    await asyncio.sleep(3 * SETTLE_S)
    assert seen.changes == []


async def test_each_edge_starts_the_debounce_time_again(lines: Lines, board: Board) -> None:
    board.wire(IN).drive(False)
    seen = Seen()
    seen.take(lines, board, debounce_s=0.3)

    for _ in range(12):  # for longer than the debounce time, and no level lasts for it
        board.wire(IN).drive(True)
        await asyncio.sleep(0.015)
        board.wire(IN).drive(False)
        await asyncio.sleep(0.015)
    changes_meanwhile = list(seen.changes)
    board.wire(IN).drive(True)

    assert changes_meanwhile == []
    await eventually(lambda: seen.changes == [True])


async def test_an_input_that_is_given_back_tells_nothing(lines: Lines, board: Board) -> None:
    board.wire(IN).drive(False)
    seen = Seen()
    line = seen.take(lines, board)
    board.wire(IN).drive(True)

    line.release()
    line.release()

    await asyncio.sleep(2 * SETTLE_S)
    assert seen.changes == []
    assert seen.losses == []


async def test_an_input_out_of_reach_is_told_once_and_keeps_nobody_busy(lines: Lines, board: Board) -> None:
    board.wire(IN).drive(False)
    seen = Seen()
    seen.take(lines, board)

    board.cut()

    await eventually(lambda: bool(seen.losses))
    await asyncio.sleep(0.05)
    (loss,) = seen.losses
    assert isinstance(loss, DeviceGone)
    assert loss.device == "EVSE 1 part"


@pytest.mark.parametrize("board", ["gpiozero", "gpiod"], indirect=True)
@pytest.mark.parametrize(("pull", "high"), [("up", True), ("down", False)])
async def test_a_pull_resistor_decides_where_nothing_else_does(
    lines: Lines, board: Board, pull: str, high: bool
) -> None:
    line = Seen().take(lines, board, pull=pull)

    assert line.is_active is high


async def test_a_line_that_is_taken_already_is_wrong_settings(lines: Lines, board: Board) -> None:
    output(lines, board)

    with pytest.raises(WrongSettings, match="EVSE 1 part") as refused:
        output(lines_of(board), board)

    assert refused.value.path == ("pin",)


async def test_a_line_that_the_board_does_not_have_is_wrong_settings(lines: Lines, board: Board) -> None:
    with pytest.raises(WrongSettings, match="999") as refused:
        lines.output(OutputWiring(LineAddress(board.chip, 999), path=("pin",)))

    assert refused.value.path == ("pin",)


@pytest.mark.parametrize(("chip", "library"), [(None, "gpiozero"), ("gpiochip0", "gpiod")])
def test_a_library_that_is_not_installed_is_told_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, chip: str | None, library: str
) -> None:
    for module in ("hal.gpio.bcm_lines", "hal.gpio.chip_lines"):
        monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.delattr(hal.gpio, module.rpartition(".")[2], raising=False)
    monkeypatch.setitem(sys.modules, library, None)

    with pytest.raises(WrongSettings, match=r"evse-agent\[gpio\]"):
        Lines(device="EVSE 1 part", needed=[OutputWiring(LineAddress(chip, OUT))])


async def test_an_edge_that_nobody_told_of_is_found_by_looking() -> None:
    levels = [False]
    seen = Seen()
    watched = WatchedLevel(
        lambda: levels[0], settle_s=0.001, changed=seen.changes.append, lost=seen.losses.append, recheck_s=0.01
    )

    levels[0] = True

    await eventually(lambda: seen.changes == [True])
    watched.end()


async def test_a_level_that_ended_takes_nothing_more() -> None:
    seen = Seen()
    watched = WatchedLevel(lambda: False, settle_s=0.0, changed=seen.changes.append, lost=seen.losses.append)
    watched.end()

    watched.take(active=True)
    watched.edge()
    watched.fail(DeviceGone("is gone"))

    await asyncio.sleep(0.01)
    assert seen.changes == []
    assert seen.losses == []
