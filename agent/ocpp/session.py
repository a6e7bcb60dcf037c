"""One connection to the CSMS: the only code of the agent that owns a socket to it.

`connect` opens it, `Session.run` reads it until it ends, `Session.call` asks. Answers that break their schema:
properties that OCPP does not know are overlooked (nothing is lost by that), anything else is counted and raised as
CallRefused, so that it is a failed attempt like any other and never blocks the outbox.

A call of the CSMS runs in a task of its own, so its handler may itself `call`. At most `max_handlers` run; then the
socket is not read any more, unless an own call waits for its answer: then further calls are refused, because
not reading would keep the answer from the handler that waits for it.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn, TypeAlias

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import broadcast
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from agent.errors import AnswerTimeout, CallRefused, LinkError, LinkLost, OwnPayloadInvalid
from agent.frozen import dataclass
from agent.log import get_logger
from agent.ocpp import schema
from agent.ocpp.adapter import AnsweredAtOnce, JsonObject, WrongPayload
from agent.ocpp.errors import Fault, code_for_fault
from agent.ocpp.handshake import LinkSettings, open_socket
from agent.ocpp.negotiate import schema_version
from agent.ocpp.rpc import (
    AnswerArrived,
    CallArrived,
    Lost,
    Refused,
    ResultRejected,
    Rpc,
    RpcCounts,
    RpcEvent,
    SendArrived,
    TimedOut,
    TooManyCalls,
)

log = get_logger(__name__)

CLOSE_LIMIT_S: Final = 3.0
AFTER_GRACE_S: Final = 5.0
"""How long what follows an answer (a reset, say) may go on once the link is gone."""
MAX_UNSENT_BYTES: Final = 1024 * 1024
"""More than this in the write buffer: the peer has stopped reading."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A handler's answer, and what to do once it is on its way."""

    payload: JsonObject
    after: Callable[[], Awaitable[None]] | None = None


Handler: TypeAlias = Callable[[str, JsonObject], Awaitable[JsonObject | Answered]]
"""(action, payload) -> answer; WrongPayload becomes its CALLERROR, any other exception InternalError."""


@dataclass(frozen=True, slots=True)
class LinkEnd:
    """How a link ended: the WebSocket close code and reason; `silent`: the peer stopped answering pings."""

    code: int | None
    reason: str
    silent: bool = False


@dataclass(slots=True)
class SessionCounts:
    """What went wrong on this link beyond `RpcCounts`."""

    bad_answers: int = 0
    rejected_results: int = 0
    refused_calls: int = 0
    handler_failures: int = 0
    overloads: int = 0
    unexpected_sends: int = 0


async def connect(settings: LinkSettings, *, schemas: schema.Checker | None = None) -> "Session":
    """A session on a new link. Raises ConnectFailed; SettingsError for settings that cannot work."""
    return Session(await open_socket(settings), settings=settings, schemas=schemas or schema.checker())


class Session:
    """`call` works once `run` is running in a task of the owner; `close` ends both."""

    def __init__(self, socket: ClientConnection, *, settings: LinkSettings, schemas: schema.Checker) -> None:
        self.subprotocol = str(socket.subprotocol)
        self.counts = SessionCounts()
        self._settings = settings
        self._schemas = schemas
        self._version = schema_version(self.subprotocol)
        self._rpc = Rpc(self._version, max_bytes=settings.max_message_bytes)
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._pending: dict[str, asyncio.Future[JsonObject]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._handlers: set[asyncio.Task[None]] = set()
        self._following: set[asyncio.Task[None]] = set()
        self._held: asyncio.Future[None] | None = None
        self._ping_interval_s = settings.ping_interval_s
        self._ping_changed = asyncio.Event()
        self._silent = False
        self._ended = False

    @property
    def rpc_counts(self) -> RpcCounts:
        """How often the peer did what it should not."""
        return self._rpc.counts

    @property
    def is_open(self) -> bool:
        """Whether a call can be sent."""
        return not self._ended and self._socket.state is State.OPEN

    def set_ping_interval(self, seconds: float) -> None:
        """Ping that often from now on; 0: not at all (WebSocketPingInterval)."""
        if seconds == self._ping_interval_s:
            return  # or whoever says it again and again would put the next ping off for ever
        self._ping_interval_s = seconds
        self._ping_changed.set()

    async def call(
        self, action: str, payload: JsonObject, *, message_id: str | None = None, timeout_s: float | None = None
    ) -> JsonObject:
        """Ask the CSMS; the answer's payload has passed its schema. `timeout_s` counts from the sending.

        Raises OwnPayloadInvalid (nothing was sent), LinkLost, AnswerTimeout, CallRefused; LinkError where too
        many calls wait already.
        """
        await self._compiled(action, "request")
        problem = self._schemas.check(self._version, action, "request", payload)
        if problem is not None:
            log.error("own message breaks its schema", action=action, problem=problem.description)
            raise OwnPayloadInvalid(f"{action} {problem.description}")
        own_id = message_id or str(uuid.uuid4())
        answer = await self._answer_to(own_id, action, payload, timeout_s=timeout_s)
        await self._compiled(action, "response", extra_allowed=True)
        problem = self._schemas.check(self._version, action, "response", answer, extra_allowed=True)
        if problem is not None:
            self.counts.bad_answers += 1
            log.warning("answer breaks its schema", action=action, problem=problem.description)
            code = problem.code(self._version)
            self._rpc.reject_result(own_id, code, problem.description)
            self._flush()
            raise CallRefused(code, problem.description)
        return answer

    async def answered(self, *, within_s: float) -> None:
        """Return once each call of the CSMS that is under way has its answer, after `within_s` at the latest."""
        if self._handlers:
            await asyncio.wait(set(self._handlers), timeout=within_s)

    async def run(self, handler: Handler) -> LinkEnd:
        """Read until the link ends, by whomever; every call then pending has failed with LinkLost."""
        keep_alive = asyncio.create_task(self._keep_alive(), name="ocpp keep-alive")
        lost = asyncio.create_task(self._socket.wait_closed(), name="ocpp link lost")
        lost.add_done_callback(lambda _: self._release())
        try:
            await self._read(handler)
        except ConnectionClosed:
            end = LinkEnd(self._socket.close_code, self._socket.close_reason or "", self._silent)
            log.info("link ended", code=end.code, reason=end.reason, silent=end.silent)
            return end
        finally:
            await self._wind_up(keep_alive, lost)

    async def close(self, *, code: int = 1000, reason: str = "", limit_s: float = CLOSE_LIMIT_S) -> None:
        """End the link with a closing handshake, by force after `limit_s`; may be called more than once."""
        try:
            async with asyncio.timeout(limit_s):
                await self._socket.close(code, reason)
        except TimeoutError:
            log.warning("link closed by force")
        finally:
            self._socket.transport.abort()
            self._end_calls()

    def abort(self) -> None:
        """Cut the link at once, without a word to the peer; `run` then ends."""
        self._socket.transport.abort()

    async def _answer_to(
        self, message_id: str, action: str, payload: JsonObject, *, timeout_s: float | None
    ) -> JsonObject:
        if not self.is_open:
            raise LinkLost("there is no link")
        limit_s = self._settings.call_timeout_s if timeout_s is None else timeout_s
        try:
            self._rpc.call(message_id, action, payload, now_s=self._loop.time(), timeout_s=limit_s)
        except TooManyCalls as error:
            raise LinkError(str(error)) from error
        except (TypeError, ValueError) as error:
            raise OwnPayloadInvalid(f"{action}: {error}") from error
        future: asyncio.Future[JsonObject] = self._loop.create_future()
        self._pending[message_id] = future
        self._release()
        self._flush()
        try:
            return await future
        finally:
            if self._pending.pop(message_id, None) is not None:  # the caller was cancelled
                self._rpc.abandon(message_id)

    async def _compiled(self, action: str, kind: schema.Kind, *, extra_allowed: bool = False) -> None:
        if not self._schemas.is_ready(self._version, action, kind, extra_allowed=extra_allowed):
            await asyncio.to_thread(self._schemas.prepare, self._version, action, kind, extra_allowed=extra_allowed)

    async def _read(self, handler: Handler) -> NoReturn:
        recv, receive, now = self._socket.recv, self._rpc.receive, self._loop.time
        while True:
            message = await recv()
            if isinstance(message, bytes):  # section 4.1.2: a message is text
                self._rpc.refuse_unreadable()
            else:
                for event in receive(message, now_s=now()):
                    if isinstance(event, CallArrived):
                        await self._admit(event, handler)
                    else:
                        self._settle(event)
            self._flush()

    def _settle(self, event: RpcEvent) -> None:
        match event:
            case AnswerArrived():
                if (future := self._pending.pop(event.message_id, None)) is not None:
                    future.set_result(event.payload)
            case Refused():
                self._fail(event.message_id, CallRefused(event.code, event.description))
            case TimedOut():
                self._fail(event.message_id, AnswerTimeout("no answer in time"))
            case Lost():
                self._fail(event.message_id, LinkLost("the link ended before the answer"))
            case ResultRejected():
                self.counts.rejected_results += 1
                log.warning("the CSMS cannot use an answer", code=event.code, message_id=event.message_id)
            case SendArrived() | CallArrived():
                self.counts.unexpected_sends += 1

    def _fail(self, message_id: str, error: LinkError) -> None:
        if (future := self._pending.pop(message_id, None)) is not None:
            future.set_exception(error)

    def _flush(self) -> None:
        """Write what is due without waiting: whoever waits here could keep the reader from the answer."""
        for text in self._rpc.to_send():
            broadcast((self._socket,), text)
        if self._socket.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            log.warning("the CSMS has stopped reading")
            self._socket.transport.abort()
        deadline_s = self._rpc.next_deadline()
        if deadline_s is not None and (self._timer is None or deadline_s < self._timer.when()):
            # A timer that outlives its call is left to fire: cheaper than one handle a call.
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(deadline_s, self._expire)

    def _expire(self) -> None:
        due_s = self._loop.time() if self._timer is None else max(self._loop.time(), self._timer.when())
        self._timer = None
        for event in self._rpc.expire(now_s=due_s):
            self._settle(event)
        self._flush()

    async def _admit(self, call: CallArrived, handler: Handler) -> None:
        if call.action not in schema.actions(self._version):
            self._refuse(call, Fault.UNKNOWN_ACTION)
            return
        while len(self._handlers) >= self._settings.max_handlers:
            if self._rpc.has_own_calls or self._socket.state is State.CLOSED:
                self.counts.overloads += 1
                self._refuse(call, Fault.OVERLOADED)
                return
            self._flush()
            self._held = self._loop.create_future()
            await self._held
        task = asyncio.create_task(self._serve(call, handler), name=f"ocpp {call.action}")
        self._handlers.add(task)
        task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._handlers.discard(task)
        self._release()

    def _release(self) -> None:
        if self._held is not None and not self._held.done():
            self._held.set_result(None)
        self._held = None

    async def _serve(self, call: CallArrived, handler: Handler) -> None:
        try:
            async with asyncio.timeout(self._settings.handler_timeout_s):
                answered = await self._ask(call, handler)
                self._rpc.answer(call.message_id, answered.payload)
        except WrongPayload as wrong:
            self._refuse_with(call, wrong.code, wrong.description)
        except Exception as error:  # noqa: BLE001  the task's edge: logged, counted and answered
            self._failed("call not handled", call, error)
            self._refuse(call, Fault.INTERNAL)
        else:
            self._flush()
            if answered.after is not None:
                await self._follow(call, answered.after)

    async def _ask(self, call: CallArrived, handler: Handler) -> Answered:
        await self._compiled(call.action, "request")
        problem = self._schemas.check(self._version, call.action, "request", call.payload)
        if problem is not None:  # 2.0.1 section 4.1.7
            raise WrongPayload(problem.code(self._version), problem.description)
        try:
            answer = await handler(call.action, call.payload)
        except AnsweredAtOnce as at_once:
            answer = at_once.payload
        answered = answer if isinstance(answer, Answered) else Answered(answer)
        await self._compiled(call.action, "response")
        problem = self._schemas.check(self._version, call.action, "response", answered.payload)
        if problem is not None:
            raise OwnPayloadInvalid(f"{call.action} {problem.description}")
        return answered

    async def _follow(self, call: CallArrived, after: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._following.add(task)
            task.add_done_callback(self._following.discard)
        try:
            async with asyncio.timeout(self._settings.handler_timeout_s):
                await after()
        except Exception as error:  # noqa: BLE001  the task's edge: logged and counted
            self._failed("what follows an answer failed", call, error)

    def _failed(self, event: str, call: CallArrived, error: Exception) -> None:
        self.counts.handler_failures += 1
        log.error(event, action=call.action, cause=error)

    def _refuse(self, call: CallArrived, fault: Fault) -> None:
        self._refuse_with(call, code_for_fault(fault, version=self._version) or "", fault.value)

    def _refuse_with(self, call: CallArrived, code: str, description: str) -> None:
        self.counts.refused_calls += 1
        log.info("call refused", action=call.action[:50], code=code)
        self._rpc.refuse(call.message_id, code, description)
        self._flush()

    async def _keep_alive(self) -> None:
        while True:
            self._ping_changed.clear()
            try:
                async with asyncio.timeout(self._ping_interval_s if self._ping_interval_s > 0 else None):
                    await self._ping_changed.wait()
            except TimeoutError:
                if not await self._peer_answers():
                    self._silent = True
                    self._socket.transport.abort()
                    return

    async def _peer_answers(self) -> bool:
        written = False
        try:
            async with asyncio.timeout(self._settings.ping_timeout_s):
                # Writing waits too, where a dead peer has let the send buffer fill up.
                pong = await self._socket.ping()
                written = True
                await pong
        except TimeoutError:
            # While we do not read, we cannot see the pong; handlers end in time, and then the next ping decides.
            return written and self._held is not None
        except ConnectionClosed:
            return True  # `run` sees the end by itself
        return True

    async def _wind_up(self, *watchers: asyncio.Task[None]) -> None:
        self._socket.transport.abort()
        self._end_calls()
        for task in (*watchers, *(self._handlers - self._following)):
            task.cancel()  # nobody is left to be pinged or answered
        try:
            if self._following:
                await asyncio.wait(set(self._following), timeout=AFTER_GRACE_S)
        finally:
            for task in set(self._following):
                task.cancel()
            await asyncio.gather(*watchers, *self._handlers, return_exceptions=True)
        await self._socket.wait_closed()

    def _end_calls(self) -> None:
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for event in self._rpc.closed():
            self._settle(event)
        self._release()
