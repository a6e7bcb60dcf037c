"""Which faults are noted: each once when it begins and once when it ends, over restarts too (2.0.1 N07.FR.14)."""

from dataclasses import replace

from agent.station.effects import Record
from agent.station.facts import FaultNoted
from agent.station.fault_names import Fault
from agent.station.step import Step

STATION = 0
"""The id under which a fault of the whole station is noted."""
HARDWARE_TELLS_WITHIN_S = 15.0
"""How long after a restart a fault that was noted before may take to show itself again."""


def note_raised(step: Step, fault: Fault, *, evse_id: int | None, detail: str) -> None:
    """A fault began; nothing is noted where it already is. `evse_id` None: the whole station."""
    where = STATION if evse_id is None else evse_id
    noted = _noted(step, where)
    if fault not in noted:
        _put(step, where, noted | {fault})
        _record(step, fault, where=where, active=True, detail=detail)


def note_cleared(step: Step, fault: Fault, *, evse_id: int | None) -> None:
    """A fault ended; where it ended for the whole station it ended at every EVSE."""
    wheres = [STATION, *(evse.id for evse in step.state.evses)] if evse_id is None else [evse_id]
    for where in wheres:
        noted = _noted(step, where)
        if fault in noted:
            _put(step, where, noted - {fault})
            _record(step, fault, where=where, active=False, detail="")


def expect_again(step: Step) -> None:
    """After a restart: what was noted before it is over unless it shows itself again in time."""
    if any(_noted(step, where) for where in (STATION, *(evse.id for evse in step.state.evses))):
        step.state = replace(step.state, faults_due_s=step.now.mono_s + HARDWARE_TELLS_WITHIN_S)


def time_passed(step: Step) -> None:
    """Note the end of what did not show itself again."""
    due_s = step.state.faults_due_s
    if due_s is None or step.now.mono_s < due_s:
        return
    step.state = replace(step.state, faults_due_s=None)
    for evse in step.state.evses:
        for fault in sorted(evse.record.noted_faults - evse.faults):
            note_cleared(step, fault, evse_id=evse.id)
    there = frozenset(fault for evse in step.state.evses for fault in evse.faults)
    for fault in sorted(step.state.record.noted_faults - there):
        note_cleared(step, fault, evse_id=None)


def _noted(step: Step, where: int) -> frozenset[Fault]:
    return step.state.record.noted_faults if where == STATION else step.evse(where).record.noted_faults


def _put(step: Step, where: int, noted: frozenset[Fault]) -> None:
    if where == STATION:
        step.state = replace(step.state, record=replace(step.state.record, noted_faults=noted))
    else:
        step.change_record(where, noted_faults=noted)


def _record(step: Step, fault: Fault, *, where: int, active: bool, detail: str) -> None:
    event_id = step.state.record.events + 1
    step.state = replace(step.state, record=replace(step.state.record, events=event_id))
    transaction = None if where == STATION else step.evse(where).record.transaction
    step.emit(
        Record(
            FaultNoted(
                at=step.now,
                evse_id=where,
                fault=fault,
                active=active,
                event_id=event_id,
                detail=detail,
                transaction_id=None if transaction is None else transaction.id,
            )
        )
    )
