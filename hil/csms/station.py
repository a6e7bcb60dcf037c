"""One station as the bench sees it: its links, its log, its script, and the calls the CSMS makes."""

import asyncio
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from hil.csms import schema
from hil.csms.answering import Incoming, Reply, reply_to, triggered_by
from hil.csms.behaviours import Scripted
from hil.csms.cursor import Cursor
from hil.csms.desk import Desk
from hil.csms.errors import NotSeen, StationGone
from hil.csms.frame import Call, Frame, Payload, Refusal, Result, Unreadable, call_text, error_text, parse
from hil.csms.link import HeardIds, Link
from hil.csms.record import (
    Direction,
    Event,
    Handshake,
    Message,
    MessageLog,
    MessageReceived,
    MessageSent,
    Overlap,
    StationConnected,
    StationDisconnected,
    Violation,
    ViolationFound,
    one_line,
)
from hil.csms.versions import V16

log = logging.getLogger(__name__)

ANY: Final = "*"


class Office(Protocol):
    """What a station needs of its CSMS."""

    desk: Desk
    violations: list[Violation]
    failures: list[Exception]

    def emit(self, event: Event) -> None:
        """Tell the observers."""


class Station:
    """A charging station by its identity; it outlives its connections."""

    def __init__(self, identity: str, *, office: Office, keep_messages: int) -> None:
        self.identity = identity
        self.messages = MessageLog(keep=keep_messages)
        self.handshakes: deque[Handshake] = deque(maxlen=1000)
        self.overlaps: deque[Overlap] = deque(maxlen=1000)
        self.boot_status: str | None = None
        self.links = 0
        self._office = office
        self._link: Link | None = None
        self._link_changed = asyncio.Event()
        self._scripts: dict[str, deque[Scripted]] = {}
        self._standing: dict[str, Scripted] = {}
        self._cursor = Cursor(self.messages)
        self._turn = asyncio.Lock()
        self._triggered: set[str] = set()
        self._mute_new_links = False
        self._heard_ids = HeardIds()

    # --- the link -----------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Whether a link is up."""
        return self._link is not None

    @property
    def silent(self) -> bool:
        """Whether the link that is up is half-open."""
        return self._link is not None and self._link.silent

    @property
    def subprotocol(self) -> str | None:
        """The sub-protocol of the link that is up."""
        return self._link.ws.subprotocol if self._link is not None else None

    async def wait_connected(self, *, timeout_s: float = 10.0) -> None:
        """Return once a link is up; raises NotSeen."""
        await self._wait_link(up=True, timeout_s=timeout_s)

    async def wait_disconnected(self, *, timeout_s: float = 10.0) -> None:
        """Return once no link is up; raises NotSeen."""
        await self._wait_link(up=False, timeout_s=timeout_s)

    def silence(self, *, new_links_too: bool = False) -> None:
        """Make the link half-open: nothing is read, so nothing is answered and no ping gets its pong."""
        self._mute_new_links = new_links_too
        if self._link is not None:
            self._link.silence()

    def speak(self) -> None:
        """End the silence; what arrived meanwhile is answered now."""
        self._mute_new_links = False
        if self._link is not None:
            self._link.speak()

    def drop(self) -> None:
        """Cut the TCP connection; without a link nothing happens."""
        if self._link is not None:
            self._link.abort()
            self._set_link(None)

    async def close_link(self, *, code: int = 1000, reason: str = "") -> None:
        """End the link with a WebSocket close."""
        await self._need_link().ws.close(code, reason)

    async def send_raw(self, text: str) -> None:
        """Send any text as it is, unchecked; raises StationGone."""
        link = self._need_link()
        self._note(link, Direction.OUT, text, Unreadable(None, "raw text"))
        await link.send(text)

    # --- the script ---------------------------------------------------------------------------------------------

    def script(self, action: str, *behaviours: Scripted) -> None:
        """Answer the next calls of an action (or of ANY) by these in turn, then by the default again."""
        self._scripts.setdefault(action, deque()).extend(behaviours)

    def always(self, action: str, behaviour: Scripted | None) -> None:
        """Answer every call of an action (or of ANY) so, after what is scripted; None ends it."""
        if behaviour is None:
            self._standing.pop(action, None)
        else:
            self._standing[action] = behaviour

    # --- calls of the CSMS --------------------------------------------------------------------------------------

    async def call(
        self,
        action: str,
        payload: Mapping[str, Any] | None = None,
        *,
        timeout_s: float = 30.0,
        in_turn: bool = True,
        unchecked: bool = False,
    ) -> Payload:
        """Ask the station and return its answer; raises CallError, TimeoutError, StationGone.

        One call at a time is under way unless `in_turn` is False; `unchecked` for a payload wrong on purpose.
        """
        async with asyncio.timeout(timeout_s):
            if not in_turn:
                return await self._ask(action, payload or {}, unchecked=unchecked)
            async with self._turn:
                return await self._ask(action, payload or {}, unchecked=unchecked)

    async def _ask(self, action: str, payload: Payload, *, unchecked: bool) -> Payload:
        link = self._need_link()
        message_id = str(uuid.uuid4())
        text = call_text(message_id, action, payload)
        if not unchecked:
            problems = schema.problems(payload, version=link.version, action=action, response=False)
            self._violate(problems, Direction.OUT, action=action, text=text)
        triggered = triggered_by(action, payload)
        if triggered is not None:
            self._triggered.add(triggered)
        answer = link.ask(message_id, action)
        self._note(link, Direction.OUT, text, Call(message_id, action, payload), action=action)
        try:
            await link.send(text)
            return await answer
        finally:
            link.give_up(message_id)

    # --- expectations -------------------------------------------------------------------------------------------

    async def expect(
        self, action: str, *, where: Callable[[Payload], bool] | None = None, timeout_s: float = 10.0
    ) -> Payload:
        """The payload of the next call of an action after the last one expected; raises NotSeen."""
        message = await self.expect_message(action, where=where, timeout_s=timeout_s)
        return message.frame.payload if isinstance(message.frame, Call) else {}

    async def expect_message(
        self, action: str, *, where: Callable[[Payload], bool] | None = None, timeout_s: float = 10.0
    ) -> Message:
        """Like `expect`, with time and text; a failed one leaves the cursor where it was."""
        found, passed = await self._cursor.find(action, where=where, timeout_s=timeout_s)
        if found is not None:
            return found
        lines = [f"{self.identity} sent no {action} that fits within {timeout_s} s; instead:", *passed]
        if not passed:
            lines.append("  nothing" if self.connected else "  nothing, and it is not connected")
        raise NotSeen("\n".join(lines))

    async def expect_none(self, action: str, *, during_s: float) -> None:
        """Return after `during_s` without a call of this action from now on; raises NotSeen if one came."""
        cursor = Cursor(self.messages, start=self.messages.end)
        found, _ = await cursor.find(action, where=None, timeout_s=during_s)
        if found is not None:
            raise NotSeen(f"{self.identity} sent what it should not: {one_line(found)}")

    def skip_to_now(self) -> None:
        """Let expectations begin after what came so far."""
        self._cursor = Cursor(self.messages, start=self.messages.end)

    # --- the way of a message -----------------------------------------------------------------------------------

    async def serve(self, ws: ServerConnection) -> None:
        """Run one connection from its upgrade to its end."""
        self.links += 1
        # 1.6: an id is unique on its connection; 2.x: on all connections of the station (part 4, section 4.1.4).
        link = Link(ws, self.links, HeardIds() if ws.subprotocol in (None, V16) else self._heard_ids)
        if self._link is not None:
            self._link.abort()
        self._set_link(link)
        if self._mute_new_links:
            link.silence()
        now = self._office.desk.now
        self._office.emit(StationConnected(now(), self.identity, ws.subprotocol, link.number))
        try:
            while True:
                await self._receive_safely(link, await link.receive())
        except (ConnectionClosed, StationGone):
            log.debug("link %s of %s ended", link.number, self.identity)
        finally:
            if self._link is link:
                self._set_link(None)
            await link.close_books()
            self._office.emit(StationDisconnected(now(), self.identity, ws.close_code or 1006, link.number))

    async def _receive_safely(self, link: Link, text: str | bytes) -> None:
        try:
            await self._receive(link, text)
        except (ConnectionClosed, StationGone):
            raise
        except Exception as error:  # noqa: BLE001 - one odd message must not end the link; reported when the CSMS ends
            log.exception("a message of %s could not be processed", self.identity)
            self._office.failures.append(error)

    async def _receive(self, link: Link, text: str | bytes) -> None:
        frame, problems = parse(text, version=link.version)
        shown = text if isinstance(text, str) else repr(text)
        if link.ws.subprotocol is None:
            problems = [*problems, "a message without a negotiated sub-protocol"]
        match frame:
            case Call():
                await self._take(link, frame, shown, problems)
            case Result() | Refusal():
                self._settle(link, frame, shown, problems)
            case Unreadable(message_id=message_id, reason=reason):
                self._note(link, Direction.IN, shown, frame)
                self._violate(problems, Direction.IN, action=None, text=shown)
                if message_id is not None:
                    await self._send(link, error_text(message_id, link.version.malformed_code, reason[:255]))

    def _settle(self, link: Link, frame: Result | Refusal, text: str, problems: list[str]) -> None:
        action = link.action_of(frame.message_id)
        self._note(link, Direction.IN, text, frame, action=action)
        if action is not None and isinstance(frame, Result):
            problems = problems + schema.problems(frame.payload, version=link.version, action=action, response=True)
        if not link.settle(frame):
            problems = [*problems, "an answer to no call"]
        self._violate(problems, Direction.IN, action=action, text=text)

    async def _take(self, link: Link, call: Call, text: str, problems: list[str]) -> None:
        self._watch_overlap(link, call)
        self._note(link, Direction.IN, text, call, action=call.action)
        broken = schema.problems(call.payload, version=link.version, action=call.action, response=False)
        barred = self._is_barred(call.action)
        problems = problems + broken
        if barred:
            problems.append(f"sent while the boot status is {self.boot_status}")
        if not link.heard_ids.is_new(call.message_id):
            problems.append("the message id was used before")
        link.unanswered[call.message_id] = time.monotonic()
        self._violate(problems, Direction.IN, action=call.action, text=text)
        incoming = Incoming(self.identity, call, link.version, broken, barred)
        try:
            reply = reply_to(incoming, self._next_scripted(call.action), desk=self._office.desk)
        except Exception as error:  # noqa: BLE001 - a scripted callable is foreign code; reported when the CSMS ends
            log.exception("a scripted behaviour for %s failed", call.action)
            self._office.failures.append(error)
            reply = Reply(error_text(call.message_id, "InternalError", "a scripted behaviour failed"))
        self._enter(link, call, reply, broken=bool(broken))
        await self._carry_out(link, call, reply)

    def _enter(self, link: Link, call: Call, reply: Reply, *, broken: bool) -> None:
        if reply.payload is None:
            return
        if call.action == "BootNotification":
            self.boot_status = str(reply.payload.get("status"))
            self._triggered.clear()
        if not broken:
            subprotocol = link.version.subprotocol
            self._office.desk.ledger.told(self.identity, subprotocol, call.action, call.payload, reply=reply.payload)

    async def _carry_out(self, link: Link, call: Call, reply: Reply) -> None:
        if reply.cut:
            link.abort()
            return
        if reply.text is None or not call.wants_answer:
            return
        if reply.payload is not None and reply.check:
            found = schema.problems(reply.payload, version=link.version, action=call.action, response=True)
            self._violate(found, Direction.OUT, action=call.action, text=reply.text)
        if reply.delay_s > 0:
            work = self._answer_later(link, call, reply.text, delay_s=reply.delay_s)
            link.later(work, name=f"late answer to {call.action} of {self.identity}")
            return
        await self._answer(link, call, reply.text)
        if reply.finish:
            link.finish()

    async def _answer(self, link: Link, call: Call, text: str) -> None:
        link.unanswered.pop(call.message_id, None)
        await self._send(link, text, action=call.action)

    async def _answer_later(self, link: Link, call: Call, text: str, *, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        await link.spoken()
        try:
            await self._answer(link, call, text)
        except StationGone:
            log.debug("%s went before its late answer", self.identity)

    async def _send(self, link: Link, text: str, *, action: str | None = None) -> None:
        self._note(link, Direction.OUT, text, parse(text, version=link.version)[0], action=action)
        await link.send(text)

    # --- notes --------------------------------------------------------------------------------------------------

    def _note(self, link: Link, way: Direction, text: str, frame: Frame, *, action: str | None = None) -> None:
        message = Message(way, self._office.desk.now(), time.monotonic(), text, frame, link.number, action)
        self.messages.append(message)
        seen = MessageReceived if way is Direction.IN else MessageSent
        self._office.emit(seen(self.identity, message))

    def _violate(self, problems: list[str], way: Direction, *, action: str | None, text: str) -> None:
        for problem in problems:
            violation = Violation(self._office.desk.now(), self.identity, way, action, problem, text)
            self._office.violations.append(violation)
            self._office.emit(ViolationFound(violation))

    def _watch_overlap(self, link: Link, call: Call) -> None:
        now = time.monotonic()
        for message_id, since in link.unanswered.items():
            self.overlaps.append(Overlap(message_id, call.message_id, now - since))
        # The station has given these up, or broken the rule once; either way once is enough.
        link.unanswered.clear()

    def _is_barred(self, action: str) -> bool:
        if self.boot_status in (None, "Accepted") or action == "BootNotification":
            return False
        return action not in self._triggered

    def _next_scripted(self, action: str) -> Scripted | None:
        for name in (action, ANY):
            if self._scripts.get(name):
                return self._scripts[name].popleft()
        return self._standing.get(action, self._standing.get(ANY))

    def _need_link(self) -> Link:
        if self._link is None:
            raise StationGone(f"{self.identity} is not connected")
        return self._link

    def _set_link(self, link: Link | None) -> None:
        self._link = link
        self._link_changed.set()
        self._link_changed = asyncio.Event()

    async def _wait_link(self, *, up: bool, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                while self.connected is not up:
                    await self._link_changed.wait()
        except TimeoutError:
            word = "connect" if up else "disconnect"
            raise NotSeen(f"{self.identity} did not {word} within {timeout_s} s") from None
