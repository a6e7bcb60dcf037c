"""Settings checked against a DBC file."""

from pathlib import Path
from typing import Any

import pytest

from hal.can_bus.board_map import BoardMap, board_map
from hal.can_bus.settings import (
    BusSettings,
    CanBoardSettings,
    ContactorSignals,
    HeartbeatSettings,
    LimitSignal,
    LockSignals,
    MeterSignals,
    PilotSignal,
    SignalSettings,
)
from hal.errors import WrongSettings
from hal.readings import PilotState
from tests.hal.can_bus.dbc_text import OTHER_BOARD, dictionary

STATES = {"A": "10", "B": "20", "C": "30"}


def mapped(text: str = OTHER_BOARD, *, heartbeat: dict[str, Any] | None = None, **signals: Any) -> BoardMap:
    parts: dict[str, Any] = {
        "pilot": PilotSignal("State.Pilot", STATES),
        "limit": LimitSignal("Order.Limit"),
        "contactor": ContactorSignals(command="Order.Close", closed="2", feedback="State.Mirror"),
    }
    beat = {"ours": "Order.Alive", "theirs": "State"} | (heartbeat or {})
    settings = CanBoardSettings(
        dbc=Path("board.dbc"),
        bus=BusSettings(channel="can0"),
        signals=SignalSettings(**(parts | signals)),
        heartbeat=HeartbeatSettings(**beat),
    )
    return board_map(settings, dictionary(text))


def test_another_board_by_its_numbers() -> None:
    board = mapped(faults={"State.Alarm=3": "DoorOpen"}, meter=MeterSignals(energy="State.Energy"))

    assert board.pilot == {10: PilotState.A, 20: PilotState.B, 30: PilotState.C}
    assert board.command is not None
    assert (board.command.on.raw, board.command.off.raw) == (2, 0)
    assert list(board.heard) == [(2566844672 & 0x1FFFFFFF, True)]
    assert list(board.sent()) == ["Order"]
    assert board.watched == {"State": 0.5}


def test_a_message_with_a_longer_cycle_is_waited_for_three_times_as_long() -> None:
    cycle = 'BA_DEF_ BO_ "GenMsgCycleTime" INT 0 65535;\nBA_DEF_DEF_ "GenMsgCycleTime" 0;\n'
    text = f'{OTHER_BOARD}\n{cycle}BA_ "GenMsgCycleTime" BO_ 2566844672 1000;\n'

    assert mapped(text).watched == {"State": 3.0}
    assert mapped(text, heartbeat={"timeouts_s": {"State": 0.2}}).watched == {"State": 0.2}


@pytest.mark.parametrize(
    ("changed", "path", "words"),
    [
        ({"pilot": PilotSignal("State.Pilto")}, ("signals", "pilot", "signal"), "did you mean 'Pilot'"),
        ({"pilot": PilotSignal("State.Pilot")}, ("signals", "pilot", "states"), "stands for pilot state A"),
        (
            {"pilot": PilotSignal("State.Pilot", {**STATES, "D": "30"})},
            ("signals", "pilot", "states", "D"),
            "30 stands for C already",
        ),
        (
            {"pilot": PilotSignal("State.Pilot", {**STATES, "D": "300"})},
            ("signals", "pilot", "states", "D"),
            "its range is 0 to 255",
        ),
        ({"limit": LimitSignal("Order.Close A")}, ("signals", "limit", "signal"), "cannot carry 6 A"),
        ({"limit": LimitSignal("Order.Limit", "99")}, ("signals", "limit", "nothing"), "does not fit"),
        (
            {"contactor": ContactorSignals(command="Order.Close", closed="4")},
            ("signals", "contactor", "closed"),
            "does not fit",
        ),
        (
            {"contactor": ContactorSignals(command="Order.Close", open="1")},
            ("signals", "contactor", "open"),
            "the same value",
        ),
        (
            {"contactor": ContactorSignals(command="Order.Close", feedback="State.Mirror", feedback_closed="on")},
            ("signals", "contactor", "feedback_closed"),
            "numbers only",
        ),
        ({"faults": {"State.Alarm=9": "DoorOpen"}}, ("signals", "faults", "State.Alarm=9"), "does not fit"),
        ({"faults": {"Stat.Alarm": "DoorOpen"}}, ("signals", "faults", "Stat.Alarm"), "did you mean 'State'"),
        ({"meter": MeterSignals("State.Draw")}, ("signals", "meter", "energy"), "no unit"),
        (
            {"meter": MeterSignals("State.Energy", currents=("State.Draw A", "State.Drow A"))},
            ("signals", "meter", "currents", 1),
            "did you mean 'Draw'",
        ),
        ({"lock": LockSignals("Order.Spare", "State.Alarm")}, ("signals", "lock", "locked"), "range is 4 to 10"),
        ({"constants": {"Order.Spare": "3"}}, ("signals", "constants", "Order.Spare"), "range is 4 to 10"),
        ({"constants": {"State.Heat": "3"}}, ("signals",), "both sent and received"),
        ({"heartbeat": {"theirs": "Statte"}}, ("heartbeat", "theirs"), "did you mean 'State'"),
        ({"heartbeat": {"timeouts_s": {"Order": 1.0}}}, ("heartbeat", "timeouts_s", "Order"), "nothing that is waited"),
        ({"heartbeat": {"timeouts_s": {"State": 0.0}}}, ("heartbeat", "timeouts_s"), "no message is left"),
    ],
)
def test_what_does_not_fit_the_dbc_file_is_refused_by_its_key(
    changed: dict[str, Any], path: tuple[str | int, ...], words: str
) -> None:
    with pytest.raises(WrongSettings, match=words) as refused:
        mapped(**changed)

    assert refused.value.path == path


def test_a_name_of_the_value_table_that_is_misspelt_is_answered_with_the_names() -> None:
    table = OTHER_BOARD + 'VAL_ 256 Close 0 "Open" 1 "Closed" ;\n'

    with pytest.raises(WrongSettings, match=r"no value 'Close'; did you mean 'Closed'\? \(known: Open, Closed\)"):
        mapped(table, contactor=ContactorSignals(command="Order.Close", closed="Close"))


def test_multiplexed_messages_are_not_sent() -> None:
    muxed = OTHER_BOARD.replace("SG_ Close :", "SG_ Close M :").replace("SG_ Alive :", "SG_ Alive m1 :")

    with pytest.raises(WrongSettings, match="Order is multiplexed"):
        mapped(muxed)
