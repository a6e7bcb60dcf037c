"""One client's connection: HTTP/1.1 by h11, every read, write and wait with a limit."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import h11

from agent.api.dispatch import dispatch, no_room
from agent.api.events import EventName, Subscription, TooManyClients, encode
from agent.api.exchange import EVENT_STREAM, Answer, EventAnswer, RawRequest, problem_answer
from agent.api.handlers import Context
from agent.api.limits import Limits
from agent.api.problems import ApiProblem
from agent.log import get_logger

log = get_logger(__name__)

_READ_BYTES = 16_384
_LINGER_READS = 64
"""Reads of a refused body that are thrown away before the connection is closed on it."""
_RETRY_MS = 3000
"""How long a browser waits before it connects to the events again."""
_HEARTBEAT = b": still here\n\n"


class Connection:
    """Serves one client until it leaves, errs or is idle."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, context: Context, limits: Limits
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._context = context
        self._limits = limits
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head_bytes)
        self._method = ""

    async def serve(self) -> None:
        """Answer requests one after another, then close."""
        try:
            while await self._one_exchange():
                self._h11.start_next_cycle()
        except (ConnectionError, TimeoutError) as error:
            log.debug("client left", why=repr(error))
        finally:
            await self._close()

    async def _one_exchange(self) -> bool:
        """Read a request and answer it; whether another may follow."""
        try:
            request = await self._read_request()
        except ApiProblem as problem:
            await self._send_answer(problem_answer(problem), last=True)
            await self._linger()
            return False
        if request is None:
            return False
        self._context.traffic.requests += 1
        match await self._dispatched(request):
            case EventAnswer():
                await self._send_events()
            case Answer() as answer:
                await self._send_answer(answer)
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE

    async def _dispatched(self, request: RawRequest) -> Answer | EventAnswer:
        try:
            async with asyncio.timeout(self._limits.answer_s):
                return await dispatch(self._context, request)
        except TimeoutError:
            log.warning("no answer in time", method=request.method, target=request.target[:200])
            return problem_answer(ApiProblem(HTTPStatus.SERVICE_UNAVAILABLE, "the agent is busy"))

    # Reading

    async def _read_request(self) -> RawRequest | None:
        """The next request, complete; None once the client is gone or was idle for too long. Raises ApiProblem."""
        self._method = ""
        if not self._h11.trailing_data[0]:
            try:
                async with asyncio.timeout(self._limits.idle_s):
                    self._h11.receive_data(await self._reader.read(_READ_BYTES))
            except TimeoutError:
                return None
        try:
            async with asyncio.timeout(self._limits.request_s):
                return await self._read_whole()
        except TimeoutError as error:
            raise ApiProblem(HTTPStatus.REQUEST_TIMEOUT, "the request came too slowly") from error
        except h11.RemoteProtocolError as error:
            raise ApiProblem(HTTPStatus(error.error_status_hint), str(error)) from error

    async def _read_whole(self) -> RawRequest | None:
        head = await self._next_event()
        if not isinstance(head, h11.Request):
            return None
        self._method = head.method.decode("ascii")
        headers = _headers(head)
        if int(headers.get("content-length", "0")) > self._limits.body_bytes:
            raise self._too_large()
        body = bytearray()
        while isinstance(part := await self._next_event(), h11.Data):
            body += part.data
            if len(body) > self._limits.body_bytes:
                raise self._too_large()
        return RawRequest(self._method, head.target.decode("latin-1"), headers, bytes(body))

    def _too_large(self) -> ApiProblem:
        return ApiProblem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a body may hold {self._limits.body_bytes} bytes at most"
        )

    async def _next_event(self) -> Any:
        """h11's next event, reading as long as it needs more."""
        while (event := self._h11.next_event()) is h11.NEED_DATA:
            if self._h11.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            self._h11.receive_data(await self._reader.read(_READ_BYTES))
        return event

    # Writing

    async def _send_answer(self, answer: Answer, *, last: bool = False) -> None:
        if self._h11.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        if answer.content_type is None:
            del headers["Content-Length"]
        else:
            headers["Content-Type"] = answer.content_type
        if last:
            headers["Connection"] = "close"
        await self._send(_response(answer.status, headers))
        if answer.body and self._method != "HEAD":
            await self._send(h11.Data(data=answer.body))
        await self._send(h11.EndOfMessage())

    async def _send(self, event: Any) -> None:
        await self._write(self._h11.send(event) or b"")

    async def _write(self, data: bytes) -> None:
        """Write; a client that does not take it in time is cut off with TimeoutError."""
        self._writer.write(data)
        async with asyncio.timeout(self._limits.write_s):
            await self._writer.drain()

    # Events

    async def _send_events(self) -> None:
        """Tell what happens until the client goes away or falls behind."""
        try:
            subscription = self._context.events.subscribe(dropped=self._writer.transport.abort)
        except TooManyClients as error:
            await self._send_answer(no_room(error))
            return
        with subscription:
            await self._send(_response(HTTPStatus.OK, {"Content-Type": EVENT_STREAM, "Connection": "close"}))
            if self._method == "HEAD":
                await self._send(h11.EndOfMessage())
                return
            hang_up = asyncio.create_task(self._wait_for_hang_up(subscription), name="API event client's hang-up")
            try:
                await self._tell(subscription)
            finally:
                hang_up.cancel()
                await asyncio.gather(hang_up, return_exceptions=True)

    async def _tell(self, subscription: Subscription) -> None:
        # The state as it is now, under the id of the last event it already holds.
        now = encode(EventName.SNAPSHOT, self._context.source.status(), event_id=self._context.events.last_id)
        await self._send(h11.Data(data=b"retry: %d\n\n" % _RETRY_MS + now))
        while True:
            try:
                async with asyncio.timeout(self._limits.heartbeat_s):
                    news = await subscription.next()
            except TimeoutError:
                news = _HEARTBEAT
            if news is None:
                return
            await self._send(h11.Data(data=news))

    async def _wait_for_hang_up(self, subscription: Subscription) -> None:
        with contextlib.suppress(ConnectionError):
            while await self._reader.read(_READ_BYTES):
                continue  # an event stream is the last answer on its connection: nothing else is heard
        subscription.close()

    # The end

    async def _linger(self) -> None:
        """Throw away what still comes: closing on unread bytes would destroy the refusal on its way."""
        if self._writer.can_write_eof():
            self._writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._limits.linger_s):
                for _ in range(_LINGER_READS):
                    if not await self._reader.read(_READ_BYTES):
                        return

    async def _close(self) -> None:
        self._writer.close()
        try:
            async with asyncio.timeout(self._limits.linger_s):
                await self._writer.wait_closed()
        except (ConnectionError, TimeoutError) as error:
            log.debug("client did not take the rest", why=repr(error))
        finally:
            self._writer.transport.abort()


def _headers(head: h11.Request) -> Mapping[str, str]:
    """Names are lower case already; h11 refuses what may not stand in a header."""
    return {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}


def _response(status: HTTPStatus, headers: Mapping[str, str]) -> h11.Response:
    common = {
        "Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return h11.Response(
        status_code=status.value,
        reason=status.phrase.encode(),
        headers=[(name.encode(), value.encode()) for name, value in {**common, **headers}.items()],
    )
