"""What a CSMS may ask, and what the station may answer, in neither version's words but 2.x's vocabulary.

A command is decoded from a CALL by the adapter of the version in use; its answer travels back the same way.
"""

from enum import StrEnum

from agent.frozen import dataclass
from agent.smart_charging.compose import CompositeSchedule
from agent.smart_charging.profile import ChargingProfile, RateUnit
from agent.smart_charging.stack import ClearFilter
from agent.station.device_model import ReportedVariable, VariableKey
from agent.station.id_token import IdToken, TokenInfo


@dataclass(frozen=True, slots=True)
class RequestStart:
    """Start a transaction for `token`; `evse_id` None lets the station choose (2.0.1 F01, 1.6 5.11)."""

    token: IdToken
    evse_id: int | None = None
    remote_start_id: int | None = None
    group: IdToken | None = None
    profile: ChargingProfile | None = None
    """For the transaction that it starts (F01.FR.09; 1.6 5.16.2)."""


@dataclass(frozen=True, slots=True)
class RequestStop:
    """Stop one transaction (2.0.1 F03, 1.6 5.12); an id that is not running is Rejected.

    1.6 names it by the number the CSMS gave (`id_16`), which the runtime resolves before the station sees it.
    """

    transaction_id: str
    id_16: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeAvailability:
    """Make the station (`evse_id` None) or an EVSE (and its connector) operative or not (2.0.1 G03/G04, 1.6 5.2)."""

    operative: bool
    evse_id: int | None = None
    connector_id: int | None = None


class ResetKind(StrEnum):
    """How a reset treats what is going on."""

    IMMEDIATE = "Immediate"
    ON_IDLE = "OnIdle"


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the station, or one EVSE (2.0.1 B11/B12, 1.6 5.14).

    `reboot` asks for a restart of the process (or the controller) and not only of the application (1.6 Hard).
    """

    kind: ResetKind
    evse_id: int | None = None
    reboot: bool = True


@dataclass(frozen=True, slots=True)
class UnlockConnector:
    """Release the cable (2.0.1 F05, 1.6 5.18); 1.6 stops a running transaction first, 2.x refuses."""

    evse_id: int
    connector_id: int
    stops_transaction: bool = False


class TriggeredMessage(StrEnum):
    """What TriggerMessage may ask for."""

    BOOT_NOTIFICATION = "BootNotification"
    HEARTBEAT = "Heartbeat"
    METER_VALUES = "MeterValues"
    STATUS_NOTIFICATION = "StatusNotification"
    TRANSACTION_EVENT = "TransactionEvent"
    OTHER = "Other"
    """Anything this agent never sends: NotImplemented (1.6 5.17, 2.0.1 F06.FR.08)."""


@dataclass(frozen=True, slots=True)
class TriggerMessage:
    """Send a message now (2.0.1 F06, 1.6 5.17); `evse_id` None means all of them.

    2.x refuses a BootNotification once accepted (F06.FR.17); 1.6 does not (`boot_when_accepted`). MeterValues tell the
    clock-aligned measurands in 2.x (F06.FR.06), the sampled ones in 1.6 (`sampled_measurands`, errata 3.46).
    """

    message: TriggeredMessage
    evse_id: int | None = None
    connector_id: int | None = None
    boot_when_accepted: bool = False
    sampled_measurands: bool = False


@dataclass(frozen=True, slots=True)
class GetVariables:
    """Read variables (2.0.1 B06); `None` as attribute means Actual."""

    keys: tuple[tuple[VariableKey, str | None], ...]


@dataclass(frozen=True, slots=True)
class VariableAssignment:
    """One variable to set; `attribute` None means Actual."""

    key: VariableKey
    value: str
    attribute: str | None = None


@dataclass(frozen=True, slots=True)
class SetVariables:
    """Change variables (2.0.1 B05, 1.6 ChangeConfiguration); each is judged by itself."""

    assignments: tuple[VariableAssignment, ...]


@dataclass(frozen=True, slots=True)
class GetBaseReport:
    """Report the device model in NotifyReport messages (2.0.1 B07)."""

    request_id: int
    base: str


@dataclass(frozen=True, slots=True)
class ClearCache:
    """Forget every cached token (2.0.1 C11, 1.6 5.4)."""


@dataclass(frozen=True, slots=True)
class GetTransactionStatus:
    """Is a transaction going on, and are messages queued (2.0.1 E14)?"""

    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class GetLocalListVersion:
    """Which version of the local list is stored (2.0.1 D02, 1.6 5.10)."""


@dataclass(frozen=True, slots=True)
class SendLocalList:
    """Replace or amend the local list (2.0.1 D01, 1.6 5.15); an entry without info is removed."""

    version: int
    full: bool
    entries: tuple[tuple[IdToken, TokenInfo | None], ...] = ()


@dataclass(frozen=True, slots=True)
class SetChargingProfile:
    """Install a profile for an EVSE, or for the station as EVSE 0 (2.0.1 K01, 1.6 5.16).

    1.6 names the transaction by the number the CSMS gave (`id_16`), which the runtime resolves.
    """

    evse_id: int
    profile: ChargingProfile
    id_16: int | None = None


@dataclass(frozen=True, slots=True)
class ClearChargingProfile:
    """Remove the profiles that are meant (2.0.1 K10, 1.6 5.5)."""

    chosen: ClearFilter


@dataclass(frozen=True, slots=True)
class GetCompositeSchedule:
    """Tell what the next `duration_s` will allow an EVSE, or the station as EVSE 0 (2.0.1 K08, 1.6 5.7)."""

    evse_id: int
    duration_s: int
    unit: RateUnit | None = None


@dataclass(frozen=True, slots=True)
class DataTransfer:
    """A vendor's own message (P01, 1.6 5.6)."""

    vendor_id: str
    message_id: str | None
    data: str | None


Command = (
    RequestStart
    | RequestStop
    | ChangeAvailability
    | Reset
    | UnlockConnector
    | TriggerMessage
    | GetVariables
    | SetVariables
    | GetBaseReport
    | ClearCache
    | GetTransactionStatus
    | GetLocalListVersion
    | SendLocalList
    | SetChargingProfile
    | ClearChargingProfile
    | GetCompositeSchedule
    | DataTransfer
)


class Outcome(StrEnum):
    """How a command went; each adapter spells it as its version does."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    SCHEDULED = "Scheduled"
    NOT_IMPLEMENTED = "NotImplemented"
    UNLOCKED = "Unlocked"
    UNLOCK_FAILED = "UnlockFailed"
    ONGOING_AUTHORIZED_TRANSACTION = "OngoingAuthorizedTransaction"
    UNKNOWN_CONNECTOR = "UnknownConnector"
    NOT_SUPPORTED = "NotSupported"
    EMPTY_RESULT_SET = "EmptyResultSet"
    FAILED = "Failed"
    VERSION_MISMATCH = "VersionMismatch"
    UNKNOWN_VENDOR = "UnknownVendorId"
    UNKNOWN_MESSAGE = "UnknownMessageId"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Done:
    """The answer of most commands: how it went, and where the text wants it, why."""

    outcome: Outcome
    reason: str | None = None
    """A reasonCode of 2.0.1's statusInfo, such as TxInProgress."""
    transaction_id: str | None = None
    """2.0.1 F02: the transaction that the command concerns and that already runs."""


@dataclass(frozen=True, slots=True)
class VariableResult:
    """One variable read or set; `status` is the Get- or SetVariableStatusEnumType."""

    key: VariableKey
    status: str
    attribute: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True)
class VariableResults:
    """Answers in the order asked."""

    results: tuple[VariableResult, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Accepted, and this is what NotifyReport will carry."""

    request_id: int
    variables: tuple[ReportedVariable, ...]


@dataclass(frozen=True, slots=True)
class LocalListVersion:
    """0 where no list is stored; -1 (1.6) where lists are not supported."""

    version: int


@dataclass(frozen=True, slots=True)
class TransactionStatus:
    """2.0.1 E14: `ongoing` is None where no transaction was named."""

    ongoing: bool | None
    messages_in_queue: bool


@dataclass(frozen=True, slots=True)
class Composed:
    """The composite schedule of an EVSE, or of the station as EVSE 0."""

    evse_id: int
    schedule: CompositeSchedule


Answer = Done | VariableResults | Report | LocalListVersion | TransactionStatus | Composed
