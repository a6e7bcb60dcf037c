"""Settling an EVSE: after anything changed, what follows for its transaction, its energy and its status.

Events change what is known; `settle` draws the conclusions, always by the same steps: TxPoints, the
transaction's begin or end, its charging state. `settle_station` then shares the supply and reports statuses.
"""

from dataclasses import replace

from agent.station import metering, transaction
from agent.station.authorization import GrantSource
from agent.station.availability import report_station
from agent.station.connector import ConnectorStatus, ConnectorView, status_of
from agent.station.effects import (
    ReadMeter,
    Record,
    ReportStatus,
    Restart,
    Unlock,
    WithdrawEnergy,
)
from agent.station.facts import ChargingState, StopReason, Trigger
from agent.station.faults import FAULTS
from agent.station.samples import Context, MeterValue
from agent.station.standard_variables import (
    SAMPLED_TX_ENDED_MEASURANDS,
    SAMPLED_TX_STARTED_MEASURANDS,
    TX_BEFORE_ACCEPTED_ENABLED,
    TX_START_POINT,
    TX_STOP_POINT,
)
from agent.station.state import Evse
from agent.station.step import Step
from agent.station.supply import share_supply
from agent.station.transaction import Cause, Ending, Telling, Transaction, TxPoint
from agent.station.variable import VariableKey
from agent.units import Wh

LAST_READING_WITHIN_S = 5.0
"""How long an ending transaction waits for the contactor and a last reading."""

EV_READY_WITHIN_S = 30.0
"""An EV that was never charged counts as suspending only after this long (IEC 61851-1 sets no limit)."""

UNDER_WAY = frozenset({ConnectorStatus.CHARGING, ConnectorStatus.SUSPENDED_EV, ConnectorStatus.SUSPENDED_EVSE})
"""No way leads back from these to Preparing (1.6 section 4.9)."""

STATE_CHANGED = Cause(Trigger.CHARGING_STATE_CHANGED, worth_telling=False)


def telling(step: Step, evse: Evse) -> Telling:
    """What a fact of this EVSE says of the moment."""
    return Telling(
        evse_id=evse.id,
        at=step.now,
        offline=not step.state.online,
        register_wh=evse.sample.energy_wh if evse.sample else _last_stored(evse),
    )


def _last_stored(evse: Evse) -> Wh | None:
    """The register in the store: after a restart the meter may not have spoken yet."""
    return evse.record.transaction.register_wh if evse.record.transaction is not None else None


def reached_points(evse: Evse) -> frozenset[TxPoint]:
    """The TxPoints that hold now (2.0.1 E01, E06)."""
    points = set()
    # E05.FR.02: an invalid token that may stay (StopTxOnInvalidId false) stops the energy, not the authorization.
    authorized = evse.record.grant is not None
    if evse.plugged:
        points.add(TxPoint.EV_CONNECTED)
    if authorized:
        points.add(TxPoint.AUTHORIZED)
    if authorized and evse.plugged:
        points.add(TxPoint.POWER_PATH_CLOSED)
    if evse.contactor_closed and evse.wants_energy:
        points.add(TxPoint.ENERGY_TRANSFER)
    return frozenset(points)


def settle(step: Step, evse_id: int, cause: Cause = STATE_CHANGED) -> None:
    """Draw the conclusions of a change for one EVSE; `cause` is what the facts will give as trigger and reason."""
    evse = step.evse(evse_id)
    if evse.interrupted_until_s is not None:
        return  # nothing is decided before the interrupted transaction is
    before = evse.record.transaction
    if before is None and evse.pilot is None:
        return  # a car that was there before a restart does not count as newly plugged in
    points = reached_points(evse)
    if before is None:
        if not _begin_if_due(step, evse, points, cause):
            return
    elif before.ending is None:
        end = _why_it_ends(step, evse, before, points=points, cause=cause)
        if end is not None:
            _start_ending(step, evse, before, end)
        else:
            reached = transaction.gone_on(before, points=points, cause=cause)
            if reached != before:
                step.change_record(evse_id, transaction=reached)
    if step.evse(evse_id).record.points != points:
        step.change_record(evse_id, points=points)
    finish_if_ready(step, evse_id)
    _tell_update(step, evse_id, cause, existed=before is not None)


def _why_it_ends(step: Step, evse: Evse, tx: Transaction, *, points: frozenset[TxPoint], cause: Cause) -> Cause | None:
    """The cause of the end, if a stop point is lost (2.0.1 E06 S1 to S6); None while the transaction goes on."""
    if cause.ends:
        return cause
    stop_points = frozenset(step.model.members(TX_STOP_POINT))
    if TxPoint.ENERGY_TRANSFER in stop_points:
        # E05.FR.10: no energy is transferred without a cable and an authorization; losing either ends the transfer.
        stop_points |= {TxPoint.EV_CONNECTED, TxPoint.AUTHORIZED}
    lost = (tx.points - points) & stop_points
    if lost == {TxPoint.ENERGY_TRANSFER}:
        return _end_of_transfer(evse, tx)
    # With nobody authorized and no EV there, no stop point could ever end it (warning in 2.0.1 part 2, E 1.1).
    is_abandoned = not evse.plugged and evse.record.grant is None
    return cause if lost or is_abandoned else None


def _end_of_transfer(evse: Evse, tx: Transaction) -> Cause:
    """Why no energy flows any more, where that alone ends the transaction (E06.FR.07)."""
    if tx.suspended:
        return Cause(Trigger.DEAUTHORIZED, StopReason.DE_AUTHORIZED)
    fault = evse.worst_fault
    if fault is not None and evse.powerless:
        return Cause(Trigger.ABNORMAL_CONDITION, FAULTS[fault].stop_reason)
    reason = StopReason.OTHER if evse.wants_energy else StopReason.STOPPED_BY_EV
    return Cause(Trigger.CHARGING_STATE_CHANGED, reason)


def _is_begin_due(step: Step, evse: Evse, points: frozenset[TxPoint]) -> bool:
    """A start point is newly reached (2.0.1 E01 S1 to S6)."""
    start_points = frozenset(step.model.members(TX_START_POINT))
    if TxPoint.ENERGY_TRANSFER in start_points:
        # The begin is recorded before energy may flow, so the transfer counts from when it is about to be offered.
        start_points |= {TxPoint.POWER_PATH_CLOSED}
    new = points - evse.record.points
    # Who authorizes again after an ended transaction gets the next one, though the cable is no news then.
    return bool(new & start_points) or (TxPoint.POWER_PATH_CLOSED in new and bool(points & start_points))


def _begin_trigger(evse: Evse, cause: Cause) -> Trigger:
    """What began it; a begin that had to wait (for the meter, the store, an acceptance) tells what it waited with."""
    grant = evse.record.grant
    if cause.worth_telling:
        return cause.trigger
    if grant is None:
        return Trigger.CABLE_PLUGGED_IN
    return Trigger.REMOTE_START if grant.source is GrantSource.REMOTE else Trigger.AUTHORIZED


def _begin_if_due(step: Step, evse: Evse, points: frozenset[TxPoint], cause: Cause) -> bool:
    """Begin a transaction on the edge of a start point; False while it must wait, so that the edge is kept."""
    if not _is_begin_due(step, evse, points):
        return True
    if not may_begin(step, evse):
        return False
    grant = evse.record.grant
    tx = Transaction(
        id=step.new_id(),
        connector_id=evse.config.connector_ids[0],
        started_at=step.now,
        points=points,
        token=grant.token if grant else None,
        group=grant.group if grant else None,
        remote_start_id=grant.remote_start_id if grant else None,
        begin_wh=evse.sample.energy_wh if evse.sample else None,
        register_wh=evse.sample.energy_wh if evse.sample else None,
        register_at=evse.sample.at if evse.sample else None,
        sampled_at_s=step.now.mono_s,
        end_sampled_at_s=step.now.mono_s,
        # SampledDataTxEndedInterval: the Ended event tells the values at the begin, too.
        for_end=_boundary_values(step, evse, SAMPLED_TX_ENDED_MEASURANDS, context=Context.TRANSACTION_BEGIN),
    )
    tx = replace(tx, charging_state=charging_state(step, evse, tx))
    # Recorded before power: energy must never flow that nobody can bill.
    fact = transaction.started(
        tx,
        telling(step, evse),
        trigger=_begin_trigger(evse, cause),
        values=_boundary_values(step, evse, SAMPLED_TX_STARTED_MEASURANDS, context=Context.TRANSACTION_BEGIN),
        token=tx.token,
    )
    step.emit(Record(fact))
    step.change_record(evse.id, transaction=tx.next(), points=points, finished=False)
    return True


def _boundary_values(step: Step, evse: Evse, key: VariableKey, *, context: Context) -> tuple[MeterValue, ...]:
    """The reading at a transaction's begin or end, while nothing is offered."""
    members = step.model.members(key)
    return metering.select(evse.sample, members, context=context, offered_a=0.0, phases=evse.config.phases)


def is_admitted(step: Step) -> bool:
    """The CSMS has accepted this station, or transactions before that are wanted (B02.FR.03, B03.FR.01)."""
    return step.state.record.accepted or step.model.boolean(TX_BEFORE_ACCEPTED_ENABLED)


def may_begin(step: Step, evse: Evse) -> bool:
    """Whether a transaction may begin here now: it can be measured, stored and is allowed."""
    state = step.state
    return (
        is_admitted(step)
        and state.writable
        and state.reset is None
        and not evse.faulted
        and state.is_operative(evse)
        and metering.is_fresh(evse.sample, now=step.now)
    )


def _start_ending(step: Step, evse: Evse, tx: Transaction, cause: Cause) -> None:
    """Stop the energy now; the fact follows once the contactor is open and the meter was read."""
    step.emit(WithdrawEnergy(evse.id))
    step.emit(ReadMeter(evse.id))
    ending = Ending(cause=transaction.final_cause(tx, cause), due_mono_s=step.now.mono_s + LAST_READING_WITHIN_S)
    step.change(evse.id, permitted_a=None)
    # The authorization ends with the transaction, whatever ended it.
    step.change_record(evse.id, transaction=replace(tx, ending=ending), grant=None)


def ending_due_s(evse: Evse, ending: Ending) -> float:
    """When not to wait any longer (monotonic): a storage that stalls must not cost the reading after the opening."""
    if evse.contactor_closed is False and evse.opened_at_s is not None:
        return max(ending.due_mono_s, evse.opened_at_s + LAST_READING_WITHIN_S)
    return ending.due_mono_s


def finish_if_ready(step: Step, evse_id: int) -> None:
    """Record the end of an ending transaction once its last reading is in, or its time is up."""
    evse = step.evse(evse_id)
    tx = evse.record.transaction
    if tx is None or tx.ending is None or evse.interrupted_until_s is not None:
        return
    opened = evse.contactor_closed is False
    read_since = evse.sample is not None and (evse.opened_at_s is None or evse.sample.at.mono_s >= evse.opened_at_s)
    if not (opened and read_since) and step.now.mono_s < ending_due_s(evse, tx.ending):
        return
    cause = tx.ending.cause
    tx = replace(tx, charging_state=ChargingState.EV_CONNECTED if evse.plugged else ChargingState.IDLE)
    values = _boundary_values(step, evse, SAMPLED_TX_ENDED_MEASURANDS, context=Context.TRANSACTION_END)
    step.emit(Record(transaction.ended(tx, telling(step, evse), cause=cause, values=(*tx.for_end, *values))))
    if evse.locked and evse.record.cable_held_for is None:
        step.emit(Unlock(evse_id))  # E06.FR.10
        step.change(evse_id, locked=False)
    # Who was cut off by a power loss is not finished: the car may charge again without being plugged in anew.
    finished = evse.plugged and cause.stop_reason is not StopReason.POWER_LOSS
    step.change_record(evse_id, transaction=None, finished=finished, points=reached_points(step.evse(evse_id)))


def charging_state(step: Step, evse: Evse, tx: Transaction) -> ChargingState:
    """ChargingStateEnumType as it is now."""
    if not evse.plugged:
        return ChargingState.IDLE
    if evse.record.grant is None and not tx.suspended:
        return ChargingState.EV_CONNECTED
    if not evse.is_permitted:
        waits = tx.offered_at_s is None and not (evse.powerless or tx.suspended or evse.supply_denied)
        return ChargingState.EV_CONNECTED if waits else ChargingState.SUSPENDED_EVSE
    if evse.wants_energy:
        if evse.contactor_closed:
            return ChargingState.CHARGING
        # Not closed yet: the contactor is on its way and the state still the last one. One that opened though the
        # EV asks for energy is the EVSE's doing.
        is_own_doing = tx.charging_state is ChargingState.CHARGING
        return ChargingState.SUSPENDED_EVSE if is_own_doing else tx.charging_state
    return ChargingState.EV_CONNECTED if _is_ev_expected(step, tx) else ChargingState.SUSPENDED_EV


def _is_ev_expected(step: Step, tx: Transaction) -> bool:
    return not tx.energized and tx.offered_at_s is not None and step.now.mono_s < tx.offered_at_s + EV_READY_WITHIN_S


def _tell_update(step: Step, evse_id: int, cause: Cause, *, existed: bool) -> None:
    """Record what a going transaction must tell: a new charging state (E02.FR.13) or an event of note (E02.FR.17)."""
    evse = step.evse(evse_id)
    tx = evse.active_transaction
    if tx is None:
        return
    state = charging_state(step, evse, tx)
    energized = tx.energized or bool(evse.contactor_closed)
    if energized != tx.energized:
        tx = replace(tx, energized=True)
        step.change_record(evse_id, transaction=tx)
    if state is tx.charging_state and not (existed and cause.worth_telling):
        return
    tx = replace(tx, charging_state=state)
    trigger = cause.trigger if existed else Trigger.CHARGING_STATE_CHANGED
    step.emit(Record(transaction.updated(tx, telling(step, evse), trigger=trigger, token=cause.token)))
    step.change_record(evse_id, transaction=tx.next(evse.sample))


def settle_station(step: Step) -> None:
    """Share the supply among the EVSEs, report statuses, and restart once a commanded reset has its way clear."""
    for evse in step.state.evses:
        settle(step, evse.id)
    share_supply(step)
    report_station(step)
    for evse in step.state.evses:
        settle(step, evse.id)
        _report_status(step, evse.id)
    reset = step.state.reset
    if reset is not None and all(evse.record.transaction is None for evse in step.state.evses):
        step.state = replace(step.state, reset=None)
        step.emit(Restart(reset.kind, reset.reboot))


def _is_settling(step: Step, evse: Evse, tx: Transaction) -> bool:
    if tx.suspended or evse.supply_denied or evse.status in UNDER_WAY:
        return False
    return tx.offered_at_s is None or _is_ev_expected(step, tx)


def view(step: Step, evse: Evse) -> ConnectorView:
    """What decides the connector's status."""
    tx = evse.active_transaction
    # The EV asks and the contactor is open: not the EV's pause, until it closes.
    is_held_back = evse.wants_energy and tx is not None and tx.charging_state is ChargingState.SUSPENDED_EVSE
    return ConnectorView(
        faulted=evse.faulted,
        operative=step.state.is_operative(evse),
        reserved=False,
        plugged=evse.plugged or evse.holds_cable,
        authorized=evse.record.grant is not None,
        in_transaction=evse.record.transaction is not None,
        ending=evse.record.transaction is not None and tx is None,
        finished=evse.record.finished or evse.holds_cable,
        settling=tx is not None and _is_settling(step, evse, tx),
        deauthorized=tx is not None and tx.token is not None and evse.record.grant is None,
        permitted=evse.is_permitted and not is_held_back,
        wants_energy=evse.wants_energy,
        contactor_closed=bool(evse.contactor_closed),
    )


def current_status(step: Step, evse: Evse) -> ConnectorStatus | None:
    """The status to report; None before the pilot was read for the first time."""
    return status_of(view(step, evse)) if evse.pilot is not None or evse.faulted else None


def _report_status(step: Step, evse_id: int) -> None:
    evse = step.evse(evse_id)
    status = current_status(step, evse)
    if status is None or status is evse.status:
        return
    step.change(evse_id, status=status)
    step.emit(status_report(step, evse, status))


def status_report(step: Step, evse: Evse, status: ConnectorStatus, *, forced: bool = False) -> ReportStatus:
    """A status as it is reported, with the fault that explains it."""
    return ReportStatus(
        evse_id=evse.id,
        connector_id=evse.config.connector_ids[0],
        status=status,
        at=step.now,
        fault=evse.worst_fault,
        forced=forced,
    )


def end_by(reason: StopReason, trigger: Trigger) -> Cause:
    """A cause that ends a transaction whatever TxStopPoint says."""
    return Cause(trigger, reason, ends=True)
