"""Boards that close by themselves, over a link that is a note pad."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from hal.errors import DeviceGone, DeviceSilent
from hal.readings import PilotState
from hal.self_closing import BoardState, SelfClosingBoard, Wish
from tests.contracts.waiting import eventually, following, following_item, until

REST = BoardState(pilot=PilotState.A, closed=False)
PLUGGED = BoardState(pilot=PilotState.B, closed=False)
CHARGING = BoardState(pilot=PilotState.C, closed=True)


class NotePad:
    """A BoardLink: `state` is what the board says, `wishes` what it was told, `cuts` how often it was stopped."""

    def __init__(self) -> None:
        self.state = REST
        self.failure: Exception | None = None
        self.wishes: list[Wish] = []
        self.cuts = 0
        self.is_open = False

    async def open(self) -> None:
        self.is_open = True

    async def close(self) -> None:
        self.is_open = False

    async def read(self) -> BoardState:
        if self.failure is not None:
            raise self.failure
        return self.state

    async def apply(self, wish: Wish) -> None:
        self.wishes.append(wish)

    def cut(self) -> None:
        if not self.is_open:
            raise DeviceGone("is not open", device="EVSE 1")
        self.cuts += 1


@pytest.fixture
def link() -> NotePad:
    return NotePad()


@pytest.fixture
async def board(link: NotePad) -> AsyncIterator[SelfClosingBoard]:
    made = SelfClosingBoard(link, name="EVSE 1", poll_s=0.01)
    await made.start()
    yield made
    await made.stop()


async def test_opening_a_board_that_rests_sends_nothing(link: NotePad, board: SelfClosingBoard) -> None:
    board.open()

    assert link.cuts == 0


@pytest.mark.parametrize(
    "state", [CHARGING, BoardState(PilotState.C, closed=False), BoardState(None, closed=False), BoardState(None, True)]
)
async def test_opening_any_other_board_is_the_hard_stop(
    link: NotePad, board: SelfClosingBoard, state: BoardState
) -> None:
    link.state = state
    await asyncio.sleep(0.05)

    board.open()

    assert link.cuts == 1
    await eventually(lambda: link.wishes[-1].is_cut)


async def test_a_wish_no_longer_stands_after_a_stop_from_another_thread(link: NotePad, board: SelfClosingBoard) -> None:
    link.state = CHARGING
    board.offer(16.0)
    board.close()
    await eventually(lambda: link.wishes[-1].enables)
    wish = link.wishes[-1]
    assert wish.stands()

    await asyncio.to_thread(board.open)

    assert not wish.stands()


async def test_a_stop_stands_until_the_vehicle_rests(link: NotePad, board: SelfClosingBoard) -> None:
    link.state = CHARGING
    board.offer(16.0)
    await asyncio.sleep(0.05)
    board.open()
    link.state = BoardState(PilotState.C, closed=False)
    await asyncio.sleep(0.3)
    assert not link.wishes[-1].enables

    link.state = PLUGGED

    await eventually(lambda: link.wishes[-1].enables)


@pytest.mark.parametrize("command", ["offer", "close"])
async def test_a_stop_ends_with_a_new_command(link: NotePad, board: SelfClosingBoard, command: str) -> None:
    link.state = CHARGING
    board.offer(16.0)
    await asyncio.sleep(0.05)
    board.open()

    if command == "offer":
        board.offer(10.0)
    else:
        board.close()

    await eventually(lambda: link.wishes[-1].enables)


async def test_a_relay_that_closed_by_itself_waits_for_the_port(link: NotePad, board: SelfClosingBoard) -> None:
    async with following(board.positions()) as positions:
        await following_item(positions)
        link.state = CHARGING
        with pytest.raises(TimeoutError):
            await following_item(positions, limit_s=0.2)


async def test_closing_tells_at_once_what_the_board_did_already(link: NotePad, board: SelfClosingBoard) -> None:
    link.state = CHARGING
    await asyncio.sleep(0.05)

    board.close()

    async with following(board.positions()) as positions:
        assert await following_item(positions) is True


async def test_a_relay_is_not_kept_secret_for_long(link: NotePad, board: SelfClosingBoard) -> None:
    link.state = CHARGING

    async with following(board.positions()) as positions:
        await until(positions, True, limit_s=1.5)


async def test_a_pilot_that_cannot_be_told_is_no_change(link: NotePad, board: SelfClosingBoard) -> None:
    async with following(board.states()) as states:
        await following_item(states)
        link.state = BoardState(None, closed=False)
        await asyncio.sleep(0.05)
        link.state = PLUGGED

        assert await following_item(states) is PilotState.B


async def test_a_failure_reaches_every_stream(link: NotePad, board: SelfClosingBoard) -> None:
    link.failure = DeviceSilent("no answer", device="EVSE 1")

    for items in (board.states(), board.positions(), board.faults()):
        async with following(items) as followed:
            with pytest.raises(DeviceSilent):
                await until(followed, None)


async def test_a_mistake_of_the_driver_is_logged_and_counts_as_a_lost_board(
    link: NotePad, board: SelfClosingBoard, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    link.failure = ZeroDivisionError("oh")

    async with following(board.positions()) as positions:
        with pytest.raises(DeviceGone):
            await until(positions, True)

    assert "driver failed" in caplog.text


async def test_a_board_that_cannot_be_read_at_start_is_released(link: NotePad) -> None:
    board = SelfClosingBoard(link, name="EVSE 1", poll_s=0.01)
    link.failure = DeviceSilent("no answer", device="EVSE 1")

    with pytest.raises(DeviceSilent):
        await board.start()

    assert not link.is_open
    board.open()  # harmless: there is nothing to be opened
    await board.stop()


async def test_a_board_that_is_lost_cannot_be_closed_but_is_told_to_open(
    link: NotePad, board: SelfClosingBoard
) -> None:
    link.failure = DeviceSilent("no answer", device="EVSE 1")
    async with following(board.positions()) as positions:
        with pytest.raises(DeviceSilent):
            await until(positions, True)

    board.open()

    assert link.cuts == 1
    with pytest.raises(DeviceGone):
        board.close()
    with pytest.raises(DeviceGone):
        board.offer(16.0)


async def test_it_may_be_started_again_after_a_loss(link: NotePad, board: SelfClosingBoard) -> None:
    link.failure = DeviceSilent("no answer", device="EVSE 1")
    async with following(board.positions()) as positions:
        with pytest.raises(DeviceSilent):
            await until(positions, True)
    await board.stop()
    link.failure, link.state = None, PLUGGED

    await board.start()

    async with following(board.states()) as states:
        assert await following_item(states) is PilotState.B


async def test_starting_twice_is_harmless(board: SelfClosingBoard) -> None:
    board.offer(16.0)

    await board.start()

    async with following(board.states()) as states:
        assert await following_item(states) is PilotState.A


async def test_faults_come_and_go_with_what_the_board_says(link: NotePad, board: SelfClosingBoard) -> None:
    link.state = BoardState(PilotState.B, closed=False, faults={"GroundFailure": "GFI", "HighTemperature": "hot"})
    await asyncio.sleep(0.05)

    async with following(board.faults()) as faults:
        active = {(await following_item(faults)).fault for _ in range(2)}
        link.state = BoardState(PilotState.B, closed=False, faults={"HighTemperature": "hot"})
        ended = await following_item(faults)

    assert active == {"GroundFailure", "HighTemperature"}
    assert (ended.fault, ended.active) == ("GroundFailure", False)


async def test_a_stop_that_is_repeated_without_pause_does_not_fill_the_line(
    link: NotePad, board: SelfClosingBoard
) -> None:
    link.state = BoardState(PilotState.C, closed=True)
    await asyncio.sleep(0.05)
    link.cuts = 0

    for _ in range(50):
        board.open()

    assert link.cuts == 1


async def test_a_stop_that_could_not_be_handed_over_is_an_error_each_time(
    link: NotePad, board: SelfClosingBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    link.state = BoardState(PilotState.C, closed=True)
    await asyncio.sleep(0.05)

    def gone() -> None:
        raise DeviceGone("unplugged", device="EVSE 1")

    monkeypatch.setattr(link, "cut", gone)

    for _ in range(3):
        with pytest.raises(DeviceGone):
            board.open()
