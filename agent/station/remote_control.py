"""What the CSMS may make the station do: start, stop, unlock, trigger, reset."""

from dataclasses import replace

from agent.station import charging_profiles, metering, transaction
from agent.station.admission import is_free, place, preferred, remote_start
from agent.station.authorization import Grant, GrantSource
from agent.station.availability import station_report
from agent.station.commands import (
    Outcome,
    RequestStart,
    RequestStop,
    Reset,
    ResetKind,
    TriggeredMessage,
    TriggerMessage,
    UnlockConnector,
)
from agent.station.effects import Record, SendTriggered, Unlock
from agent.station.events import UnlockFinished
from agent.station.evse import current_status, end_by, settle, status_report, telling
from agent.station.facts import IdleMeterSampled, StopReason, Trigger
from agent.station.id_token import KnownToken
from agent.station.samples import Context
from agent.station.standard_variables import ALIGNED_MEASURANDS, AUTHORIZE_REMOTE_START, SAMPLED_TX_UPDATED_MEASURANDS
from agent.station.state import Evse
from agent.station.step import Step
from agent.station.transaction import Cause


def request_start(step: Step, ticket: int, command: RequestStart, known: KnownToken) -> None:
    """F01, F02; 1.6 5.11."""
    if command.profile is not None and not charging_profiles.can_start_with(step, command.profile):
        step.reply(ticket, Outcome.REJECTED, reason="InvalidProfile")  # F01.FR.11
        return
    candidates = [
        evse
        for evse in step.state.evses
        if command.evse_id in (None, evse.id) and is_free(step, evse, token=command.token)
    ]
    # B02.FR.05: nothing is started remotely before the CSMS has accepted the station.
    if not candidates or not step.state.online:
        step.reply(ticket, Outcome.REJECTED, reason=_why_not(step, command))
        return
    plugged = [evse for evse in candidates if evse.plugged]
    chosen = tuple(evse.id for evse in (plugged or candidates))
    running = preferred(candidates).record.transaction
    # F01.FR.13: a transaction that only lacked its authorization is named in the answer.
    step.reply(ticket, Outcome.ACCEPTED, transaction_id=running.id if running is not None else None)
    if step.model.boolean(AUTHORIZE_REMOTE_START):
        remote_start(step, command, chosen, known)
        return
    grant = Grant(
        token=command.token,
        source=GrantSource.REMOTE,
        group=command.group,
        remote_start_id=command.remote_start_id,
        profile=command.profile,
    )
    place(step, grant, chosen)


def _why_not(step: Step, command: RequestStart) -> str:
    """The reasonCode of a refusal (2.0.1 appendix 5)."""
    if not step.state.online:
        return "CSNotAccepted"
    if command.evse_id is None:
        return "NotFound"
    evse = step.state.evse(command.evse_id)
    if evse is None:
        return "UnknownEvse"
    return "TxInProgress" if evse.record.grant is not None else "NotEnabled"


def request_stop(step: Step, ticket: int, command: RequestStop) -> None:
    """F03; 1.6 5.12."""
    evse = next(
        (
            each
            for each in step.state.evses
            if each.active_transaction is not None and each.active_transaction.id == command.transaction_id
        ),
        None,
    )
    if not step.state.online:
        step.reply(ticket, Outcome.REJECTED, reason="CSNotAccepted")  # B02.FR.05; 1.6 4.2
        return
    if evse is None:
        step.reply(ticket, Outcome.REJECTED, reason="TxNotFound")  # F03.FR.08
        return
    step.reply(ticket, Outcome.ACCEPTED)
    step.change_record(evse.id, grant=None)
    settle(step, evse.id, Cause(Trigger.REMOTE_STOP, StopReason.REMOTE))


def unlock_connector(step: Step, ticket: int, command: UnlockConnector) -> None:
    """F05; 1.6 5.18."""
    evse = step.state.evse(command.evse_id)
    if evse is None or command.connector_id not in evse.config.connector_ids:
        step.reply(ticket, Outcome.UNKNOWN_CONNECTOR)  # F05.FR.03
        return
    if not evse.config.has_lock:
        step.reply(ticket, Outcome.NOT_SUPPORTED)
        return
    if evse.active_transaction is not None and evse.record.grant is not None:
        if not command.stops_transaction:
            step.reply(ticket, Outcome.ONGOING_AUTHORIZED_TRANSACTION)  # F05.FR.02
            return
        settle(step, evse.id, end_by(StopReason.UNLOCK_COMMAND, Trigger.UNLOCK_COMMAND))
    step.state = replace(step.state, unlocks=step.state.unlocks | {ticket})
    step.change(evse.id, locked=False)
    step.change_record(evse.id, cable_held_for=None)
    step.emit(Unlock(evse.id, ticket))


def unlock_finished(step: Step, event: UnlockFinished) -> None:
    """The lock moved, or did not."""
    if event.ticket is None or event.ticket not in step.state.unlocks:
        return
    step.state = replace(step.state, unlocks=step.state.unlocks - {event.ticket})
    step.reply(event.ticket, Outcome.UNLOCKED if event.unlocked else Outcome.UNLOCK_FAILED)


def reset(step: Step, ticket: int, command: Reset) -> None:
    """B11, B12; 1.6 5.14. The Restart effect follows once every transaction is ended and recorded."""
    if command.evse_id is not None:
        step.reply(ticket, Outcome.REJECTED, reason="NotSupported")  # B11.FR.09
        return
    busy = [evse for evse in step.state.evses if evse.record.transaction is not None]
    on_idle = command.kind is ResetKind.ON_IDLE
    step.reply(ticket, Outcome.SCHEDULED if on_idle and busy else Outcome.ACCEPTED)  # B12.FR.01, B12.FR.02
    step.state = replace(step.state, reset=command)
    if on_idle:
        return
    reason = StopReason.IMMEDIATE_RESET if command.reboot else StopReason.SOFT_RESET
    for evse in busy:
        settle(step, evse.id, end_by(reason, Trigger.RESET_COMMAND))  # B12.FR.04


def trigger_message(step: Step, ticket: int, command: TriggerMessage) -> None:
    """F06; 1.6 5.17. The answer goes first (F06.FR.04)."""
    if command.evse_id is not None and command.evse_id != 0 and step.state.evse(command.evse_id) is None:
        step.reply(ticket, Outcome.REJECTED, reason="UnknownEvse")
        return
    evses = [evse for evse in step.state.evses if command.evse_id in (None, 0, evse.id)]
    match command.message:
        case TriggeredMessage.BOOT_NOTIFICATION:
            refused = step.state.online and not command.boot_when_accepted  # F06.FR.17
            step.reply(ticket, Outcome.REJECTED if refused else Outcome.ACCEPTED)
            if not refused:
                step.emit(SendTriggered(command.message))
        case TriggeredMessage.HEARTBEAT:
            step.reply(ticket, Outcome.ACCEPTED)
            step.emit(SendTriggered(command.message))
        case TriggeredMessage.STATUS_NOTIFICATION:
            step.reply(ticket, Outcome.ACCEPTED)
            _triggered_statuses(step, command, evses)
        case TriggeredMessage.METER_VALUES:
            _triggered_values(step, ticket, command, evses)
        case TriggeredMessage.TRANSACTION_EVENT:
            _triggered_transactions(step, ticket, evses)
        case TriggeredMessage.OTHER:
            step.reply(ticket, Outcome.NOT_IMPLEMENTED)  # F06.FR.08


def _triggered_statuses(step: Step, command: TriggerMessage, evses: list[Evse]) -> None:
    if command.evse_id in (None, 0):
        # 1.6 5.17: connectorId 0 asks for the status of the charge point, none for all of them; 2.x has no such word.
        step.emit(station_report(step, forced=True))
    for evse in evses if command.evse_id != 0 else ():
        status = current_status(step, evse)
        if status is not None:
            step.emit(status_report(step, evse, status, forced=True))


def _triggered_values(step: Step, ticket: int, command: TriggerMessage, evses: list[Evse]) -> None:
    measurands = SAMPLED_TX_UPDATED_MEASURANDS if command.sampled_measurands else ALIGNED_MEASURANDS  # F06.FR.06
    facts = []
    for evse in evses:
        values = metering.select(
            evse.sample,
            step.model.members(measurands),
            context=Context.TRIGGER,
            offered_a=evse.permitted_a or 0.0,
            phases=evse.config.phases,
        )
        tx = evse.active_transaction
        if values and metering.is_fresh(evse.sample, now=step.now):
            facts.append(
                IdleMeterSampled(
                    at=step.now, evse_id=evse.id, values=values, transaction_id=tx.id if tx is not None else None
                )
            )
    step.reply(ticket, Outcome.ACCEPTED if facts else Outcome.REJECTED)  # F06.FR.10
    for fact in facts:
        step.emit(Record(fact))


def _triggered_transactions(step: Step, ticket: int, evses: list[Evse]) -> None:
    running = [evse for evse in evses if evse.active_transaction is not None]
    step.reply(ticket, Outcome.ACCEPTED if running else Outcome.REJECTED)
    for evse in running:
        tx = evse.active_transaction
        if tx is None:
            continue
        values = metering.select(
            evse.sample,
            step.model.members(SAMPLED_TX_UPDATED_MEASURANDS),  # F06.FR.07
            context=Context.TRIGGER,
            offered_a=evse.permitted_a or 0.0,
            phases=evse.config.phases,
        )
        step.emit(Record(transaction.updated(tx, telling(step, evse), trigger=Trigger.TRIGGER, values=values)))
        step.change_record(evse.id, transaction=tx.next(evse.sample))
