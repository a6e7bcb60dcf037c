"""Operative or not."""

import pytest

from agent.station.commands import ChangeAvailability, Done, Outcome
from agent.station.connector import ConnectorStatus
from agent.station.effects import ReportStatus
from agent.station.facts import TransactionStarted
from tests.fakes.station_rig import Rig

S = ConnectorStatus
ACCEPTED, SCHEDULED = Done(Outcome.ACCEPTED), Done(Outcome.SCHEDULED)
TARGETS = [(1, 1), (1, None), (None, None)]


@pytest.mark.parametrize(("evse_id", "connector_id"), TARGETS)
def test_out_of_service_and_back(evse_id: int | None, connector_id: int | None) -> None:
    rig = Rig().start()

    out = rig.ask(ChangeAvailability(operative=False, evse_id=evse_id, connector_id=connector_id))
    back = rig.ask(ChangeAvailability(operative=True, evse_id=evse_id, connector_id=connector_id))

    assert (out, back) == (ACCEPTED, ACCEPTED)
    assert rig.statuses(1) == [S.AVAILABLE, S.UNAVAILABLE, S.AVAILABLE]
    assert rig.statuses(2) == ([S.AVAILABLE, S.UNAVAILABLE, S.AVAILABLE] if evse_id is None else [S.AVAILABLE])


@pytest.mark.parametrize(("evse_id", "connector_id"), TARGETS)
def test_a_running_charge_is_finished_first(evse_id: int | None, connector_id: int | None) -> None:
    rig = Rig().start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(2)

    answer = rig.ask(ChangeAvailability(operative=False, evse_id=evse_id, connector_id=connector_id))
    rig.pass_time(5)
    meanwhile = (rig.sockets[1].closed, rig.statuses()[-1])
    rig.unplug()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(2)

    assert answer == SCHEDULED
    assert meanwhile == (True, S.CHARGING)
    assert rig.statuses()[-1] is S.UNAVAILABLE
    assert len(rig.facts_of(TransactionStarted)) == 1


def test_the_station_as_a_whole_tells_its_status_first_and_whenever_it_changes() -> None:
    rig = Rig().start()

    first = rig.all(ReportStatus)[0]
    rig.ask(ChangeAvailability(operative=False))
    rig.ask(ChangeAvailability(operative=True))

    assert (first.evse_id, first.connector_id) == (0, 0)
    assert rig.statuses(0) == [S.AVAILABLE, S.UNAVAILABLE, S.AVAILABLE]


def test_a_scheduled_change_can_be_taken_back() -> None:
    rig = Rig().start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.ask(ChangeAvailability(operative=False, evse_id=1))

    answer = rig.ask(ChangeAvailability(operative=True, evse_id=1))
    rig.unplug()

    assert answer == ACCEPTED
    assert rig.statuses()[-1] is S.AVAILABLE


def test_who_was_authorized_does_not_wait_for_an_evse_out_of_service() -> None:
    rig = Rig().start()
    rig.swipe(evse_ids=(1,))
    rig.ask(ChangeAvailability(operative=False, evse_id=1))
    rig.plug()
    rig.pass_time(2)

    rig.ask(ChangeAvailability(operative=True, evse_id=1))
    rig.pass_time(2)

    assert rig.facts == []


@pytest.mark.parametrize(("evse_id", "connector_id"), TARGETS)
def test_availability_outlasts_a_restart(evse_id: int | None, connector_id: int | None) -> None:
    rig = Rig().start()
    rig.ask(ChangeAvailability(operative=False, evse_id=evse_id, connector_id=connector_id))

    later = rig.restart().start()

    assert later.statuses(1) == [S.UNAVAILABLE]


@pytest.mark.parametrize(("evse_id", "connector_id"), [(9, None), (1, 2)])
def test_what_is_not_there_is_rejected(evse_id: int, connector_id: int | None) -> None:
    answer = Rig().start().ask(ChangeAvailability(operative=False, evse_id=evse_id, connector_id=connector_id))

    assert answer == Done(Outcome.REJECTED, reason="UnknownEvse")
