"""What is noted of faults: once when one begins, once when it ends, over restarts too."""

from agent.station.events import FaultCleared, FaultRaised
from agent.station.facts import FaultNoted
from agent.station.faults import Fault
from tests.fakes.station_rig import Rig


def noted(rig: Rig) -> list[tuple[int, Fault, bool]]:
    """EVSE, fault and whether it began."""
    return [(fact.evse_id, fact.fault, fact.active) for fact in rig.facts_of(FaultNoted)]


def test_a_fault_is_noted_once_when_it_begins_and_once_when_it_ends() -> None:
    rig = Rig().start()

    for _ in range(3):
        rig.feed(FaultRaised(1, Fault.GROUND_FAILURE, "RCD"))
    for _ in range(3):
        rig.feed(FaultCleared(1, Fault.GROUND_FAILURE))

    assert noted(rig) == [(1, Fault.GROUND_FAILURE, True), (1, Fault.GROUND_FAILURE, False)]
    assert rig.facts_of(FaultNoted)[0].detail == "RCD"


def test_every_note_has_a_number_of_its_own() -> None:
    rig = Rig(evses=2).start()

    for evse_id in (1, 2):
        rig.feed(FaultRaised(evse_id, Fault.OVER_VOLTAGE))
        rig.feed(FaultCleared(evse_id, Fault.OVER_VOLTAGE))

    assert [fact.event_id for fact in rig.facts_of(FaultNoted)] == [1, 2, 3, 4]


def test_a_fault_of_the_whole_station_is_noted_once_and_not_at_each_evse() -> None:
    rig = Rig(evses=2).start()

    rig.feed(FaultRaised(None, Fault.READER))
    rig.feed(FaultCleared(None, Fault.READER))

    assert noted(rig) == [(0, Fault.READER, True), (0, Fault.READER, False)]


def test_a_fault_in_a_charge_names_its_transaction() -> None:
    rig = Rig().start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(3)
    transaction = rig.evse().record.transaction
    assert transaction is not None

    rig.feed(FaultRaised(1, Fault.GROUND_FAILURE))

    assert rig.facts_of(FaultNoted)[0].transaction_id == transaction.id


def test_a_fault_that_outlasts_a_restart_is_not_noted_again() -> None:
    rig = Rig().start()
    rig.feed(FaultRaised(1, Fault.GROUND_FAILURE))

    woken = rig.restart().start()
    woken.feed(FaultRaised(1, Fault.GROUND_FAILURE))
    woken.pass_time(60)
    still = noted(woken)
    woken.feed(FaultCleared(1, Fault.GROUND_FAILURE))

    assert still == []
    assert noted(woken) == [(1, Fault.GROUND_FAILURE, False)]
    assert woken.facts_of(FaultNoted)[0].event_id == 2


def test_a_fault_that_a_restart_ended_is_noted_as_ended() -> None:
    rig = Rig().start()
    rig.feed(FaultRaised(1, Fault.GROUND_FAILURE))
    rig.feed(FaultRaised(None, Fault.READER))

    woken = rig.restart().start()
    woken.pass_time(10)
    early = noted(woken)
    woken.pass_time(10)

    assert early == []
    assert noted(woken) == [(1, Fault.GROUND_FAILURE, False), (0, Fault.READER, False)]


def test_a_station_without_old_faults_waits_for_nothing() -> None:
    rig = Rig().start()

    assert rig.station.state.faults_due_s is None
