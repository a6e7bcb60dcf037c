"""OCPP-J frames: text to a frozen frame and back, with everything that is wrong about the text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from hil.csms.versions import Version

Payload: TypeAlias = Mapping[str, Any]

MAX_MESSAGE_ID: Final = 36  # OCPP-J 1.6 section 4.1.4 and 2.0.1 part 4, section 4.1.4
CALL: Final = 2
CALL_RESULT: Final = 3
CALL_ERROR: Final = 4
CALL_RESULT_ERROR: Final = 5
SEND: Final = 6

LENGTHS: Final[Mapping[int, int]] = {CALL: 4, CALL_RESULT: 3, CALL_ERROR: 5, CALL_RESULT_ERROR: 5, SEND: 4}


@dataclass(frozen=True, slots=True)
class Call:
    """A request; in 2.1 also a SEND, which wants no answer."""

    message_id: str
    action: str
    payload: Payload
    wants_answer: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to a request."""

    message_id: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Refusal:
    """CALLERROR, or 2.1's CALLRESULTERROR (`of_result`)."""

    message_id: str
    code: str
    description: str
    details: Any = field(default_factory=dict)
    of_result: bool = False


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that is no frame."""

    message_id: str | None
    reason: str


Frame: TypeAlias = Call | Result | Refusal | Unreadable


def parse(text: str | bytes, *, version: Version) -> tuple[Frame, list[str]]:
    """Read one message: the frame and what is wrong with it (empty: nothing)."""
    if isinstance(text, bytes):
        return Unreadable(None, "a binary frame"), ["a binary frame where only text frames are allowed"]
    try:
        parts = json.loads(text, parse_constant=_refuse_constant)
        if "\\ud" in text.lower():  # half a character passes for JSON, but can be neither checked nor echoed
            _dump(parts).encode()
    except (ValueError, RecursionError) as error:
        return Unreadable(None, f"no JSON: {error}"), [f"no JSON: {error}"]
    if not isinstance(parts, list) or not parts:
        return Unreadable(None, "not an array"), ["the frame is not a JSON array"]
    problems = _shape_problems(parts, version=version)
    message_id = parts[1] if len(parts) > 1 and isinstance(parts[1], str) else None
    if problems:
        return Unreadable(message_id, problems[0]), problems
    return _build(parts), _soft_problems(parts, version=version)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON value")


def _shape_problems(parts: list[Any], *, version: Version) -> list[str]:
    kind = parts[0]
    if isinstance(kind, bool) or kind not in version.message_types:
        return [f"message type {kind!r} is unknown in {version.subprotocol}"]
    if len(parts) != LENGTHS[kind]:
        return [f"a frame of type {kind} has {LENGTHS[kind]} elements, this one {len(parts)}"]
    if not isinstance(parts[1], str):
        return ["the message id is not a string"]
    problems = []
    if kind in (CALL, SEND) and not isinstance(parts[2], str):
        problems.append("the action is not a string")
    if kind in (CALL, SEND, CALL_RESULT) and not isinstance(parts[-1], dict):
        problems.append("the payload is not an object")
    if kind in (CALL_ERROR, CALL_RESULT_ERROR) and not (isinstance(parts[2], str) and isinstance(parts[3], str)):
        problems.append("error code and description are not both strings")
    return problems


def _soft_problems(parts: list[Any], *, version: Version) -> list[str]:
    problems = []
    if not parts[1] or len(parts[1]) > MAX_MESSAGE_ID:
        problems.append(f"the message id has {len(parts[1])} characters, allowed are 1 to {MAX_MESSAGE_ID}")
    if parts[0] in (CALL_ERROR, CALL_RESULT_ERROR):
        if parts[2] not in version.error_codes:
            problems.append(f"error code {parts[2]!r} is unknown in {version.subprotocol}")
        if len(parts[3]) > 255:  # OCPP-J 2.0.1 part 4, section 4.2.3; 1.6 likewise
            problems.append("the error description is longer than 255 characters")
        if not isinstance(parts[4], dict):
            problems.append("the error details are not an object")
    return problems


def _build(parts: list[Any]) -> Frame:
    match parts[0]:
        case 2:
            return Call(parts[1], parts[2], parts[3])
        case 6:
            return Call(parts[1], parts[2], parts[3], wants_answer=False)
        case 3:
            return Result(parts[1], parts[2])
        case _:
            return Refusal(parts[1], parts[2], parts[3], parts[4], of_result=parts[0] == CALL_RESULT_ERROR)


def call_text(message_id: str, action: str, payload: Payload) -> str:
    """A CALL as text."""
    return _dump([CALL, message_id, action, payload])


def result_text(message_id: str, payload: Payload) -> str:
    """A CALLRESULT as text."""
    return _dump([CALL_RESULT, message_id, payload])


def error_text(message_id: str, code: str, description: str, details: Payload | None = None) -> str:
    """A CALLERROR as text."""
    return _dump([CALL_ERROR, message_id, code, description, details or {}])


def _dump(parts: object) -> str:
    return json.dumps(parts, separators=(",", ":"), ensure_ascii=False)
