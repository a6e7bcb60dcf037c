"""The cable: an EV comes and goes, and a cable that stays locked at the station until its driver shows himself."""

from dataclasses import replace

from agent.station import admission
from agent.station.authorization import GrantSource
from agent.station.effects import Unlock
from agent.station.evse import settle
from agent.station.facts import StopReason, Trigger
from agent.station.standard_variables import (
    EV_CONNECTION_TIME_OUT,
    STOP_TX_ON_EV_SIDE_DISCONNECT,
    UNLOCK_ON_EV_SIDE_DISCONNECT,
)
from agent.station.step import Step
from agent.station.transaction import Cause


def plugged(step: Step, evse_id: int) -> None:
    """An EV is on the cable."""
    evse = step.evse(evse_id)
    waiting, tx, grant = step.state.waiting, evse.active_transaction, evse.record.grant
    waits_for_this = waiting is not None and evse_id in step.state.waiting_evses
    if waiting is not None and waits_for_this and admission.is_free(step, evse, token=waiting.token):
        step.state = replace(step.state, waiting=None, waiting_evses=())
        grant = waiting
    if grant is not None:
        step.change_record(evse_id, grant=replace(grant, plug_by_s=None))
    if tx is not None:
        # Plugged in again: this EV, too, gets its while to ask for energy.
        step.change_record(evse_id, transaction=replace(tx, offered_at_s=None, energized=False))
    # F02.FR.21: the first event after a remote start says so, even if it is the cable that begins the transaction.
    is_remote = tx is None and grant is not None and grant.source is GrantSource.REMOTE
    settle(step, evse_id, Cause(Trigger.REMOTE_START if is_remote else Trigger.CABLE_PLUGGED_IN))


def unplugged(step: Step, evse_id: int) -> None:
    """No EV is on the cable any more."""
    step.change_record(evse_id, finished=False)
    evse = step.evse(evse_id)
    grant = evse.record.grant
    if evse.active_transaction is not None and step.model.boolean(STOP_TX_ON_EV_SIDE_DISCONNECT):
        if evse.locked and step.model.boolean(UNLOCK_ON_EV_SIDE_DISCONNECT):
            step.change(evse_id, locked=False)  # E09.FR.02
            step.emit(Unlock(evse_id))
        elif evse.locked and grant is not None:
            step.change_record(evse_id, cable_held_for=grant)  # E09.FR.03
        step.change_record(evse_id, grant=None)  # E09.FR.01
    elif evse.active_transaction is not None and grant is not None and not evse.config.has_lock:
        # E10.FR.02: anybody may take a cable that is fixed to the station, so nobody waits for its EV for ever.
        due_s = step.now.mono_s + step.model.integer(EV_CONNECTION_TIME_OUT)
        step.change_record(evse_id, grant=replace(grant, plug_by_s=due_s))
    settle(step, evse_id, Cause(Trigger.EV_COMMUNICATION_LOST, StopReason.EV_DISCONNECTED))
