"""What happened and must reach the CSMS. Facts are stored; messages are made of them when they are sent."""

from enum import StrEnum

from agent.clock import Moment
from agent.frozen import dataclass
from agent.station.fault_names import Fault
from agent.station.id_token import IdToken
from agent.station.samples import MeterValue
from agent.units import Wh


class Trigger(StrEnum):
    """TriggerReasonEnumType of 2.0.1: why a transaction event was recorded."""

    AUTHORIZED = "Authorized"
    CABLE_PLUGGED_IN = "CablePluggedIn"
    CHARGING_RATE_CHANGED = "ChargingRateChanged"
    CHARGING_STATE_CHANGED = "ChargingStateChanged"
    DEAUTHORIZED = "Deauthorized"
    ENERGY_LIMIT_REACHED = "EnergyLimitReached"
    EV_COMMUNICATION_LOST = "EVCommunicationLost"
    EV_CONNECT_TIMEOUT = "EVConnectTimeout"
    METER_VALUE_CLOCK = "MeterValueClock"
    METER_VALUE_PERIODIC = "MeterValuePeriodic"
    TIME_LIMIT_REACHED = "TimeLimitReached"
    TRIGGER = "Trigger"
    UNLOCK_COMMAND = "UnlockCommand"
    STOP_AUTHORIZED = "StopAuthorized"
    EV_DEPARTED = "EVDeparted"
    EV_DETECTED = "EVDetected"
    REMOTE_STOP = "RemoteStop"
    REMOTE_START = "RemoteStart"
    ABNORMAL_CONDITION = "AbnormalCondition"
    SIGNED_DATA_RECEIVED = "SignedDataReceived"
    RESET_COMMAND = "ResetCommand"


class ChargingState(StrEnum):
    """ChargingStateEnumType of 2.0.1."""

    CHARGING = "Charging"
    EV_CONNECTED = "EVConnected"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"
    IDLE = "Idle"


class StopReason(StrEnum):
    """ReasonEnumType of 2.0.1; 1.6 spells some of them otherwise (its adapter maps them)."""

    DE_AUTHORIZED = "DeAuthorized"
    EMERGENCY_STOP = "EmergencyStop"
    ENERGY_LIMIT_REACHED = "EnergyLimitReached"
    EV_DISCONNECTED = "EVDisconnected"
    GROUND_FAULT = "GroundFault"
    IMMEDIATE_RESET = "ImmediateReset"
    LOCAL = "Local"
    LOCAL_OUT_OF_CREDIT = "LocalOutOfCredit"
    MASTER_PASS = "MasterPass"  # noqa: S105 - a stop reason, no password
    OTHER = "Other"
    OVERCURRENT_FAULT = "OvercurrentFault"
    POWER_LOSS = "PowerLoss"
    POWER_QUALITY = "PowerQuality"
    REBOOT = "Reboot"
    REMOTE = "Remote"
    SOFT_RESET = "SoftReset"
    """1.6 only; 2.x calls every commanded reset ImmediateReset."""
    SOC_LIMIT_REACHED = "SOCLimitReached"
    STOPPED_BY_EV = "StoppedByEV"
    TIME_LIMIT_REACHED = "TimeLimitReached"
    TIMEOUT = "Timeout"
    UNLOCK_COMMAND = "UnlockCommand"


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFact:
    """What every transaction event carries.

    `seq_no` counts from 0 without a hole within one transaction. `register_wh` is the import register at
    `at`, or None where no reading was to be had. `connector_id` is None while no connector is chosen yet.
    """

    transaction_id: str
    seq_no: int
    at: Moment
    evse_id: int
    connector_id: int | None
    trigger: Trigger
    charging_state: ChargingState
    register_wh: Wh | None
    values: tuple[MeterValue, ...] = ()
    token: IdToken | None = None
    offline: bool = False
    remote_start_id: int | None = None
    reservation_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStarted(TransactionFact):
    """A transaction began; `token` is set where somebody was already authorized."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionUpdated(TransactionFact):
    """Something of note happened in a transaction; `token` is set by the event that authorized it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergySampled(TransactionFact):
    """Meter values of a running transaction: the only transaction fact that may be thinned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionEnded(TransactionFact):
    """A transaction is over; `token` is whoever stopped it, where a token did."""

    stop_reason: StopReason


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleMeterSampled:
    """Values that belong to no transaction event: clock-aligned while idle, or asked for; may be thinned.

    `evse_id` 0 is the station's own meter. `transaction_id` is set where one runs meanwhile (1.6 names it).
    """

    at: Moment
    evse_id: int
    values: tuple[MeterValue, ...]
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultNoted:
    """A fault began or ended; `evse_id` 0 is the station itself. `event_id` is never given twice."""

    at: Moment
    evse_id: int
    fault: Fault
    active: bool
    event_id: int
    detail: str = ""
    transaction_id: str | None = None


Fact = TransactionStarted | TransactionUpdated | EnergySampled | TransactionEnded | IdleMeterSampled | FaultNoted
