"""The frames that carry our commands."""

from dataclasses import replace

from hal.can_bus.commands import Commands, Frame
from hal.can_bus.settings import LimitSignal
from tests.hal.can_bus.dbc_text import OTHER_BOARD
from tests.hal.can_bus.test_board_map import mapped


def order(*, limit: int = 0, close: int = 0, alive: int = 0, spare: int = 2) -> list[Frame]:
    """Limit is big endian in tenths; close is 0 or 2; spare begins at the least that its range allows."""
    return [Frame(0x100, bytes((limit >> 8, limit & 0xFF, close, alive | spare << 4)))]


def test_it_begins_safe_and_unused_signals_within_their_range() -> None:
    assert Commands(mapped()).frames() == order()


def test_each_command_changes_its_own_bits() -> None:
    commands = Commands(mapped())

    commands.offer(16.0)
    commands.contactor(closed=True)

    assert commands.frames() == order(limit=160, close=2)
    commands.make_safe()
    assert commands.frames() == order()


def test_our_counter_stays_within_its_range() -> None:
    commands = Commands(mapped())

    counts = []
    for _ in range(16):
        commands.count()
        counts.append(commands.frames()[0].data[3] & 0xF)

    assert counts == [*range(1, 15), 0, 1]


def test_less_than_the_signal_can_carry_is_nothing() -> None:
    board = mapped(limit=LimitSignal("Order.Limit", nothing="63"))
    commands = Commands(board)

    commands.offer(-1)

    assert commands.frames() == order(limit=630)


def test_constants_are_always_there() -> None:
    commands = Commands(mapped(constants={"Order.Spare": "5"}))

    assert commands.frames() == order(spare=3)


def test_a_sign_of_life_of_its_own_is_not_among_the_orders() -> None:
    beat = 'BO_ 257 Beat: 1 Agent\n SG_ Count : 0|8@1+ (1,0) [0|0] "" Board\n'
    board = mapped(OTHER_BOARD + "\n" + beat, heartbeat={"ours": "Beat.Count"})

    commands = Commands(board)

    assert [frame.identifier for frame in commands.orders()] == [0x100]
    assert [frame.identifier for frame in commands.frames()] == [0x100, 0x101]


def test_without_a_sign_of_life_nothing_counts() -> None:
    commands = Commands(replace(mapped(), our_counter=None))

    commands.count()

    assert commands.orders() == order()
