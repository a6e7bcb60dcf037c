"""How a station's call is answered: the script first, then the well-behaved default."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, assert_never

from hil.csms import schema, v16, v201
from hil.csms.behaviours import (
    Amend,
    Answer,
    AnswerError,
    Behaviour,
    Close,
    CloseAfter,
    Garbage,
    Late,
    Scripted,
    Silent,
)
from hil.csms.desk import Desk
from hil.csms.frame import Call, Payload, error_text, result_text
from hil.csms.versions import V16, V21, V201, Version

Default: TypeAlias = Callable[[Desk, str, Payload], dict[str, Any]]

DEFAULTS: Final[Mapping[str, Mapping[str, Default]]] = {
    V16: v16.ANSWERS,
    V201: v201.ANSWERS,
    V21: v201.ANSWERS_21,
}

# What a call of the CSMS makes a station send that is not accepted yet (B02.FR.02).
REPORTS: Final[Mapping[str, str]] = {
    "GetBaseReport": "NotifyReport",
    "GetReport": "NotifyReport",
    "GetMonitoringReport": "NotifyMonitoringReport",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What to do about one call. `payload` is what the CSMS decided, sent or not; None when it refused."""

    text: str | None = None
    payload: Payload | None = None
    delay_s: float = 0.0
    cut: bool = False
    finish: bool = False
    check: bool = True


@dataclass(frozen=True, slots=True)
class Incoming:
    """One call with all that decides about it."""

    identity: str
    call: Call
    version: Version
    problems: list[str]
    barred: bool

    def default(self, desk: Desk) -> Payload | AnswerError:
        """The well-behaved answer."""
        if self.problems:
            known = schema.knows(self.call.action, version=self.version)
            return AnswerError(self.version.malformed_code if known else "NotImplemented", self.problems[0][:255])
        if self.barred and self.version.subprotocol != V16:  # B02.FR.09, B03.FR.07
            return AnswerError("SecurityError", "the station is not accepted")
        make = DEFAULTS[self.version.subprotocol].get(self.call.action)
        if make is None:
            return AnswerError("NotSupported", f"{self.call.action} is not for the CSMS")
        return make(desk, self.identity, self.call.payload)


def reply_to(incoming: Incoming, scripted: Scripted | None, *, desk: Desk) -> Reply:
    """Decide the reply; raises what a scripted callable raises."""
    behaviour = _resolve(scripted, incoming.call.payload)
    if behaviour is None:
        return _default(incoming, desk=desk)
    return _scripted(incoming, behaviour, desk=desk)


def triggered_by(action: str, payload: Payload) -> str | None:
    """The action that a call of the CSMS lets an unaccepted station send."""
    if action in ("TriggerMessage", "ExtendedTriggerMessage"):
        return str(payload.get("requestedMessage"))
    return REPORTS.get(action)


def _resolve(scripted: Scripted | None, payload: Payload) -> Behaviour | None:
    if scripted is None or not callable(scripted):
        return scripted
    outcome = scripted(payload)
    return Answer(outcome) if isinstance(outcome, Mapping) else outcome


def _default(incoming: Incoming, *, desk: Desk) -> Reply:
    message_id = incoming.call.message_id
    decided = incoming.default(desk)
    if isinstance(decided, AnswerError):
        return Reply(error_text(message_id, decided.code, decided.description))
    return Reply(result_text(message_id, decided), decided)


def _scripted(incoming: Incoming, behaviour: Behaviour, *, desk: Desk) -> Reply:
    message_id = incoming.call.message_id
    reply = Reply()
    match behaviour:
        case Answer(payload=payload, unchecked=unchecked):
            reply = Reply(result_text(message_id, payload), payload, check=not unchecked)
        case Amend(changes=changes):
            payload = {**(_processed(incoming, desk=desk) or {}), **changes}
            reply = Reply(result_text(message_id, payload), payload)
        case Silent():
            reply = Reply(None, _processed(incoming, desk=desk))
        case Late(seconds=seconds, payload=None):
            reply = replace(_default(incoming, desk=desk), delay_s=seconds)
        case Late(seconds=seconds, payload=payload):
            given = payload or {}
            reply = Reply(result_text(message_id, given), given, delay_s=seconds)
        case AnswerError(code=code, description=description):
            reply = Reply(error_text(message_id, code, description))
        case Close():
            reply = Reply(None, _processed(incoming, desk=desk), cut=True)
        case CloseAfter():
            reply = replace(_default(incoming, desk=desk), finish=True)
        case Garbage(text=text):
            reply = Reply(text.replace("{id}", message_id), _processed(incoming, desk=desk), check=False)
        case _:
            assert_never(behaviour)
    return reply


def _processed(incoming: Incoming, *, desk: Desk) -> Payload | None:
    decided = incoming.default(desk)
    return None if isinstance(decided, AnswerError) else decided
