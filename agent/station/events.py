"""What happened: everything that can move the station. Past tense, frozen, complete in themselves."""

from agent.frozen import dataclass
from agent.station.commands import Command
from agent.station.faults import Fault
from agent.station.id_token import UNKNOWN_TOKEN, IdToken, KnownToken, TokenInfo
from agent.station.pilot import PilotState
from agent.station.samples import MeterSample


@dataclass(frozen=True, slots=True)
class StationStarted:
    """The process is up with the last committed state; what was open is ended or resumed from here."""


@dataclass(frozen=True, slots=True)
class PilotChanged:
    """The control pilot of an EVSE moved (or was read for the first time)."""

    evse_id: int
    state: PilotState


@dataclass(frozen=True, slots=True)
class ContactorMoved:
    """The mirror contact confirmed a position."""

    evse_id: int
    closed: bool


@dataclass(frozen=True, slots=True)
class MeterSampled:
    """A fresh reading arrived."""

    sample: MeterSample


@dataclass(frozen=True, slots=True)
class FaultRaised:
    """A fault began; `evse_id` None concerns the whole station."""

    evse_id: int | None
    fault: Fault
    detail: str = ""


@dataclass(frozen=True, slots=True)
class FaultCleared:
    """A fault ended."""

    evse_id: int | None
    fault: Fault


@dataclass(frozen=True, slots=True)
class TokenPresented:
    """A reader saw a token; `evse_ids` are the EVSEs that reader serves (empty: all)."""

    token: IdToken
    evse_ids: tuple[int, ...] = ()
    known: KnownToken = UNKNOWN_TOKEN


@dataclass(frozen=True, slots=True)
class StopPressed:
    """Somebody pressed the stop button of an EVSE."""

    evse_id: int


@dataclass(frozen=True, slots=True)
class LimitMoved:
    """The devices of an EVSE (a hot cable, a curtailment relay) allow `limit_a` per phase; None: no limit of theirs."""

    evse_id: int
    limit_a: float | None


@dataclass(frozen=True, slots=True)
class LeaseLapsed:
    """The port of an EVSE was not renewed in time: it ended the permission, and needs a new one."""

    evse_id: int


@dataclass(frozen=True, slots=True)
class TokenAnswered:
    """The CSMS answered an authorization; `info` None: it did not answer, or refused to."""

    ticket: int
    info: TokenInfo | None


@dataclass(frozen=True, slots=True)
class TransactionAnswered:
    """The CSMS's answer to a transaction fact said something of the token (1.6 idTagInfo, 2.x idTokenInfo)."""

    transaction_id: str
    token: IdToken
    info: TokenInfo


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """`online`: connected and the boot accepted."""

    online: bool


@dataclass(frozen=True, slots=True)
class BootAnswered:
    """The CSMS answered a BootNotification: accepted, or (Pending, Rejected) not.

    `heartbeat_s` is the interval it asks for; 0 leaves the station's own (B01.FR.04).
    """

    accepted: bool
    heartbeat_s: int = 0


@dataclass(frozen=True, slots=True)
class CsmsAsked:
    """A CALL, decoded. `known` is what is known of a RequestStart's token; `queued` whether facts wait (E14)."""

    ticket: int
    command: Command
    known: KnownToken = UNKNOWN_TOKEN
    queued: frozenset[str] = frozenset()
    """Ids of transactions with facts in the outbox (filled for GetTransactionStatus only)."""
    local_list_version: int = 0


@dataclass(frozen=True, slots=True)
class UnlockFinished:
    """The lock's answer to an Unlock effect."""

    evse_id: int
    ticket: int | None
    unlocked: bool


@dataclass(frozen=True, slots=True)
class LocalListStored:
    """The store's answer to a StoreLocalList effect."""

    ticket: int
    stored: bool


@dataclass(frozen=True, slots=True)
class StorageChanged:
    """Facts can (or can no longer) be stored; while they cannot, no new transaction starts."""

    writable: bool


@dataclass(frozen=True, slots=True)
class TimePassed:
    """A due time that the station named has come, or wall-clock time was set."""


Event = (
    StationStarted
    | PilotChanged
    | ContactorMoved
    | MeterSampled
    | FaultRaised
    | FaultCleared
    | TokenPresented
    | StopPressed
    | LimitMoved
    | LeaseLapsed
    | TokenAnswered
    | TransactionAnswered
    | LinkChanged
    | BootAnswered
    | CsmsAsked
    | UnlockFinished
    | LocalListStored
    | StorageChanged
    | TimePassed
)
