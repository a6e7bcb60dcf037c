"""The floor: the least that Python needs to talk OCPP-J. `websockets` and `json`, no checks, no disk.

    python -m tests.bench.clients.floor URL IDENTITY VERSION [METER_VALUES] [STATIONS]

Boots, sends METER_VALUES one after another, answers what it is asked until it is ended.
"""

import asyncio
import json
import sys
import uuid
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.bench.clients import payloads

AT_ONCE = 50
"""Stations of a fleet that connect at the same time."""


class Floor:
    """One bare station."""

    def __init__(self, socket: ClientConnection, version: str) -> None:
        self._socket = socket
        self._version = version
        self._pending: dict[str, asyncio.Future[Any]] = {}

    async def call(self, action: str, payload: payloads.Payload) -> Any:
        """Ask, and wait for the answer."""
        own_id = str(uuid.uuid4())
        answer = self._pending[own_id] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps([2, own_id, action, payload]))
        return await answer

    async def read(self) -> None:
        """Answer and take answers until the connection ends."""
        async for text in self._socket:
            kind, message_id, *rest = json.loads(text)
            if kind == 2:
                await self._socket.send(json.dumps([3, message_id, payloads.answer(self._version, rest[0])]))
            else:
                self._pending.pop(message_id).set_result(rest[0])


async def station(url: str, identity: str, version: str, *, meter_values: int, slots: asyncio.Semaphore) -> None:
    """One station, until it is ended."""
    await slots.acquire()
    async with connect(
        f"{url}/{identity}", subprotocols=[Subprotocol(version)], compression=None, proxy=None, ping_interval=60
    ) as socket:
        floor = Floor(socket, version)
        reading = asyncio.create_task(floor.read(), name="floor")
        await floor.call("BootNotification", payloads.boot(version))
        slots.release()
        for number in range(meter_values):
            await floor.call(*payloads.meter_value(version, number))
        await reading


async def main() -> None:
    """One station, or a fleet whose identities are numbered from 1."""
    url, identity, version, *counts = sys.argv[1:]
    meter_values, stations = (*(int(count) for count in counts), *(0, 0)[len(counts) :])
    slots = asyncio.Semaphore(AT_ONCE)
    identities = [f"{identity}-{number}" for number in range(1, stations + 1)] or [identity]
    await asyncio.gather(*(station(url, one, version, meter_values=meter_values, slots=slots) for one in identities))


if __name__ == "__main__":
    asyncio.run(main())
