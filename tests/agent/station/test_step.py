"""One event being handled."""

import pytest

from agent.station.step import Step
from tests.fakes.station_rig import Rig


def a_step() -> Step:
    rig = Rig()
    return Step(rig.station.state, rig.now, lambda: "tx-1")


def test_tickets_are_never_given_twice() -> None:
    step = a_step()

    assert [step.ticket(), step.ticket(), step.ticket()] == [1, 2, 3]


def test_a_change_touches_one_evse_and_not_the_state_it_came_from() -> None:
    step = a_step()
    before = step.state

    step.change(1, locked=True)
    step.change_record(2, finished=True)

    assert [evse.locked for evse in step.state.evses] == [True, False]
    assert [evse.record.finished for evse in step.state.evses] == [False, True]
    assert not before.evses[0].locked


def test_an_evse_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeyError):
        a_step().evse(9)
