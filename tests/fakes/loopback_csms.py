"""A CSMS on loopback, at the level of frames: scripted, or deaf and dumb after the handshake."""

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from agent.ocpp.adapter import JsonObject, WrongPayload
from agent.ocpp.handshake import LinkSettings
from agent.ocpp.schema import Checker
from agent.ocpp.session import Handler, Session, connect

NOW = {"currentTime": "2025-03-01T12:00:00Z"}
Script = Callable[[ServerConnection], Awaitable[None]]


async def answer_heartbeats(csms: ServerConnection) -> None:
    """Answer every call as if it were a Heartbeat."""
    async for text in csms:
        frame = json.loads(text)
        if frame[0] == 2:
            await csms.send(json.dumps([3, frame[1], NOW]))


async def ask(csms: ServerConnection, *frame: Any) -> Any:
    """Send a frame and return the next one."""
    await csms.send(json.dumps(frame))
    async with asyncio.timeout(5):
        return json.loads(await csms.recv())


@asynccontextmanager
async def csms_of(script: Script, **options: Any) -> AsyncIterator[str]:
    """A CSMS that runs `script` on each connection; yields its URL."""

    async def behave(csms: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await script(csms)

    names = [Subprotocol("ocpp1.6"), Subprotocol("ocpp2.0.1"), Subprotocol("ocpp2.1")]
    options = {"subprotocols": names, "ping_interval": None, "close_timeout": 0.2, **options}
    async with serve(behave, "127.0.0.1", 0, **options) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}/ocpp"


@asynccontextmanager
async def silent_csms() -> AsyncIterator[str]:
    """A peer that shakes hands and then neither reads nor writes: the other end of a half-open link."""
    held: list[asyncio.StreamWriter] = []

    async def shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held.append(writer)
        protocol = ServerProtocol(subprotocols=[Subprotocol("ocpp2.0.1")])
        protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
        request = protocol.events_received()[0]
        assert isinstance(request, Request)
        protocol.send_response(protocol.accept(request))
        for data in protocol.data_to_send():
            writer.write(data)
        transport = writer.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()

    listening = sockets.socket()
    listening.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    listening.bind(("127.0.0.1", 0))
    server = await asyncio.start_server(shake_hands, sock=listening)
    try:
        yield f"ws://127.0.0.1:{listening.getsockname()[1]}/ocpp"
    finally:
        server.close()
        for writer in held:
            writer.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)


async def no_handler(action: str, payload: JsonObject) -> JsonObject:
    """A station that supports nothing."""
    raise WrongPayload("NotSupported", action)


def link(url: str, **changes: Any) -> LinkSettings:
    """Settings of a link to `url`: 2.0.1, no pings."""
    settings = LinkSettings(url=url, identity="CP 1", subprotocols=("ocpp2.0.1",), ping_interval_s=0, call_timeout_s=5)
    return replace(settings, **changes)


@asynccontextmanager
async def session_at(
    url: str, handler: Handler = no_handler, *, schemas: Checker | None = None, **changes: Any
) -> AsyncIterator[Session]:
    """A running session with `url`, closed at the end."""
    session = await connect(link(url, **changes), schemas=schemas)
    running = asyncio.create_task(session.run(handler), name="session")
    try:
        yield session
    finally:
        await session.close(limit_s=1)
        async with asyncio.timeout(5):
            await running


async def until(condition: Callable[[], bool], *, limit_s: float = 5) -> None:
    """Wait for something that no event announces."""
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110  the condition is a test's own
            await asyncio.sleep(0.005)
