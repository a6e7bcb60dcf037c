"""What a scripted station's next call may meet instead of the default answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from hil.csms.frame import Payload


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with this payload; `unchecked` for one that is wrong on purpose."""

    payload: Payload
    unchecked: bool = False


@dataclass(frozen=True, slots=True)
class Amend:
    """Give the default answer with these top-level members replaced."""

    changes: Payload


@dataclass(frozen=True, slots=True)
class Silent:
    """Process the call but never answer it."""


@dataclass(frozen=True, slots=True)
class Late:
    """Answer after a delay if the link is still up; the default answer when `payload` is None."""

    seconds: float
    payload: Payload | None = None


@dataclass(frozen=True, slots=True)
class AnswerError:
    """Answer with CALLERROR; the call counts as refused, so the ledger leaves it out."""

    code: str
    description: str


@dataclass(frozen=True, slots=True)
class Close:
    """Process the call, then cut the TCP connection without an answer."""


@dataclass(frozen=True, slots=True)
class CloseAfter:
    """Give the default answer, then end the TCP connection without a WebSocket close."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Send this text in place of the answer; `{id}` in it becomes the call's message id."""

    text: str


Compute: TypeAlias = Callable[[Payload], "Payload | Behaviour"]
Behaviour: TypeAlias = Answer | Amend | Silent | Late | AnswerError | Close | CloseAfter | Garbage
Scripted: TypeAlias = Behaviour | Compute


def answer(payload: Mapping[str, Any], *, unchecked: bool = False) -> Answer:
    """Answer with this payload; `unchecked` for one that is wrong on purpose."""
    return Answer(payload, unchecked=unchecked)


def amend(changes: Mapping[str, Any]) -> Amend:
    """Give the default answer with these top-level members replaced."""
    return Amend(changes)


def silent() -> Silent:
    """Process the call but never answer it."""
    return Silent()


def late(seconds: float, payload: Mapping[str, Any] | None = None) -> Late:
    """Answer after `seconds`, with the default answer when no payload is given."""
    return Late(seconds, payload)


def call_error(code: str, description: str = "") -> AnswerError:
    """Answer with CALLERROR."""
    return AnswerError(code, description)


def close() -> Close:
    """Cut the TCP connection before answering."""
    return Close()


def close_after() -> CloseAfter:
    """Answer, then end the TCP connection."""
    return CloseAfter()


def garbage(text: str) -> Garbage:
    """Send raw text in place of the answer; `{id}` in it becomes the call's message id."""
    return Garbage(text)
