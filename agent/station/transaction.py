"""One transaction: what it knows of itself, and the facts it leaves behind."""

from dataclasses import replace
from enum import StrEnum

from agent.clock import Moment
from agent.frozen import dataclass
from agent.station.facts import (
    ChargingState,
    EnergySampled,
    StopReason,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
    Trigger,
)
from agent.station.id_token import IdToken
from agent.station.samples import MeterSample, MeterValue
from agent.units import Wh


class TxPoint(StrEnum):
    """Members of TxStartPoint and TxStopPoint that this station can tell (2.0.1 E01, E06).

    ParkingBayOccupancy and DataSigned need hardware that no part provides yet, so they are not offered.
    """

    EV_CONNECTED = "EVConnected"
    AUTHORIZED = "Authorized"
    POWER_PATH_CLOSED = "PowerPathClosed"
    ENERGY_TRANSFER = "EnergyTransfer"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something happens to a transaction: the trigger to report, and the reason should it end by this."""

    trigger: Trigger
    stop_reason: StopReason = StopReason.OTHER
    token: IdToken | None = None
    ends: bool = False
    """End the transaction whatever TxStopPoint says (fault, reset)."""
    worth_telling: bool = True
    """Report it even if neither start, end nor charging state changes (2.0.1 E02.FR.17)."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A transaction that is over but waits for the open contactor and a last reading."""

    cause: Cause
    due_mono_s: float
    """When to stop waiting (monotonic)."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A running transaction; all of it is stored with every fact.

    `points` are the TxPoints reached so far. `register_wh` at `register_at` is the last reading stored, for
    the case that the meter never speaks again.
    """

    id: str
    connector_id: int
    started_at: Moment
    next_seq_no: int = 0
    points: frozenset[TxPoint] = frozenset()
    token: IdToken | None = None
    group: IdToken | None = None
    remote_start_id: int | None = None
    charging_state: ChargingState = ChargingState.IDLE
    begin_wh: Wh | None = None
    register_wh: Wh | None = None
    register_at: Moment | None = None
    energized: bool = False
    """The contactor has been closed at least once since the EV was plugged in."""
    offered_at_s: float | None = None
    """Monotonic time of the first permission: the EV gets a while before it counts as suspending."""
    sampled_at_s: float | None = None
    """Monotonic time at which the last periodic sample was due."""
    for_end: tuple[MeterValue, ...] = ()
    """Samples that travel in the Ended event (TxEndedInterval)."""
    end_sampled_at_s: float | None = None
    """Monotonic time at which the last of those was due."""
    energy_limit_wh: Wh | None = None
    """The register at which an invalid token's energy is used up (MaxEnergyOnInvalidId)."""
    suspended: bool = False
    """The CSMS finds the token invalid and lets the transaction go on: no energy (2.0.1 E05.FR.02)."""
    deauthorized_by: StopReason | None = None
    """Why nobody is authorized any more, while a stop point is still to come (2.0.1 E06)."""
    ending: Ending | None = None

    def next(self, sample: MeterSample | None = None) -> "Transaction":
        """The same after one more fact; the register it told is the last one known."""
        after = replace(self, next_seq_no=self.next_seq_no + 1)
        if sample is None:
            return after
        return replace(after, register_wh=sample.energy_wh, register_at=sample.at)


@dataclass(frozen=True, slots=True)
class Telling:
    """What every fact of one moment shares."""

    evse_id: int
    at: Moment
    offline: bool
    register_wh: Wh | None


def gone_on(tx: Transaction, *, points: frozenset[TxPoint], cause: Cause) -> Transaction:
    """`tx` after an event that did not end it: the points reached, and why its authorization ended if it did."""
    lost = TxPoint.AUTHORIZED in tx.points - points and tx.deauthorized_by is None
    reason = cause.stop_reason if lost and cause.stop_reason is not StopReason.OTHER else tx.deauthorized_by
    return replace(tx, points=tx.points | points, deauthorized_by=reason)


def final_cause(tx: Transaction, cause: Cause) -> Cause:
    """Why `tx` really ends: unplugging is only the last act of a stop that was commanded before."""
    if cause.stop_reason is StopReason.EV_DISCONNECTED and tx.deauthorized_by is not None:
        return replace(cause, stop_reason=tx.deauthorized_by)
    return cause


def started(
    tx: Transaction, telling: Telling, *, trigger: Trigger, values: tuple[MeterValue, ...], token: IdToken | None
) -> TransactionStarted:
    """The fact that `tx` began (2.0.1 E01.FR.07, E01.FR.09, E01.FR.15)."""
    return TransactionStarted(
        transaction_id=tx.id,
        seq_no=tx.next_seq_no,
        at=telling.at,
        evse_id=telling.evse_id,
        connector_id=tx.connector_id,
        trigger=trigger,
        charging_state=tx.charging_state,
        register_wh=telling.register_wh,
        values=values,
        token=token,
        offline=telling.offline,
        remote_start_id=tx.remote_start_id,
    )


def updated(
    tx: Transaction,
    telling: Telling,
    *,
    trigger: Trigger,
    values: tuple[MeterValue, ...] = (),
    token: IdToken | None = None,
) -> TransactionUpdated:
    """The fact that something happened in `tx`."""
    return TransactionUpdated(
        transaction_id=tx.id,
        seq_no=tx.next_seq_no,
        at=telling.at,
        evse_id=telling.evse_id,
        connector_id=tx.connector_id,
        trigger=trigger,
        charging_state=tx.charging_state,
        register_wh=telling.register_wh,
        values=values,
        token=token,
        offline=telling.offline,
        remote_start_id=tx.remote_start_id if trigger is Trigger.REMOTE_START else None,
    )


def sampled(tx: Transaction, telling: Telling, *, trigger: Trigger, values: tuple[MeterValue, ...]) -> EnergySampled:
    """Meter values of `tx`, periodic or clock-aligned (2.0.1 J02.FR.11, J01.FR.22)."""
    return EnergySampled(
        transaction_id=tx.id,
        seq_no=tx.next_seq_no,
        at=telling.at,
        evse_id=telling.evse_id,
        connector_id=tx.connector_id,
        trigger=trigger,
        charging_state=tx.charging_state,
        register_wh=telling.register_wh,
        values=values,
        offline=telling.offline,
    )


def ended(tx: Transaction, telling: Telling, *, cause: Cause, values: tuple[MeterValue, ...]) -> TransactionEnded:
    """The fact that `tx` is over (2.0.1 E06.FR.08, E06.FR.11)."""
    return TransactionEnded(
        transaction_id=tx.id,
        seq_no=tx.next_seq_no,
        at=telling.at,
        evse_id=telling.evse_id,
        connector_id=tx.connector_id,
        trigger=cause.trigger,
        charging_state=tx.charging_state,
        register_wh=telling.register_wh,
        values=values,
        token=cause.token,
        offline=telling.offline,
        stop_reason=cause.stop_reason,
    )
