"""What the bench remembers of a station's link, and the events its observers get."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from hil.csms.frame import Call, Frame, Payload, Refusal, Result, Unreadable

KEEP_MESSAGES: Final = 20_000
TEXT_SHOWN: Final = 160


class Direction(StrEnum):
    """Seen from the CSMS."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class Message:
    """One text on the link. `action` is known for answers too; `link` counts the station's connections from 1."""

    direction: Direction
    at: datetime
    monotonic_s: float
    text: str
    frame: Frame
    link: int
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Violation:
    """Something said on the link that the protocol does not allow."""

    at: datetime
    identity: str
    direction: Direction
    action: str | None
    problem: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Overlap:
    """A CALL that came while an earlier one of the same link was unanswered (after a timeout this is allowed)."""

    earlier: str
    later: str
    after_s: float


@dataclass(frozen=True, slots=True)
class Handshake:
    """One WebSocket upgrade request and what became of it (`status` 101: accepted)."""

    at: datetime
    path: str
    offered: tuple[str, ...]
    selected: str | None
    status: int
    authorization: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class StationConnected:
    """A link came up; `link` counts the station's connections from 1."""

    at: datetime
    identity: str
    subprotocol: str | None
    link: int


@dataclass(frozen=True, slots=True)
class StationDisconnected:
    """A link went down, perhaps after its successor came up; `code` 1006 when there was no WebSocket close."""

    at: datetime
    identity: str
    code: int
    link: int


@dataclass(frozen=True, slots=True)
class StationRefused:
    """An upgrade request was answered with an HTTP error."""

    at: datetime
    identity: str
    status: int


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """The station said something."""

    identity: str
    message: Message


@dataclass(frozen=True, slots=True)
class MessageSent:
    """The CSMS said something."""

    identity: str
    message: Message


@dataclass(frozen=True, slots=True)
class ViolationFound:
    """A message broke a rule."""

    violation: Violation


Event: TypeAlias = (
    StationConnected | StationDisconnected | StationRefused | MessageReceived | MessageSent | ViolationFound
)
Observer: TypeAlias = Callable[[Event], None]


class MessageLog:
    """A station's messages in order; positions stay valid when the oldest are let go."""

    def __init__(self, *, keep: int = KEEP_MESSAGES) -> None:
        self._keep = keep
        self._first = 0
        self._messages: list[Message] = []
        self._grown = asyncio.Event()

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[Message]:
        return iter(self._messages)

    def __getitem__(self, index: int) -> Message:
        return self._messages[index]

    @property
    def end(self) -> int:
        """The position after the newest message."""
        return self._first + len(self._messages)

    def append(self, message: Message) -> None:
        """Add one and wake those who wait."""
        self._messages.append(message)
        if len(self._messages) > self._keep:
            oldest = max(1, self._keep // 4)
            del self._messages[:oldest]
            self._first += oldest
        self._grown.set()
        self._grown = asyncio.Event()

    def since(self, position: int) -> list[tuple[int, Message]]:
        """The messages from a position on, each with its own."""
        start = max(0, position - self._first)
        return [(self._first + start + index, message) for index, message in enumerate(self._messages[start:])]

    def calls(self, action: str) -> list[Payload]:
        """The payloads of all calls of an action that the station made."""
        return [
            message.frame.payload
            for message in self._messages
            if message.direction is Direction.IN and isinstance(message.frame, Call) and message.frame.action == action
        ]

    async def grown(self) -> None:
        """Return once another message was added."""
        await self._grown.wait()


def one_line(message: Message) -> str:
    """A message in one line, shortened."""
    arrow = "->" if message.direction is Direction.IN else "<-"
    head = ""
    match message.frame:
        case Call(action=action):
            head = action
        case Result():
            head = f"{message.action or '?'} answered"
        case Refusal(code=code):
            head = f"{message.action or '?'} refused with {code}"
        case Unreadable(reason=reason):
            head = f"unreadable ({reason})"
    text = message.text if len(message.text) <= TEXT_SHOWN else message.text[:TEXT_SHOWN] + "..."
    return f"{arrow} {head} {text}"
