"""OCPP 2.0.1 behind the adapter's contract, and the same subset under the name of 2.1."""

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
from agent.ocpp.v201 import authorization, boot, faults, metering, status, transactions, variables
from agent.ocpp.v201.actions import ACTIONS
from agent.ocpp.v201.known_actions import KNOWN_ACTIONS, KNOWN_ACTIONS_21
from agent.station.commands import Answer, Command, Report
from agent.station.effects import ReportStatus
from agent.station.facts import Fact, FaultNoted, IdleMeterSampled, TransactionFact, TransactionStarted
from agent.station.id_token import IdToken, TokenInfo

_ENCODERS = {action.command: action.encode for action in ACTIONS.values()}


class Adapter201:
    """Speaks OCPP 2.0.1. Stateless; the topology is not needed, for 2.x numbers EVSEs as the station does."""

    subprotocol: str = "ocpp2.0.1"
    counts_silence: bool = True
    known_actions: frozenset[str] = KNOWN_ACTIONS

    def __init__(self, topology: Topology) -> None:
        self.topology = topology

    def boot_notification(self, identity: StationIdentity, reason: BootReason) -> Call:
        """See agent.ocpp.adapter.Adapter for this and all that follow."""
        return boot.boot_notification(identity, reason)

    def boot_answer(self, payload: JsonObject) -> BootAnswer:
        return boot.boot_answer(payload)

    def heartbeat(self) -> Call:
        return boot.heartbeat()

    def heartbeat_answer(self, payload: JsonObject) -> datetime:
        return boot.heartbeat_answer(payload)

    def authorize(self, token: IdToken) -> Call:
        return authorization.authorize(token)

    def authorize_answer(self, payload: JsonObject) -> TokenInfo:
        return authorization.authorize_answer(payload)

    def status_notification(self, report: ReportStatus, *, at: datetime) -> Call | None:
        return status.status_notification(report, at=at)

    def encode_fact(
        self,
        fact: Fact,
        *,
        wall: Callable[[Moment], datetime],
        ledger: TransactionLedger | None,  # noqa: ARG002 - the contract's word for 1.6's numbers, which 2.x does not have
    ) -> Call | None:
        if isinstance(fact, IdleMeterSampled):
            return metering.idle_meter_values(fact, wall=wall)
        if isinstance(fact, FaultNoted):
            return faults.notify_event(fact, wall=wall)
        return transactions.transaction_event(fact, wall=wall)

    def fact_answer(self, fact: Fact, payload: JsonObject) -> FactAnswer:
        if not isinstance(fact, TransactionFact):
            return FactAnswer()
        return transactions.transaction_event_answer(payload)

    def introduces(self, fact: Fact, ledger: TransactionLedger | None) -> bool:  # noqa: ARG002 - the contract's word
        """Every transaction is known by its Started event."""
        return isinstance(fact, TransactionStarted)

    def is_retryable(self, fact: Fact) -> bool:
        """Transaction messages are tried again (E13.FR.02), others are not."""
        return isinstance(fact, TransactionFact)

    def command(self, action: str, payload: JsonObject) -> Command:
        known = ACTIONS.get(action)
        if known is not None:
            return known.decode(payload)
        if action in self.known_actions:
            raise WrongPayload("NotSupported", f"{action} is not supported by this station")
        raise WrongPayload("NotImplemented", f"{action[:50]} is not an action of {self.subprotocol}")

    def command_answer(self, command: Command, answer: Answer) -> JsonObject:
        return _ENCODERS[type(command)](answer)

    def follow_ups(self, command: Command, answer: Answer, *, at: datetime) -> Sequence[Call]:  # noqa: ARG002 - contract
        if isinstance(answer, Report):
            return variables.notify_reports(answer, at=at)
        return ()


class Adapter21(Adapter201):
    """Speaks the subset of 2.1 that is also 2.0.1: its messages fit both versions' schemas."""

    subprotocol = "ocpp2.1"
    known_actions = KNOWN_ACTIONS_21
