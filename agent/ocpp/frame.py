"""OCPP-J frames: text to a frozen frame and back (1.6 section 4.2; 2.0.1 and 2.1 part 4, section 4.2).

Nothing that a peer can send makes `parse` raise. What cannot be read becomes a `BadFrame` that carries the
CALLERROR to answer, or none: answers are never answered with a CALLERROR, so two stations that misunderstand
each other fall silent instead of sending errors about errors.
"""

import json
import re
from dataclasses import field
from typing import Any, TypeAlias

from agent.frozen import dataclass
from agent.ocpp.errors import MAX_DESCRIPTION, Code, Fault, Version, code_for_fault

JsonObject: TypeAlias = dict[str, Any]

MAX_BYTES = 256 * 1024
"""Largest frame that is parsed; the longest real ones (a signed firmware request) stay below 20 KiB."""
MAX_DEPTH = 32
"""Deepest nesting that is read; OCPP's own payloads stay below 12."""
MAX_MESSAGE_ID = 36  # 1.6 section 4.1.4, table 3; 2.0.1 section 4.1.4, table 4
UNREADABLE_ID = "-1"  # 2.0.1 section 4.2.3: the message id of a CALLERROR about an unreadable one
# An over-long id is still repeated (the answer must carry the exact same id), unless it is itself an attack.
_MAX_REPEATED_ID = 255
_MAX_INT = 2**63 - 1
_MAX_INT_DIGITS = 19
_EXACT_FLOAT = 2.0**53

CALL, CALL_RESULT, CALL_ERROR, CALL_RESULT_ERROR, SEND = 2, 3, 4, 5, 6
_TYPES = {
    Version.V16: (CALL, CALL_RESULT, CALL_ERROR),
    Version.V201: (CALL, CALL_RESULT, CALL_ERROR),
    Version.V21: (CALL, CALL_RESULT, CALL_ERROR, CALL_RESULT_ERROR, SEND),
}
# The head of a frame whose rest is no JSON: enough to name the call that is refused.
_HEAD = re.compile(r'\s*\[\s*(\d{1,3})\s*,\s*"([^"\\\x00-\x1f\ud800-\udfff]{1,36})"\s*[,\]]')
_HEAD_WINDOW = 256


@dataclass(frozen=True, slots=True)
class Call:
    """CALL: a request that wants an answer."""

    message_id: str
    action: str
    payload: JsonObject


@dataclass(frozen=True, slots=True)
class CallResult:
    """CALLRESULT: the answer to a CALL."""

    message_id: str
    payload: JsonObject


@dataclass(frozen=True, slots=True)
class CallError:
    """CALLERROR: why a CALL was not handled."""

    message_id: str
    code: str
    description: str = ""
    details: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CallResultError:
    """CALLRESULTERROR (2.1): why a CALLRESULT could not be used."""

    message_id: str
    code: str
    description: str = ""
    details: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Send:
    """SEND (2.1): a message that is never answered."""

    message_id: str
    action: str
    payload: JsonObject


@dataclass(frozen=True, slots=True)
class BadFrame:
    """A text that is no frame. `message_type` and `message_id` are None where they cannot be read."""

    fault: Fault
    message_type: int | None
    message_id: str | None
    answer: CallError | None
    """What to send back; None: nothing."""


Frame: TypeAlias = Call | CallResult | CallError | CallResultError | Send
Parsed: TypeAlias = Frame | BadFrame


def parse(text: str, *, version: Version, max_bytes: int = MAX_BYTES) -> Parsed:
    """Read one message; never raises."""
    if len(text) > max_bytes:
        return _bad_head(text, Fault.TOO_BIG, version=version)
    try:
        if not text.isascii() and len(text.encode()) > max_bytes:
            return _bad_head(text, Fault.TOO_BIG, version=version)
        parts = _decode(text)
        if "\\u" in text:
            _refuse_lone_surrogates(parts)
    except (ValueError, RecursionError):
        return _bad_head(text, Fault.NOT_JSON, version=version)
    if not isinstance(parts, list) or not parts:
        return _bad(Fault.WRONG_SHAPE, None, None, version=version)
    if _too_deep(text, parts):
        return _bad_parts(Fault.TOO_DEEP, parts, version=version)
    return _build(parts, version=version)


def serialise(frame: Frame) -> str:
    """The text of a frame, in ASCII. Raises TypeError or ValueError for a payload that is not JSON."""
    match frame:
        case Call():
            return _encode([CALL, frame.message_id, frame.action, frame.payload])
        case CallResult():
            return _encode([CALL_RESULT, frame.message_id, frame.payload])
        case CallError():
            return _encode([CALL_ERROR, *_error_parts(frame)])
        case CallResultError():
            return _encode([CALL_RESULT_ERROR, *_error_parts(frame)])
        case Send():
            return _encode([SEND, frame.message_id, frame.action, frame.payload])


def _error_parts(frame: CallError | CallResultError) -> list[Any]:
    return [frame.message_id, frame.code, frame.description[:MAX_DESCRIPTION], frame.details]


def _build(parts: list[Any], *, version: Version) -> Parsed:
    kind = parts[0]
    if kind not in _TYPES[version]:
        return _bad_parts(Fault.UNKNOWN_TYPE, parts, version=version)
    if len(parts) < 3 or not isinstance(parts[1], str) or not 0 < len(parts[1]) <= MAX_MESSAGE_ID:
        return _bad_parts(Fault.WRONG_SHAPE, parts, version=version)
    if kind in (CALL_ERROR, CALL_RESULT_ERROR):
        return _build_error(kind, parts, version=version)
    return _build_message(kind, parts, version=version)


def _build_message(kind: int, parts: list[Any], *, version: Version) -> Parsed:
    has_action = kind != CALL_RESULT
    if len(parts) != (4 if has_action else 3) or (has_action and not isinstance(parts[2], str)):
        return _bad_parts(Fault.WRONG_SHAPE, parts, version=version)
    # 1.6 section 4.2.1, 2.0.1 section 4.1.5: null is the other notation of an empty payload.
    payload = {} if parts[-1] is None else parts[-1]
    if not isinstance(payload, dict):
        return _bad_parts(Fault.PAYLOAD_NO_OBJECT, parts, version=version)
    if not has_action:
        return CallResult(parts[1], payload)
    return (Call if kind == CALL else Send)(parts[1], parts[2], payload)


def _build_error(kind: int, parts: list[Any], *, version: Version) -> Parsed:
    if not isinstance(parts[2], str):
        return _bad_parts(Fault.WRONG_SHAPE, parts, version=version)
    # Description and details decide nothing, so a peer that leaves them out or bends them is still understood.
    description = parts[3] if len(parts) > 3 and isinstance(parts[3], str) else ""
    details = parts[4] if len(parts) > 4 and isinstance(parts[4], dict) else {}
    make = CallError if kind == CALL_ERROR else CallResultError
    return make(parts[1], parts[2], description[:MAX_DESCRIPTION], details)


def _bad_head(text: str, fault: Fault, *, version: Version) -> BadFrame:
    head = _HEAD.match(text, 0, _HEAD_WINDOW)
    if head is None:
        return _bad(fault, None, None, version=version)
    return _bad(fault, int(head[1]), head[2], version=version)


def _bad_parts(fault: Fault, parts: list[Any], *, version: Version) -> BadFrame:
    kind = parts[0] if type(parts[0]) is int else None
    message_id = parts[1] if len(parts) > 1 and isinstance(parts[1], str) and parts[1] else None
    return _bad(fault, kind, message_id, version=version)


def _bad(fault: Fault, kind: int | None, message_id: str | None, *, version: Version) -> BadFrame:
    if message_id is not None and len(message_id) > _MAX_REPEATED_ID:
        message_id = None
    return BadFrame(fault, kind, message_id, _answer(fault, kind, message_id, version=version))


def _answer(fault: Fault, kind: int | None, message_id: str | None, *, version: Version) -> CallError | None:
    if kind in (CALL_RESULT, CALL_ERROR) or (version is Version.V21 and kind in (CALL_RESULT_ERROR, SEND)):
        return None  # 2.1 section 4.2.4 forbids it for SEND, and CALLERROR answers nothing but a CALL
    if fault is not Fault.UNKNOWN_TYPE and message_id is None:
        # 1.6 demands the exact id of the call (section 4.2.3), so nothing can be said without one.
        if version is Version.V16:
            return None
        return CallError(UNREADABLE_ID, Code.RPC_FRAMEWORK_ERROR, fault.value)
    code = code_for_fault(fault, version=version)
    return None if code is None else CallError(message_id or UNREADABLE_ID, code, fault.value)


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _read_float(digits: str) -> float | int:
    value = float(digits)
    if not abs(value) < float("inf"):
        raise ValueError("a number out of range")
    # An integer that a peer writes as 16.0 is one: draft-06 says so, and nobody further in has to ask.
    return int(value) if abs(value) < _EXACT_FLOAT and value.is_integer() else value


def _read_int(digits: str) -> int:
    # Beyond 64 bits no OCPP field, no database column and no other system follows.
    if len(digits) > _MAX_INT_DIGITS + 1 or abs(value := int(digits)) > _MAX_INT:
        raise ValueError("an integer out of range")
    return value


def _refuse_lone_surrogates(parts: object) -> None:
    # "\ud800" is allowed by JSON's grammar and by no encoding; UnicodeEncodeError is a ValueError.
    json.dumps(parts, ensure_ascii=False).encode()


def _too_deep(text: str, parts: list[Any]) -> bool:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    level: list[Any] = [parts]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for node in level
            for child in (node.values() if isinstance(node, dict) else node)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


_decode = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_read_float, parse_int=_read_int).decode
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
