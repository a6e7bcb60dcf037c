"""The local API's server: loopback only, a bounded number of connections, each with an owned task."""

import asyncio

from agent.api.connection import Connection
from agent.api.events import EventStream
from agent.api.handlers import Context
from agent.api.host_check import LOCAL_NAME, is_loopback
from agent.api.limits import Limits
from agent.api.views import SimulatorControls, Source
from agent.errors import SettingsError
from agent.log import get_logger

log = get_logger(__name__)

_FULL = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n"
_BACKLOG = 16


class ApiServer:
    """Serves one station's local API. `host` beyond loopback is refused with SettingsError: there is no password."""

    def __init__(  # noqa: PLR0913 - the parts it is made of, by keyword
        self,
        source: Source,
        controls: SimulatorControls | None,
        events: EventStream,
        *,
        host: str,
        port: int,
        limits: Limits | None = None,
    ) -> None:
        if not is_loopback(host):
            raise SettingsError(
                f"local_api.host: {host} is not a loopback address; use 127.0.0.1, ::1 or localhost,"
                " and a tunnel or proxy to reach it from elsewhere"
            )
        self._host = "127.0.0.1" if host == LOCAL_NAME else host
        self._port = port
        self._limits = limits or Limits()
        self._context = Context(source=source, controls=controls, events=events)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._full = False

    async def start(self) -> int:
        """Listen; the port that was bound. Raises SettingsError where the port cannot be had."""
        try:
            self._server = await asyncio.start_server(
                self._accept, self._host, self._port, backlog=_BACKLOG, limit=self._limits.head_bytes
            )
        except OSError as error:
            raise SettingsError(f"local_api: cannot listen on {self._host}:{self._port}: {error.strerror}") from error
        port = int(self._server.sockets[0].getsockname()[1])
        log.info("local API listens", host=self._host, port=port)
        return port

    async def stop(self) -> None:
        """Close the door and every connection; returns once all is closed."""
        if self._server is None:
            return
        self._server.close()
        open_now = list(self._connections)
        for connection in open_now:
            connection.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._limits.connections:
            if not self._full:
                log.warning("local API is full", connections=len(self._connections))
            self._full = True
            writer.write(_FULL)
            writer.close()
            return
        connection = Connection(reader, writer, context=self._context, limits=self._limits)
        task = asyncio.create_task(connection.serve(), name="API connection")
        self._connections.add(task)
        self._context.traffic.connections = len(self._connections)
        task.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._connections.discard(task)
        self._context.traffic.connections = len(self._connections)
        self._full = False
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("API connection failed", cause=error)
