"""The emulated CAN board on a bus of python-can, and the bus whose cable can be pulled."""

import time
from collections.abc import Iterator
from functools import partial

import can
import pytest

from hil.devices.can_board import AGENT_BEAT, STATUS, EmulatedCanBoard
from hil.devices.can_board_bus import PULLABLE, CanBoardOnBus, PullableBus

CHANNEL = "test-can-board-bus"


@pytest.fixture
def ours() -> Iterator[can.BusABC]:
    with can.Bus(CHANNEL, "virtual") as bus:
        yield bus


@pytest.fixture
def wire() -> Iterator[CanBoardOnBus]:
    board = EmulatedCanBoard(clock=time.monotonic)
    with CanBoardOnBus(board, partial(can.Bus, CHANNEL, "virtual")) as made:
        yield made


def hears(bus: can.BusABC, *, limit_s: float = 1.0) -> bool:
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        message = bus.recv(0.05)
        if message is not None and message.arbitration_id == STATUS:
            return True
    return False


def drain(bus: can.BusABC) -> None:
    while bus.recv(0.02) is not None:
        pass


def test_it_speaks_and_listens(ours: can.BusABC, wire: CanBoardOnBus) -> None:
    speaks = hears(ours)
    for count in range(2):
        ours.send(can.Message(arbitration_id=AGENT_BEAT, data=[count], is_extended_id=False))
    time.sleep(0.1)

    assert speaks
    with wire.hands_on() as board:
        assert not board.agent_lost


def test_taken_off_the_bus_it_is_silent_until_it_is_back(ours: can.BusABC, wire: CanBoardOnBus) -> None:
    wire.unplug()
    time.sleep(0.05)
    drain(ours)

    speaks_while_out = hears(ours, limit_s=0.2)
    wire.plug()

    assert not speaks_while_out
    assert hears(ours)


def test_a_bus_that_is_lost_is_opened_again() -> None:
    PullableBus.register()
    board = EmulatedCanBoard(clock=time.monotonic)
    with (
        can.Bus("pull", "virtual") as ours,
        CanBoardOnBus(board, partial(can.Bus, "pull:board", PULLABLE, ignore_config=True)),
    ):
        PullableBus.pulled.add("pull:board")
        time.sleep(0.1)
        drain(ours)
        speaks_while_out = hears(ours, limit_s=0.2)

        PullableBus.pulled.clear()

        assert not speaks_while_out
        assert hears(ours)


def test_where_there_is_no_bus_it_says_so_at_once() -> None:
    PullableBus.register()
    PullableBus.pulled.add("nowhere:board")
    wire = CanBoardOnBus(
        EmulatedCanBoard(clock=time.monotonic), partial(can.Bus, "nowhere:board", PULLABLE, ignore_config=True)
    )

    with pytest.raises(can.CanInitializationError), wire:
        pass
    PullableBus.pulled.clear()


def test_a_clogged_bus_takes_no_frames_and_still_hears() -> None:
    PullableBus.register()
    with can.Bus("clog:agent", PULLABLE, ignore_config=True) as ours, can.Bus("clog", "virtual") as theirs:
        PullableBus.clogged.add("clog:agent")
        message = can.Message(arbitration_id=STATUS, is_extended_id=False)

        with pytest.raises(can.CanOperationError):
            ours.send(message)
        theirs.send(message)
        PullableBus.clogged.clear()

        assert hears(ours)
