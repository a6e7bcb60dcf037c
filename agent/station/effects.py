"""What must be done: imperative, carried out in the order given, after the state and the facts are committed.

Only WithdrawEnergy does not wait for the commit: stopping is always safe.
"""

from agent.clock import Moment
from agent.frozen import dataclass
from agent.station.commands import Answer, ResetKind, SendLocalList, TriggeredMessage
from agent.station.connector import ConnectorStatus
from agent.station.device_model import VariableKey
from agent.station.facts import Fact
from agent.station.faults import Fault
from agent.station.id_token import IdToken, TokenInfo


@dataclass(frozen=True, slots=True)
class Record:
    """Commit this fact to the outbox, together with the new state."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class PermitEnergy:
    """Allow up to `limit_a` per phase; the port still needs a pilot in C and no fault. Replaces an earlier limit."""

    evse_id: int
    limit_a: float


@dataclass(frozen=True, slots=True)
class WithdrawEnergy:
    """Open the contactor now and offer nothing."""

    evse_id: int


@dataclass(frozen=True, slots=True)
class LockConnector:
    """Hold the cable."""

    evse_id: int


@dataclass(frozen=True, slots=True)
class Unlock:
    """Release the cable once the contactor is confirmed open; answered by UnlockFinished."""

    evse_id: int
    ticket: int | None = None


@dataclass(frozen=True, slots=True)
class ReadMeter:
    """Read this meter now, not only when its turn comes."""

    evse_id: int


@dataclass(frozen=True, slots=True)
class AskAuthorization:
    """Ask the CSMS about a token; answered by TokenAnswered with the same ticket."""

    ticket: int
    token: IdToken


@dataclass(frozen=True, slots=True)
class CacheToken:
    """Remember the CSMS's word on a token."""

    token: IdToken
    info: TokenInfo


@dataclass(frozen=True, slots=True)
class ForgetCache:
    """Empty the authorization cache."""


@dataclass(frozen=True, slots=True)
class StoreVariable:
    """Keep a variable's new value."""

    key: VariableKey
    value: str


@dataclass(frozen=True, slots=True)
class StoreLocalList:
    """Apply an update of the local list in one commit; answered by LocalListStored."""

    ticket: int
    update: SendLocalList


@dataclass(frozen=True, slots=True)
class ReportStatus:
    """A connector's status changed (or is asked for: `forced`). Not queued: offline, only the last one counts."""

    evse_id: int
    connector_id: int
    status: ConnectorStatus
    at: Moment
    fault: Fault | None = None
    detail: str = ""
    forced: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer the CALL with this ticket."""

    ticket: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class SendTriggered:
    """Send a BootNotification or Heartbeat because the CSMS asked for it."""

    message: TriggeredMessage


@dataclass(frozen=True, slots=True)
class Restart:
    """Every transaction is ended and recorded: restart now."""

    kind: ResetKind
    reboot: bool


Effect = (
    Record
    | PermitEnergy
    | WithdrawEnergy
    | LockConnector
    | Unlock
    | ReadMeter
    | AskAuthorization
    | CacheToken
    | ForgetCache
    | StoreVariable
    | StoreLocalList
    | ReportStatus
    | Reply
    | SendTriggered
    | Restart
)
