import pytest

from hal.port_states import COMMANDED_CLOSED, TRANSITIONS, PathState, PathTrigger, next_state


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
