"""The CSMS of the bench: says yes to everything, checks nothing, so that it is never what is measured."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

T = TypeVar("T")
Payload = Mapping[str, Any]

VERSIONS = ("ocpp1.6", "ocpp2.0.1")
BOOT_INTERVAL_S = 86_400
"""No heartbeat falls into a measurement."""


class Peer:
    """One station, known by its identity before it connects."""

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self.booted = asyncio.Event()
        self.received: Counter[str] = Counter()
        self.last: dict[str, Payload] = {}
        self._socket: ServerConnection | None = None
        self._marks: dict[tuple[str, int], Callable[[], None]] = {}
        self._pending: dict[str, asyncio.Future[Payload]] = {}
        self._calls = 0

    def mark(self, action: str, number: int, take: Callable[[], T]) -> asyncio.Future[T]:
        """What `take` gives at the moment the station's message number `number` (from 1) of this action arrives."""
        taken: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def at_arrival() -> None:
            taken.set_result(take())

        self._marks[action, number] = at_arrival
        return taken

    async def ask(self, action: str, payload: Payload) -> float:
        """Ask the station; how many seconds the answer took."""
        if self._socket is None:
            raise RuntimeError("the station is not connected")
        self._calls += 1
        own_id = str(self._calls)
        answer = self._pending[own_id] = asyncio.get_running_loop().create_future()
        text = json.dumps([2, own_id, action, payload])
        began_s = time.perf_counter()
        await self._socket.send(text)
        async with asyncio.timeout(30):
            await answer
        return time.perf_counter() - began_s

    async def talk(self, socket: ServerConnection) -> None:
        """Read until the connection ends."""
        self._socket = socket
        self.connected.set()
        version = str(socket.subprotocol)
        try:
            async for text in socket:
                kind, message_id, *rest = json.loads(text)
                if kind == 2:
                    self._arrived(*rest)
                    await socket.send(json.dumps([3, message_id, _answer(version, rest[0])]))
                else:
                    self._answered(message_id, rest)
        except ConnectionClosed:
            pass
        finally:
            self.connected.clear()
            self._socket = None

    def _arrived(self, action: str, payload: Payload) -> None:
        self.received[action] += 1
        if action == "BootNotification":
            self.booted.set()
        self.last[action] = payload
        at_arrival = self._marks.pop((action, self.received[action]), None)
        if at_arrival is not None:
            at_arrival()

    def _answered(self, message_id: str, rest: list[Any]) -> None:
        answer = self._pending.pop(message_id, None)
        if answer is not None and not answer.done():
            answer.set_result(rest[0] if len(rest) == 1 else {"error": rest})


class Csms:
    """`async with Csms() as csms:` serves on a free port of the loopback interface."""

    def __init__(self) -> None:
        self.url = ""
        self._peers: dict[str, Peer] = {}
        self._server: Server | None = None

    async def __aenter__(self) -> "Csms":
        self._server = await serve(
            self._handle,
            "127.0.0.1",
            0,
            subprotocols=[*VERSIONS],  # type: ignore[list-item]  # Subprotocol is a NewType of str
            compression=None,
            ping_interval=None,
        )
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.url = f"ws://127.0.0.1:{port}/ocpp"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def peer(self, identity: str) -> Peer:
        """The station of this identity, connected or not."""
        return self._peers.setdefault(identity, Peer())

    async def _handle(self, socket: ServerConnection) -> None:
        path = socket.request.path if socket.request is not None else ""
        await self.peer(path.rpartition("/")[2]).talk(socket)


def _answer(version: str, action: str) -> Payload:
    match action:
        case "BootNotification":
            return {"currentTime": _now(), "interval": BOOT_INTERVAL_S, "status": "Accepted"}
        case "Heartbeat":
            return {"currentTime": _now()}
        case "StartTransaction":
            return {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}
        case "Authorize":
            return {"idTagInfo" if version == "ocpp1.6" else "idTokenInfo": {"status": "Accepted"}}
        case _:
            return {}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
