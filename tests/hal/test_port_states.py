import pytest

from hal.port_states import COMMANDED_CLOSED, START, TIMED, TRANSITIONS, PathState, PathTrigger, next_state


def test_only_a_full_allowance_leads_from_open_to_closing() -> None:
    ways = [trigger for trigger in PathTrigger if next_state(PathState.OPEN, trigger) in COMMANDED_CLOSED]

    assert ways == [PathTrigger.ALLOWED]


@pytest.mark.parametrize("state", sorted(COMMANDED_CLOSED))
@pytest.mark.parametrize("trigger", [PathTrigger.FORBIDDEN, PathTrigger.CUT])
def test_a_closed_path_opens_when_it_is_forbidden_or_cut(state: PathState, trigger: PathTrigger) -> None:
    assert next_state(state, trigger) is PathState.OPENING


@pytest.mark.parametrize("trigger", list(PathTrigger))
def test_nothing_closes_a_path_before_it_was_confirmed_open(trigger: PathTrigger) -> None:
    assert next_state(PathState.OPENING, trigger) not in COMMANDED_CLOSED
    assert next_state(PathState.WELDED, trigger) not in COMMANDED_CLOSED


def test_a_welded_contactor_is_left_only_when_its_mirror_opens() -> None:
    ways = [trigger for trigger in PathTrigger if next_state(PathState.WELDED, trigger) is not PathState.WELDED]

    assert ways == [PathTrigger.MIRROR_OPENED]


def test_every_state_can_be_reached_from_opening() -> None:
    reached = {PathState.OPENING}
    for _ in PathState:
        reached |= {after for (before, _), after in TRANSITIONS.items() if before in reached}

    assert reached == set(PathState)


def test_a_trigger_without_a_row_changes_nothing() -> None:
    assert next_state(PathState.OPEN, PathTrigger.OVERDUE_CLOSED) is PathState.OPEN


def test_every_pair_of_state_and_trigger_is_a_row_or_is_meant_to_change_nothing() -> None:
    told_again = {(state, PathTrigger.ALLOWED) for state in (PathState.CLOSING, PathState.CLOSED)} | {
        (state, trigger)
        for state in (PathState.OPEN, PathState.OPENING, PathState.WELDED)
        for trigger in (PathTrigger.FORBIDDEN, PathTrigger.CUT)
    }
    waits_for_open = {(state, PathTrigger.ALLOWED) for state in (PathState.OPENING, PathState.WELDED)}
    mirror_agrees = {
        (PathState.OPEN, PathTrigger.MIRROR_OPENED),
        (PathState.CLOSING, PathTrigger.MIRROR_OPENED),
        (PathState.CLOSED, PathTrigger.MIRROR_CLOSED),
        (PathState.OPENING, PathTrigger.MIRROR_CLOSED),
        (PathState.WELDED, PathTrigger.MIRROR_CLOSED),
    }
    not_timed = {
        (state, trigger)
        for state in PathState
        if state not in TIMED
        for trigger in (PathTrigger.OVERDUE_CLOSED, PathTrigger.OVERDUE_OPEN, PathTrigger.OVERDUE_UNKNOWN)
    }
    stays_unknown = {(PathState.OPENING, PathTrigger.OVERDUE_UNKNOWN)}

    ignored = {(state, trigger) for state in PathState for trigger in PathTrigger} - TRANSITIONS.keys()

    assert ignored == told_again | waits_for_open | mirror_agrees | not_timed | stays_unknown


def test_a_path_begins_where_nothing_may_close() -> None:
    assert START is PathState.OPENING
