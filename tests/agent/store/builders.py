"""Facts, moments and stores for the tests of the store."""

from datetime import UTC, datetime
from pathlib import Path

from agent.clock import Moment
from agent.station.facts import (
    ChargingState,
    EnergySampled,
    Fact,
    IdleMeterSampled,
    StopReason,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
    Trigger,
)
from agent.station.id_token import IdToken
from agent.station.samples import Context, Measurand, MeterValue, Quantity
from agent.store.store import Changes, Store
from agent.units import Wh

NOW = Moment(wall=datetime(2026, 5, 1, 12, 0, tzinfo=UTC), mono_s=1000.5, boot="boot-1")
VALUES = (MeterValue(NOW, Context.SAMPLE_PERIODIC, (Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, 5, "Wh"),)),)


def started(transaction_id: str = "tx-1", seq_no: int = 0, *, offline: bool = False) -> TransactionStarted:
    return TransactionStarted(
        transaction_id=transaction_id,
        seq_no=seq_no,
        at=NOW,
        evse_id=1,
        connector_id=1,
        trigger=Trigger.AUTHORIZED,
        charging_state=ChargingState.EV_CONNECTED,
        register_wh=Wh(100),
        token=IdToken("04AABBCCDD"),
        offline=offline,
    )


def sampled(
    transaction_id: str = "tx-1", seq_no: int = 1, *, trigger: Trigger = Trigger.METER_VALUE_PERIODIC
) -> EnergySampled:
    return EnergySampled(
        transaction_id=transaction_id,
        seq_no=seq_no,
        at=NOW.later(seq_no),
        evse_id=1,
        connector_id=1,
        trigger=trigger,
        charging_state=ChargingState.CHARGING,
        register_wh=Wh(100 + seq_no),
        values=VALUES,
    )


def updated(transaction_id: str = "tx-1", seq_no: int = 1) -> TransactionUpdated:
    return TransactionUpdated(
        transaction_id=transaction_id,
        seq_no=seq_no,
        at=NOW,
        evse_id=1,
        connector_id=1,
        trigger=Trigger.CHARGING_STATE_CHANGED,
        charging_state=ChargingState.CHARGING,
        register_wh=Wh(100),
    )


def ended(transaction_id: str = "tx-1", seq_no: int = 2) -> TransactionEnded:
    return TransactionEnded(
        transaction_id=transaction_id,
        seq_no=seq_no,
        at=NOW,
        evse_id=1,
        connector_id=1,
        trigger=Trigger.EV_DEPARTED,
        charging_state=ChargingState.IDLE,
        register_wh=Wh(200),
        stop_reason=StopReason.EV_DISCONNECTED,
    )


def idle(evse_id: int = 0) -> IdleMeterSampled:
    return IdleMeterSampled(at=NOW, evse_id=evse_id, values=VALUES)


def changes(*facts: Fact) -> Changes:
    return Changes(facts=facts, moment=NOW)


async def reopen(store: Store, path: Path, *, max_mb: int = 64) -> Store:
    """As after a restart."""
    await store.close()
    return await Store.open(path, max_mb=max_mb)


async def queued_facts(store: Store) -> list[Fact]:
    return [row.fact for row in await store.listing(100_000)]
