"""What a board said of itself last."""

from hal.can_bus.state import Known
from hal.readings import PilotState
from hal.self_closing import BoardState
from tests.hal.can_bus.test_board_map import mapped

BOARD = mapped(faults={"State.Alarm": "DoorOpen", "State.Heat": "HighTemperature"})
STATE = BOARD.pilot_at.message
CALM = {"Pilot": 20, "Mirror": 0, "Alarm": 0, "Heat": 0}


def test_a_frame_is_learned_and_only_a_change_is_news() -> None:
    known = Known(BOARD)

    news = [known.learn(STATE, CALM), known.learn(STATE, CALM), known.learn(STATE, CALM | {"Mirror": 1})]

    assert news == [True, False, True]
    assert known.state() == BoardState(pilot=PilotState.B, closed=True, faults={})


def test_nothing_is_surely_open_before_it_was_said() -> None:
    known = Known(BOARD)
    before = known.is_surely_open

    known.learn(STATE, CALM)

    assert (before, known.is_surely_open) == (False, True)


def test_faults_begin_and_end_with_their_signals() -> None:
    known = Known(BOARD)

    known.learn(STATE, CALM | {"Alarm": 2})
    during = known.state().faults
    known.learn(STATE, CALM)

    assert during == {"DoorOpen": "State.Alarm is 2"}
    assert known.state().faults == {}


def test_a_pilot_value_without_a_meaning_is_nonsense() -> None:
    known = Known(BOARD)

    assert known.nonsense(STATE, CALM) is None
    assert known.nonsense(STATE, CALM | {"Pilot": 21}) == "State.Pilot is 21, which stands for no pilot state"


def test_a_frame_without_the_signal_tells_nothing_of_it() -> None:
    known = Known(BOARD)
    known.learn(STATE, CALM | {"Alarm": 2})

    assert known.learn(STATE, {"Pilot": 20}) is False
    assert known.state().faults
