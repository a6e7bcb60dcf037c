"""The border between the station's words and one version's messages.

`agent.ocpp.v16` and `agent.ocpp.v201` each export an `Adapter` built from per-feature tables; nothing else
in the agent asks which version is spoken.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from agent.clock import Moment
from agent.frozen import dataclass
from agent.station.commands import Answer, Command
from agent.station.effects import ReportStatus
from agent.station.facts import Fact
from agent.station.id_token import IdToken, TokenInfo

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One CALL to be sent: its action and its payload as JSON."""

    action: str
    payload: JsonObject


@dataclass(frozen=True, slots=True)
class StationIdentity:
    """Who this station says it is in a BootNotification."""

    vendor: str
    model: str
    serial_number: str | None = None
    firmware_version: str | None = None
    iccid: str | None = None
    imsi: str | None = None
    meter_type: str | None = None
    meter_serial_number: str | None = None


class BootReason(StrEnum):
    """BootReasonEnumType of 2.0.1; 1.6 does not say why."""

    APPLICATION_RESET = "ApplicationReset"
    FIRMWARE_UPDATE = "FirmwareUpdate"
    LOCAL_RESET = "LocalReset"
    POWER_UP = "PowerUp"
    REMOTE_RESET = "RemoteReset"
    SCHEDULED_RESET = "ScheduledReset"
    TRIGGERED = "Triggered"
    UNKNOWN = "Unknown"
    WATCHDOG = "Watchdog"


class Registration(StrEnum):
    """RegistrationStatus of both versions."""

    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


@dataclass(frozen=True, slots=True)
class BootAnswer:
    """BootNotification's answer; `interval_s` is the heartbeat's, or the wait before the next try."""

    status: Registration
    interval_s: int
    current_time: datetime


@dataclass(frozen=True, slots=True)
class Topology:
    """EVSEs and their connectors: evse id -> connector ids. 1.6 counts connectors through, in this order."""

    evses: tuple[tuple[int, tuple[int, ...]], ...]

    def connector_number(self, evse_id: int, connector_id: int | None) -> int:
        """1.6's connectorId of a connector (the EVSE's first one where none is named); 0 for EVSE 0."""
        number = 0
        for evse, connectors in self.evses:
            for connector in connectors:
                number += 1
                if evse == evse_id and connector_id in (None, connector):
                    return number
        return 0

    def connector_at(self, number: int) -> tuple[int, int] | None:
        """EVSE and connector id of 1.6's connectorId; None where there is no such connector."""
        connectors = [(evse, connector) for evse, ids in self.evses for connector in ids]
        return connectors[number - 1] if 1 <= number <= len(connectors) else None


@dataclass(frozen=True, slots=True)
class TransactionLedger:
    """What the store knows of a transaction when one of its facts is sent.

    `id_16` is what StartTransaction.conf assigned. `start_answered`: a StartTransaction was answered, or given
    up after its last attempt; until then the next fact that carries a token is told as StartTransaction.
    """

    transaction_id: str
    id_16: int | None = None
    start_answered: bool = False


@dataclass(frozen=True, slots=True)
class FactAnswer:
    """What an acknowledged fact taught us."""

    info: TokenInfo | None = None
    id_16: int | None = None
    """1.6 only: the transactionId of StartTransaction.conf."""


class WrongPayload(Exception):
    """A payload that fits its schema and still cannot be understood: `code` is the CALLERROR to answer."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


class AnsweredAtOnce(Exception):
    """A CALL that the version answers by itself: `payload` is its CALLRESULT, and nobody else is asked.

    For requests that are refused in words of their own, such as a TriggerMessage that is not implemented.
    """

    def __init__(self, payload: JsonObject) -> None:
        super().__init__("answered at once")
        self.payload = payload


class Adapter(Protocol):
    """One version of OCPP. Pure: no clock, no I/O; payloads in and out are plain JSON objects.

    The schema check of every payload happens outside (agent.ocpp.session); an adapter may rely on it.
    """

    subprotocol: str
    """ocpp1.6 or ocpp2.0.1: what the WebSocket handshake agrees on."""

    counts_silence: bool
    """No answer in time, while connected, is a failed attempt (2.0.1 E13); in 1.6 only a CALLERROR is."""

    def boot_notification(self, identity: StationIdentity, reason: BootReason) -> Call: ...

    def boot_answer(self, payload: JsonObject) -> BootAnswer: ...

    def heartbeat(self) -> Call: ...

    def heartbeat_answer(self, payload: JsonObject) -> datetime: ...

    def authorize(self, token: IdToken) -> Call: ...

    def authorize_answer(self, payload: JsonObject) -> TokenInfo: ...

    def status_notification(self, report: ReportStatus, *, at: datetime) -> Call | None:
        """None where this version has nothing to say of it."""
        ...

    def encode_fact(
        self, fact: Fact, *, wall: Callable[[Moment], datetime], ledger: TransactionLedger | None
    ) -> Call | None:
        """The message that tells a fact; None where this version has none (the fact is then done).

        `wall` gives the (mended) UTC of each stamp in the fact; `ledger` is None for facts without a transaction.
        """
        ...

    def fact_answer(self, fact: Fact, payload: JsonObject) -> FactAnswer: ...

    def introduces(self, fact: Fact, ledger: TransactionLedger | None) -> bool:
        """Whether this fact is what makes the transaction known, so that giving it up must be remembered (1.6)."""
        ...

    def is_retryable(self, fact: Fact) -> bool:
        """Whether a CALLERROR (and in 2.x no answer in time) is a failed attempt that is tried again."""
        ...

    def command(self, action: str, payload: JsonObject) -> Command:
        """Decode a CALL.

        Raises WrongPayload (with the CALLERROR's code) for an action this version or this station does not
        know (NotImplemented / NotSupported) or a value that cannot be used; AnsweredAtOnce where the answer
        needs no station.
        """
        ...

    def command_answer(self, command: Command, answer: Answer) -> JsonObject:
        """The CALLRESULT's payload."""
        ...

    def follow_ups(self, command: Command, answer: Answer, *, at: datetime) -> Sequence[Call]:
        """CALLs that the answer promises and that are sent after it, in order (NotifyReport)."""
        ...
