"""OCPP 1.6J: the station's words as this version's messages, and back."""

from collections.abc import Callable, Sequence
from datetime import datetime

from agent.clock import Moment
from agent.ocpp.adapter import (
    BootAnswer,
    BootReason,
    Call,
    FactAnswer,
    JsonObject,
    StationIdentity,
    Topology,
    TransactionLedger,
    WrongPayload,
)
from agent.ocpp.v16 import authorization, boot, status, transactions
from agent.ocpp.v16.actions import ACTIONS, NOT_SUPPORTED
from agent.station.commands import Answer, Command
from agent.station.effects import ReportStatus
from agent.station.facts import Fact
from agent.station.id_token import IdToken, TokenInfo

_ENCODERS = {action.command: action.encode for action in ACTIONS.values()}


class Adapter16:
    """`agent.ocpp.adapter.Adapter` for one station's connectors."""

    subprotocol = "ocpp1.6"
    counts_silence = False

    def __init__(self, topology: Topology) -> None:
        self._topology = topology

    def boot_notification(self, identity: StationIdentity, reason: BootReason) -> Call:  # noqa: ARG002  1.6 gives no reason
        """Who this station is."""
        return boot.boot_notification(identity)

    def boot_answer(self, payload: JsonObject) -> BootAnswer:
        """Raises WrongPayload where the time cannot be read."""
        return boot.boot_answer(payload)

    def heartbeat(self) -> Call:
        """The sign of life that brings back the time."""
        return boot.heartbeat()

    def heartbeat_answer(self, payload: JsonObject) -> datetime:
        """The CSMS's UTC. Raises WrongPayload where it cannot be read."""
        return boot.heartbeat_answer(payload)

    def authorize(self, token: IdToken) -> Call:
        """May this token charge?"""
        return authorization.authorize(token)

    def authorize_answer(self, payload: JsonObject) -> TokenInfo:
        """What the CSMS says of it."""
        return authorization.token_info(payload["idTagInfo"])

    def status_notification(self, report: ReportStatus, *, at: datetime) -> Call | None:
        """A connector's status."""
        return status.status_notification(report, at=at, topology=self._topology)

    def encode_fact(
        self, fact: Fact, *, wall: Callable[[Moment], datetime], ledger: TransactionLedger | None
    ) -> Call | None:
        """StartTransaction, MeterValues, StopTransaction, or None where 1.6 has nothing to say."""
        return transactions.encode_fact(fact, topology=self._topology, wall=wall, ledger=ledger)

    def fact_answer(self, fact: Fact, payload: JsonObject) -> FactAnswer:  # noqa: ARG002  the payload says it all
        """The number that the CSMS gave the transaction, and its word on the token."""
        return transactions.fact_answer(payload)

    def introduces(self, fact: Fact, ledger: TransactionLedger | None) -> bool:
        """Whether this fact is told as StartTransaction."""
        return transactions.is_start(fact, ledger)

    def is_retryable(self, fact: Fact) -> bool:  # noqa: ARG002  every fact is transaction-related (1.6 section 3.7)
        """Every message made of a fact is tried again, as TransactionMessageAttempts says."""
        return True

    def command(self, action: str, payload: JsonObject) -> Command:
        """Decode a CALL. Raises WrongPayload with the CALLERROR's code."""
        known = ACTIONS.get(action)
        if known is not None:
            return known.decode(payload, self._topology)
        if action in NOT_SUPPORTED:
            raise WrongPayload("NotSupported", f"{action} is not supported by this station")
        raise WrongPayload("NotImplemented", "no such action in OCPP 1.6")

    def command_answer(self, command: Command, answer: Answer) -> JsonObject:
        """The CALLRESULT. Raises WrongPayload (InternalError) where the answer does not belong to the command."""
        encode = _ENCODERS.get(type(command))
        if encode is None:
            raise WrongPayload("InternalError", "OCPP 1.6 has no such command")
        return encode(command, answer, self._topology)

    def follow_ups(
        self,
        command: Command,  # noqa: ARG002  likewise
        answer: Answer,  # noqa: ARG002  likewise
        *,
        at: datetime,  # noqa: ARG002  no answer of 1.6 promises a message that the station does not send by itself
    ) -> Sequence[Call]:
        """None."""
        return ()
