"""The station: events in, effects out. The one place where every event is taken in."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import inf
from typing import assert_never

from agent.clock import Moment
from agent.station import admission, cable, charging_profiles, fault_notes, recovery, remote_control
from agent.station.availability import change_availability
from agent.station.commands import (
    Answer,
    ChangeAvailability,
    ClearCache,
    ClearChargingProfile,
    DataTransfer,
    GetBaseReport,
    GetCompositeSchedule,
    GetLocalListVersion,
    GetTransactionStatus,
    GetVariables,
    Outcome,
    RequestStart,
    RequestStop,
    Reset,
    SendLocalList,
    SetChargingProfile,
    SetVariables,
    TransactionStatus,
    TriggerMessage,
    UnlockConnector,
)
from agent.station.configuration import get_base_report, get_variables, set_variables
from agent.station.device_model import SetStatus
from agent.station.effects import Effect, ForgetCache, ReadMeter, Reply, StoreVariable, WithdrawEnergy
from agent.station.events import (
    BootAnswered,
    ContactorMoved,
    CsmsAsked,
    Event,
    FaultCleared,
    FaultRaised,
    LeaseLapsed,
    LimitMoved,
    LinkChanged,
    LocalListStored,
    MeterSampled,
    PilotChanged,
    StationStarted,
    StopPressed,
    StorageChanged,
    TimePassed,
    TokenAnswered,
    TokenPresented,
    TransactionAnswered,
    UnlockFinished,
)
from agent.station.evse import (
    EV_READY_WITHIN_S,
    STATE_CHANGED,
    current_status,
    end_by,
    ending_due_s,
    settle,
    settle_station,
    status_report,
)
from agent.station.facts import ChargingState, StopReason, Trigger
from agent.station.faults import FAULTS
from agent.station.local_list import local_list_stored, local_list_version, send_local_list
from agent.station.sampling import meter_sampled
from agent.station.standard_variables import (
    AUTH_CACHE_ENABLED,
    HEARTBEAT_INTERVAL,
)
from agent.station.state import ScheduledLimit, StationState
from agent.station.step import Step
from agent.station.supply import supply_dues_s
from agent.station.transaction import Cause


class Station:
    """Decides everything. Pure but for `state`, which the caller may set back when a commit failed.

    `new_id` gives transaction ids: at most 36 characters, never the same twice (2.0.1 E01.FR.08).
    """

    def __init__(self, state: StationState, *, new_id: Callable[[], str]) -> None:
        self.state = state
        self._new_id = new_id

    def handle(self, event: Event, now: Moment) -> list[Effect]:
        """Take in one event; returns the effects in the order in which they are to be carried out."""
        step = Step(self.state, now, self._new_id)
        _take_in(step, event)
        admission.admit_without_token(step)
        settle_station(step)
        self.state = step.state
        return step.effects

    def look_up(self, question: GetVariables | GetBaseReport, now: Moment) -> Answer:
        """Answer what changes nothing; much cheaper than `handle`, for nothing is settled anew."""
        step = Step(self.state, now, self._new_id)
        _csms_asked(step, CsmsAsked(0, question))
        (reply,) = (effect for effect in step.effects if isinstance(effect, Reply))
        return reply.answer

    def next_due_s(self) -> float | None:
        """The monotonic time of the next TimePassed the station wants; None where nothing is pending."""
        dues: list[float] = []
        if self.state.waiting is not None and self.state.waiting.plug_by_s is not None:
            dues.append(self.state.waiting.plug_by_s)
        if self.state.faults_due_s is not None:
            dues.append(self.state.faults_due_s)
        dues += [known.due_s for known in self._limits() if known.due_s < inf]
        for evse in self.state.evses:
            dues += [due for due in supply_dues_s(self.state, evse) if due < inf]
            grant, tx = evse.record.grant, evse.record.transaction
            if grant is not None and grant.plug_by_s is not None:
                dues.append(grant.plug_by_s)
            if evse.interrupted_until_s is not None:
                dues.append(evse.interrupted_until_s)
            elif tx is not None and tx.ending is not None:
                dues.append(ending_due_s(evse, tx.ending))
            elif tx is not None and evse.is_permitted and tx.charging_state is ChargingState.EV_CONNECTED:
                # Once it is past, the state is another; a due time that stays due would be asked for without end.
                dues.append((tx.offered_at_s or 0.0) + EV_READY_WITHIN_S)
        return min(dues, default=None)

    def _limits(self) -> Iterator[ScheduledLimit]:
        """What charging profiles allow now, where energy may flow: only there it matters when that changes."""
        charging = [evse for evse in self.state.evses if evse.active_transaction is not None]
        known = [evse.limit for evse in charging] + ([self.state.limit] if charging else [])
        return (limit for limit in known if limit is not None)


def _take_in(step: Step, event: Event) -> None:  # noqa: C901, PLR0912, PLR0915 - the one dispatch table
    match event:
        case StationStarted():
            recovery.station_started(step)
            fault_notes.expect_again(step)
        case PilotChanged():
            _pilot_changed(step, event)
        case ContactorMoved():
            _contactor_moved(step, event)
        case MeterSampled():
            meter_sampled(step, event.sample)
        case FaultRaised():
            _fault_raised(step, event)
        case FaultCleared():
            _fault_cleared(step, event)
        case TokenPresented():
            admission.token_presented(step, event)
        case StopPressed():
            admission.stop_pressed(step, event)
        case LimitMoved():
            step.change(event.evse_id, derated_to_a=event.limit_a)
        case LeaseLapsed():
            # What was permitted is no more; the sharing that follows every event permits it anew.
            if step.evse(event.evse_id).permitted_a is not None:
                step.emit(WithdrawEnergy(event.evse_id))
                step.change(event.evse_id, permitted_a=None)
        case TokenAnswered():
            admission.token_answered(step, event)
        case TransactionAnswered():
            admission.transaction_answered(step, event)
        case LinkChanged():
            step.state = replace(step.state, online=event.online)
        case BootAnswered():
            _boot_answered(step, event)
        case CsmsAsked():
            _csms_asked(step, event)
        case UnlockFinished():
            remote_control.unlock_finished(step, event)
        case LocalListStored():
            local_list_stored(step, event)
        case StorageChanged():
            step.state = replace(step.state, writable=event.writable)
        case TimePassed():
            _time_passed(step)
        case _:
            assert_never(event)


def _boot_answered(step: Step, event: BootAnswered) -> None:
    step.state = replace(step.state, record=replace(step.state.record, accepted=event.accepted))
    wanted = str(event.heartbeat_s)
    if not event.accepted or event.heartbeat_s <= 0 or step.model.text(HEARTBEAT_INTERVAL) == wanted:
        return
    if step.model.judge(HEARTBEAT_INTERVAL, wanted) is SetStatus.ACCEPTED:  # B01.FR.04
        step.state = replace(step.state, model=step.model.with_value(HEARTBEAT_INTERVAL, wanted))
        step.emit(StoreVariable(HEARTBEAT_INTERVAL, wanted))


def _csms_asked(step: Step, asked: CsmsAsked) -> None:  # noqa: C901, PLR0912 - the one dispatch table
    ticket, command = asked.ticket, asked.command
    match command:
        case RequestStart():
            remote_control.request_start(step, ticket, command, asked.known)
        case RequestStop():
            remote_control.request_stop(step, ticket, command)
        case ChangeAvailability():
            change_availability(step, ticket, command)
        case Reset():
            remote_control.reset(step, ticket, command)
        case UnlockConnector():
            remote_control.unlock_connector(step, ticket, command)
        case TriggerMessage():
            remote_control.trigger_message(step, ticket, command)
        case GetVariables():
            get_variables(step, ticket, command)
        case SetVariables():
            set_variables(step, ticket, command)
        case GetBaseReport():
            get_base_report(step, ticket, command)
        case ClearCache():
            # C11.FR.03, C11.FR.04
            enabled = step.model.boolean(AUTH_CACHE_ENABLED)
            step.reply(ticket, Outcome.ACCEPTED if enabled else Outcome.REJECTED)
            if enabled:
                step.emit(ForgetCache())
        case GetTransactionStatus():
            _transaction_status(step, asked, command)
        case GetLocalListVersion():
            local_list_version(step, asked)
        case SendLocalList():
            send_local_list(step, asked, command)
        case SetChargingProfile():
            charging_profiles.set_profile(step, ticket, command)
        case ClearChargingProfile():
            charging_profiles.clear_profiles(step, ticket, command)
        case GetCompositeSchedule():
            charging_profiles.composite(step, ticket, command)
        case DataTransfer():
            step.reply(ticket, Outcome.UNKNOWN_VENDOR)  # P01.FR.05
        case _:
            assert_never(command)


def _transaction_status(step: Step, asked: CsmsAsked, command: GetTransactionStatus) -> None:
    """E14."""
    if command.transaction_id is None:
        step.answer(asked.ticket, TransactionStatus(ongoing=None, messages_in_queue=bool(asked.queued)))
        return
    ongoing = any(
        evse.record.transaction is not None and evse.record.transaction.id == command.transaction_id
        for evse in step.state.evses
    )
    queued = command.transaction_id in asked.queued
    step.answer(asked.ticket, TransactionStatus(ongoing=ongoing, messages_in_queue=queued))


def _pilot_changed(step: Step, event: PilotChanged) -> None:
    evse = step.evse(event.evse_id)
    was_plugged = evse.plugged
    evse = step.change(event.evse_id, pilot=event.state)
    if evse.plugged and not was_plugged:
        cable.plugged(step, evse.id)
    elif was_plugged and not evse.plugged:
        cable.unplugged(step, evse.id)
    else:
        if not evse.plugged and evse.record.finished:
            step.change_record(evse.id, finished=False)
        settle(step, evse.id)
    recovery.decide_interrupted(step, evse.id)


def _contactor_moved(step: Step, event: ContactorMoved) -> None:
    evse = step.evse(event.evse_id)
    opened_at_s = step.now.mono_s if evse.contactor_closed and not event.closed else evse.opened_at_s
    step.change(event.evse_id, contactor_closed=event.closed, opened_at_s=opened_at_s)
    if event.closed and evse.permitted_a is None:
        # Nobody allowed it; the port's own rules forbid it, too, but energy outside a transaction is never billed.
        step.emit(WithdrawEnergy(event.evse_id))
    tx = evse.record.transaction
    if tx is not None and tx.ending is not None and not event.closed:
        step.emit(ReadMeter(event.evse_id))
    settle(step, event.evse_id)
    recovery.decide_interrupted(step, event.evse_id)


def _fault_raised(step: Step, event: FaultRaised) -> None:
    fault_notes.note_raised(step, event.fault, evse_id=event.evse_id, detail=event.detail)
    for evse in step.state.evses:
        if event.evse_id not in (None, evse.id):
            continue
        changed = step.change(evse.id, faults=evse.faults | {event.fault})
        if changed.cuts_power(event.fault) and changed.permitted_a is not None:
            step.emit(WithdrawEnergy(evse.id))
            step.change(evse.id, permitted_a=None)
        if changed.ends_transaction(event.fault):
            reason = FAULTS[event.fault].stop_reason
            if changed.active_transaction is not None:
                settle(step, evse.id, end_by(reason, Trigger.ABNORMAL_CONDITION))  # E06.FR.16
            elif changed.record.grant is not None:
                step.change_record(evse.id, grant=None)
        settle(step, evse.id)
        _tell_fault(step, evse.id)


def _fault_cleared(step: Step, event: FaultCleared) -> None:
    fault_notes.note_cleared(step, event.fault, evse_id=event.evse_id)
    for evse in step.state.evses:
        if event.evse_id in (None, evse.id) and event.fault in evse.faults:
            step.change(evse.id, faults=evse.faults - {event.fault})
            settle(step, evse.id)
            _tell_fault(step, evse.id)


def _tell_fault(step: Step, evse_id: int) -> None:
    """A fault that does not change the status is still told with it (1.6 4.9: errorCode beside any status)."""
    evse = step.evse(evse_id)
    status = current_status(step, evse)
    if status is not None and status is evse.status:
        step.emit(status_report(step, evse, status))


def _time_passed(step: Step) -> None:
    fault_notes.time_passed(step)
    now_s = step.now.mono_s
    waiting = step.state.waiting
    if waiting is not None and waiting.plug_by_s is not None and now_s >= waiting.plug_by_s:
        step.state = replace(step.state, waiting=None, waiting_evses=())
    for evse in step.state.evses:
        recovery.decide_interrupted(step, evse.id)
        grant = step.evse(evse.id).record.grant
        if grant is not None and grant.plug_by_s is not None and now_s >= grant.plug_by_s:
            # E03.FR.05; 1.6 ConnectionTimeOut: nobody plugged in, the authorization lapses.
            step.change_record(evse.id, grant=None)
            settle(step, evse.id, Cause(Trigger.EV_CONNECT_TIMEOUT, StopReason.TIMEOUT))
        settle(step, evse.id, STATE_CHANGED)
