"""After a restart: what becomes of a transaction that was interrupted (2.0.1 E, 2.1 TxCtrlr.ResumptionTimeout)."""

from dataclasses import replace

from agent.station.commands import ResetKind
from agent.station.evse import end_by, settle
from agent.station.facts import StopReason, Trigger
from agent.station.standard_variables import RESUMPTION_TIMEOUT
from agent.station.state import Evse
from agent.station.step import Step
from agent.station.transaction import Transaction

HARDWARE_ANSWERS_WITHIN_S = 15.0
"""How long a restarted station waits for the pilot and the meter before it decides without them."""


def station_started(step: Step) -> None:
    """Hold every open transaction until its EVSE has shown itself; forget authorizations that came to nothing."""
    for evse in step.state.evses:
        record = evse.record
        if record.transaction is None:
            step.change_record(evse.id, grant=None)
            continue
        step.change(evse.id, interrupted_until_s=step.now.mono_s + HARDWARE_ANSWERS_WITHIN_S)
        if record.grant is not None:
            # It was of another process; whether an EV came meanwhile decides about resuming.
            step.change_record(evse.id, grant=replace(record.grant, plug_by_s=None))
        if record.transaction.ending is not None:
            # Its due time is of another process, maybe another boot.
            ending = replace(record.transaction.ending, due_mono_s=step.now.mono_s + HARDWARE_ANSWERS_WITHIN_S)
            step.change_record(evse.id, transaction=replace(record.transaction, ending=ending))


def decide_interrupted(step: Step, evse_id: int) -> None:
    """Resume or end once the pilot and the meter are known, or the time is up."""
    evse = step.evse(evse_id)
    tx = evse.record.transaction
    if evse.interrupted_until_s is None:
        return
    if tx is None:
        step.change(evse_id, interrupted_until_s=None)
        return
    seen = evse.pilot is not None and evse.sample is not None and evse.contactor_closed is not None
    if not seen and step.now.mono_s < evse.interrupted_until_s:
        return
    step.change(evse_id, interrupted_until_s=None)
    if tx.ending is not None:
        settle(step, evse_id)
        return
    if not _may_resume(step, evse, tx):
        settle(step, evse_id, end_by(StopReason.POWER_LOSS, Trigger.ABNORMAL_CONDITION))
        return
    # The times in it were of another process: the EV gets its while again, sampling goes on from now.
    resumed = replace(tx, offered_at_s=None, sampled_at_s=step.now.mono_s, end_sampled_at_s=step.now.mono_s)
    step.change_record(evse_id, transaction=resumed)
    settle(step, evse_id)


def _may_resume(step: Step, evse: Evse, tx: Transaction) -> bool:
    timeout_s = step.model.integer(RESUMPTION_TIMEOUT)
    reset = step.state.reset
    if reset is not None and reset.kind is ResetKind.IMMEDIATE:
        return False  # B12.FR.04
    if timeout_s <= 0 or not evse.plugged or evse.faulted or evse.sample is None or tx.register_at is None:
        return False
    then = tx.register_at
    if then.boot == step.now.boot:
        away_s = step.now.mono_s - then.mono_s
    elif then.wall_known and step.now.wall_known:
        away_s = (step.now.wall - then.wall).total_seconds()
    else:
        return False  # nobody can tell how long it was
    return 0 <= away_s <= timeout_s
