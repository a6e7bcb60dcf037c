"""The fault history."""

from pathlib import Path

from agent.station.facts import FaultNoted
from agent.station.faults import Fault
from agent.store.fault_history import FAULTS_KEPT, PastFault
from agent.store.store import Store
from tests.agent.store.builders import NOW, changes, reopen


def noted(event_id: int, *, active: bool = True, evse_id: int = 1, fault: Fault = Fault.DOOR_OPEN) -> FaultNoted:
    at = NOW.later(event_id)
    return FaultNoted(at=at, evse_id=evse_id, fault=fault, active=active, event_id=event_id, detail="lid")


async def test_a_fault_is_kept_with_its_beginning_and_end_over_a_restart(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(noted(1)))
    await store.commit(changes(noted(2, fault=Fault.READER, evse_id=0)))
    await store.commit(changes(noted(3, active=False)))

    store = await reopen(store, path)
    found = await store.faults(10)
    await store.close()

    assert found == [
        PastFault(2, 0, "ReaderFailure", "lid", None, NOW.later(2), None),
        PastFault(1, 1, "DoorOpen", "lid", None, NOW.later(1), NOW.later(3)),
    ]


async def test_the_end_at_one_evse_is_not_the_end_at_another(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(noted(1), noted(2, evse_id=2), noted(3, active=False, evse_id=2)))

    found = await store.faults(10)
    await store.close()

    assert {fault.evse_id: fault.ended for fault in found} == {1: None, 2: NOW.later(3)}


async def test_only_the_last_ones_are_kept(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(*(noted(number) for number in range(1, FAULTS_KEPT + 6))))

    found = await store.faults(FAULTS_KEPT + 100)
    await store.close()

    assert len(found) == FAULTS_KEPT
    assert (found[0].event_id, found[-1].event_id) == (FAULTS_KEPT + 5, 6)


async def test_a_fault_waits_for_the_csms_like_any_fact(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(noted(1)))

    store = await reopen(store, path)
    head = await store.head()
    await store.close()

    assert head is not None
    assert head.fact == noted(1)
