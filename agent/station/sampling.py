"""What a fresh meter sample leads to: periodic and clock-aligned values, checkpoints, used-up energy."""

from dataclasses import replace

from agent.station import admission, metering, recovery, transaction
from agent.station.device_model import VariableKey
from agent.station.effects import Record
from agent.station.evse import finish_if_ready, telling
from agent.station.facts import IdleMeterSampled, Trigger
from agent.station.samples import Context, MeterSample, MeterValue
from agent.station.standard_variables import (
    ALIGNED_ENABLED,
    ALIGNED_INTERVAL,
    ALIGNED_MEASURANDS,
    ALIGNED_SEND_DURING_IDLE,
    ALIGNED_TX_ENDED_INTERVAL,
    ALIGNED_TX_ENDED_MEASURANDS,
    SAMPLED_ENABLED,
    SAMPLED_TX_ENDED_INTERVAL,
    SAMPLED_TX_ENDED_MEASURANDS,
    SAMPLED_TX_UPDATED_INTERVAL,
    SAMPLED_TX_UPDATED_MEASURANDS,
)
from agent.station.state import Evse
from agent.station.step import Step
from agent.station.transaction import Transaction

CHECKPOINT_EVERY_S = 60.0
"""How often a running transaction's register is stored even if no sample is due."""

MAX_VALUES_FOR_END = 200
"""Samples kept for the Ended event; beyond that every second one goes (E07.FR.10)."""


def meter_sampled(step: Step, sample: MeterSample) -> None:
    """Take in a reading."""
    held = step.evse(sample.evse_id).sample
    if held is not None and sample.at.mono_s < held.at.mono_s:
        return  # overtaken by a younger one; J02.FR.16: registers never run backwards
    evse = step.change(sample.evse_id, sample=sample)
    recovery.decide_interrupted(step, evse.id)
    finish_if_ready(step, evse.id)
    if step.evse(evse.id).interrupted_until_s is None:
        _sample_periodically(step, evse.id, sample)
        _sample_for_end(step, evse.id, sample)
        _checkpoint(step, evse.id, sample)
    _sample_by_the_clock(step, evse.id, sample)
    tx = step.evse(evse.id).active_transaction
    if (
        tx is not None
        and not tx.suspended
        and tx.energy_limit_wh is not None
        and sample.energy_wh >= tx.energy_limit_wh
    ):
        admission.suspend(step, evse.id)  # E05.FR.03


def _values(
    step: Step, evse: Evse, sample: MeterSample, *, measurands: VariableKey, context: Context
) -> tuple[MeterValue, ...]:
    return metering.select(
        sample,
        step.model.members(measurands),
        context=context,
        offered_a=evse.permitted_a or 0.0,
        phases=evse.config.phases,
    )


def _sample_periodically(step: Step, evse_id: int, sample: MeterSample) -> None:
    """J02.FR.11; 1.6 MeterValueSampleInterval."""
    evse = step.evse(evse_id)
    tx = evse.active_transaction
    if tx is None or tx.sampled_at_s is None or not step.model.boolean(SAMPLED_ENABLED):
        return
    due_s = metering.periodic_due(tx.sampled_at_s, step.model.integer(SAMPLED_TX_UPDATED_INTERVAL), step.now.mono_s)
    if due_s is None:
        return
    tx = replace(tx, sampled_at_s=due_s, register_wh=sample.energy_wh, register_at=sample.at)
    values = _values(step, evse, sample, measurands=SAMPLED_TX_UPDATED_MEASURANDS, context=Context.SAMPLE_PERIODIC)
    if values:
        fact = transaction.sampled(tx, telling(step, evse), trigger=Trigger.METER_VALUE_PERIODIC, values=values)
        step.emit(Record(fact))
        tx = tx.next(sample)
    step.change_record(evse_id, transaction=tx)


def _sample_for_end(step: Step, evse_id: int, sample: MeterSample) -> None:
    """SampledDataCtrlr.TxEndedInterval: samples that wait for the Ended event."""
    evse = step.evse(evse_id)
    tx = evse.active_transaction
    if tx is None or tx.end_sampled_at_s is None or not step.model.boolean(SAMPLED_ENABLED):
        return
    interval_s = step.model.integer(SAMPLED_TX_ENDED_INTERVAL)
    due_s = metering.periodic_due(tx.end_sampled_at_s, interval_s, step.now.mono_s)
    if due_s is None:
        return
    values = _values(step, evse, sample, measurands=SAMPLED_TX_ENDED_MEASURANDS, context=Context.SAMPLE_PERIODIC)
    step.change_record(evse_id, transaction=replace(_kept_for_end(tx, values), end_sampled_at_s=due_s))


def _kept_for_end(tx: Transaction, values: tuple[MeterValue, ...]) -> Transaction:
    kept = (*tx.for_end, *values)
    if len(kept) > MAX_VALUES_FOR_END:
        kept = (kept[0], *kept[2::2])  # the begin stays
    return replace(tx, for_end=kept)


def _sample_by_the_clock(step: Step, evse_id: int, sample: MeterSample) -> None:
    """J01.FR.14, J01.FR.19, J01.FR.22; 1.6 ClockAlignedDataInterval, StopTxnAlignedData."""
    evse = step.evse(evse_id)
    if not sample.at.wall_known or not step.model.boolean(ALIGNED_ENABLED):
        return
    slot = metering.aligned_slot(sample.at.wall, step.model.integer(ALIGNED_INTERVAL))
    end_slot = metering.aligned_slot(sample.at.wall, step.model.integer(ALIGNED_TX_ENDED_INTERVAL))
    if (slot, end_slot) == (evse.aligned_slot, evse.aligned_end_slot):
        return
    step.change(evse_id, aligned_slot=slot, aligned_end_slot=end_slot)
    if evse.interrupted_until_s is not None:
        return
    if slot is not None and evse.aligned_slot not in (None, slot):
        _tell_aligned(step, evse, sample)
    tx = step.evse(evse_id).active_transaction
    if tx is not None and end_slot is not None and evse.aligned_end_slot not in (None, end_slot):
        values = _values(step, evse, sample, measurands=ALIGNED_TX_ENDED_MEASURANDS, context=Context.SAMPLE_CLOCK)
        step.change_record(evse_id, transaction=_kept_for_end(tx, values))


def _tell_aligned(step: Step, evse: Evse, sample: MeterSample) -> None:
    tx = step.evse(evse.id).active_transaction
    if tx is not None and step.model.boolean(ALIGNED_SEND_DURING_IDLE):
        return
    values = _values(step, evse, sample, measurands=ALIGNED_MEASURANDS, context=Context.SAMPLE_CLOCK)
    if not values:
        return
    if tx is None:
        step.emit(Record(IdleMeterSampled(at=step.now, evse_id=evse.id, values=values)))
        return
    fact = transaction.sampled(tx, telling(step, evse), trigger=Trigger.METER_VALUE_CLOCK, values=values)
    step.emit(Record(fact))
    step.change_record(evse.id, transaction=tx.next(sample))


def _checkpoint(step: Step, evse_id: int, sample: MeterSample) -> None:
    """Keep the register of a running transaction in the store, for the case that the meter dies with the power."""
    tx = step.evse(evse_id).active_transaction
    if tx is None or tx.register_at is None:
        return
    away_s = abs(sample.at.mono_s - tx.register_at.mono_s)
    if away_s >= CHECKPOINT_EVERY_S or tx.register_at.boot != sample.at.boot:
        step.change_record(evse_id, transaction=replace(tx, register_wh=sample.energy_wh, register_at=sample.at))
