"""What one action of a CSMS needs: a decoder, and an encoder of its answer."""

from collections.abc import Callable, Mapping

from agent.frozen import dataclass
from agent.ocpp.adapter import JsonObject, Topology, WrongPayload
from agent.station.commands import Answer, Command, Done, Outcome

Decode = Callable[[JsonObject, Topology], Command]
Encode = Callable[[Command, Answer, Topology], JsonObject]


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the table: `command` is the type that `decode` returns and whose answers `encode` writes."""

    command: type[Command]
    decode: Decode
    encode: Encode


def status_encoder(spelling: Mapping[Outcome, str], *, otherwise: str) -> Encode:
    """An encoder for answers that are one status; outcomes that this action cannot tell become `otherwise`."""

    def encode(_command: Command, answer: Answer, _topology: Topology) -> JsonObject:
        return {"status": spelling.get(outcome_of(answer), otherwise)}

    return encode


def outcome_of(answer: Answer) -> Outcome:
    """How it went. Raises WrongPayload (InternalError) for an answer that belongs to another command."""
    if isinstance(answer, Done):
        return answer.outcome
    raise WrongPayload("InternalError", "the station gave no status")


ACCEPTED_OR_REJECTED = status_encoder({Outcome.ACCEPTED: "Accepted"}, otherwise="Rejected")
