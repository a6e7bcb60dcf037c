"""A charging station of a few lines, so that the bench is tested by something that shares nothing with the agent."""

import asyncio
import base64
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from hil.csms.server import BenchCsms

BOOT_16 = {"chargePointVendor": "Example", "chargePointModel": "Duo"}
BOOT_201 = {"reason": "PowerUp", "chargingStation": {"vendorName": "Example", "model": "Duo"}}


class RawStation:
    """Sends frames, hands answers back, and answers the CSMS's calls from a table."""

    def __init__(self, ws: ClientConnection) -> None:
        self.ws = ws
        self.answers: dict[str, dict[str, Any]] = {}
        self.refusals: dict[str, tuple[str, str]] = {}
        self.asked: list[list[Any]] = []
        self.odd: list[str] = []
        self._ids = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[list[Any]]] = {}

    async def call(self, action: str, payload: dict[str, Any], *, timeout_s: float = 5.0) -> list[Any]:
        """The whole answering frame; TimeoutError when none comes."""
        message_id = f"m{next(self._ids)}-{id(self)}"
        future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = future
        await self.ws.send(json.dumps([2, message_id, action, payload]))
        async with asyncio.timeout(timeout_s):
            return await future

    async def read(self) -> None:
        """Read until the link ends."""
        async for text in self.ws:
            try:
                frame = json.loads(text)
            except ValueError:
                self.odd.append(str(text))
                continue
            if frame[0] == 2:
                self.asked.append(frame)
                reply = self.answers.get(frame[2])
                if frame[2] in self.refusals:
                    await self.ws.send(json.dumps([4, frame[1], *self.refusals[frame[2]], {}]))
                elif reply is not None:
                    await self.ws.send(json.dumps([3, frame[1], reply]))
            elif frame[1] in self._waiting:
                self._waiting.pop(frame[1]).set_result(frame)


@asynccontextmanager
async def plugged(
    csms: BenchCsms,
    identity: str = "CP001",
    *,
    versions: Sequence[str] = ("ocpp1.6",),
    password: str | None = None,
    ping_s: float | None = None,
) -> AsyncIterator[RawStation]:
    """A raw station on a link of its own."""
    headers = {}
    if password is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{identity}:{password}".encode()).decode()
    async with connect(
        f"{csms.url}/{identity}",
        subprotocols=[Subprotocol(version) for version in versions] or None,
        additional_headers=headers,
        proxy=None,
        ping_interval=ping_s,
        ping_timeout=ping_s,
        close_timeout=0.5,
        compression=None,
    ) as ws:
        station = RawStation(ws)
        reading = asyncio.create_task(station.read(), name="raw station")
        try:
            yield station
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await reading
