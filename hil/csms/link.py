"""One WebSocket connection of a station: sending, going half-open, cutting, and the calls under way on it."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from hil.csms.errors import CallError, StationGone
from hil.csms.frame import Payload, Refusal, Result
from hil.csms.versions import V16, Version, version_of

log = logging.getLogger(__name__)

SEND_LIMIT_S: Final = 10.0  # a peer that does not read for so long is cut off
KEEP_EXPIRED: Final = 200
KEEP_IDS: Final = 50_000


@dataclass(slots=True)
class Asked:
    """A call of the CSMS that waits for its answer."""

    action: str
    answer: asyncio.Future[Payload]


class HeardIds:
    """The message ids a station used; the oldest are forgotten."""

    def __init__(self, *, keep: int = KEEP_IDS) -> None:
        self._keep = keep
        self._ids: OrderedDict[str, None] = OrderedDict()

    def is_new(self, message_id: str) -> bool:
        """Remember an id; False when it was used before."""
        if message_id in self._ids:
            return False
        self._ids[message_id] = None
        if len(self._ids) > self._keep:
            self._ids.popitem(last=False)
        return True


@dataclass(slots=True)
class Link:
    """A connection from its upgrade to its end; `number` counts the station's connections from 1."""

    ws: ServerConnection
    number: int
    heard_ids: HeardIds
    asked: dict[str, Asked] = field(default_factory=dict)
    expired: "OrderedDict[str, str]" = field(default_factory=OrderedDict)
    unanswered: dict[str, float] = field(default_factory=dict)
    _later: set[asyncio.Task[None]] = field(default_factory=set)
    _speaking: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._speaking.set()

    @property
    def version(self) -> Version:
        """The version negotiated; 1.6 framing when none was."""
        return version_of(self.ws.subprotocol or V16)

    @property
    def silent(self) -> bool:
        """Whether nothing is read from the socket."""
        return not self._speaking.is_set()

    def silence(self) -> None:
        """Stop reading the socket: no answer, no pong, no notice of the peer's close."""
        self._speaking.clear()
        self.ws.transport.pause_reading()

    def speak(self) -> None:
        """Read on; what the peer sent meanwhile is answered now."""
        if not self.silent:
            return
        self._speaking.set()
        if not self.ws.transport.is_closing():
            self.ws.transport.resume_reading()

    async def receive(self) -> str | bytes:
        """The next text; waits while silent. Raises ConnectionClosed at the end."""
        await self._speaking.wait()
        text = await self.ws.recv()
        # One that was already taken from the socket when the silence began.
        await self._speaking.wait()
        return text

    async def send(self, text: str) -> None:
        """Send one text; raises StationGone when the link is down or the peer takes nothing."""
        try:
            async with asyncio.timeout(SEND_LIMIT_S):
                await self.ws.send(text)
        except ConnectionClosed as error:
            raise StationGone("the link is down") from error
        except TimeoutError as error:
            self.abort()
            raise StationGone(f"the peer read nothing for {SEND_LIMIT_S} s") from error

    def abort(self) -> None:
        """Cut the TCP connection at once."""
        self.ws.transport.abort()
        # A silent link's reader waits for this event, not for the socket.
        self._speaking.set()

    def finish(self) -> None:
        """End the TCP connection once everything sent is out, without a WebSocket close."""
        self.ws.transport.close()
        self._speaking.set()

    def later(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Run an answer that comes later; it ends with the link at the latest."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def spoken(self) -> None:
        """Return once the link is not silent."""
        await self._speaking.wait()

    def ask(self, message_id: str, action: str) -> asyncio.Future[Payload]:
        """Note a call that is about to be sent."""
        answer: asyncio.Future[Payload] = asyncio.get_running_loop().create_future()
        self.asked[message_id] = Asked(action, answer)
        return answer

    def give_up(self, message_id: str) -> None:
        """Stop waiting for an answer; one that comes later is known as late."""
        asked = self.asked.pop(message_id, None)
        if asked is None:
            return
        self.expired[message_id] = asked.action
        while len(self.expired) > KEEP_EXPIRED:
            self.expired.popitem(last=False)

    def action_of(self, message_id: str) -> str | None:
        """The action of a call that was sent on this link, while it is remembered."""
        asked = self.asked.get(message_id)
        return asked.action if asked is not None else self.expired.get(message_id)

    def settle(self, frame: Result | Refusal) -> bool:
        """Hand an answer to its caller; False when nobody asked."""
        asked = self.asked.pop(frame.message_id, None)
        if asked is None:
            return self.expired.pop(frame.message_id, None) is not None
        if asked.answer.done():
            return True
        match frame:
            case Result(payload=payload):
                asked.answer.set_result(payload)
            case Refusal():
                asked.answer.set_exception(CallError(frame.code, frame.description, details=frame.details))
        return True

    async def close_books(self) -> None:
        """End what still waits on this link."""
        for asked in self.asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(StationGone(f"the link broke before {asked.action} was answered"))
        self.asked.clear()
        tasks = list(self._later)
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                log.error("a late answer failed", exc_info=result)
