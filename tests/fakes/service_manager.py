"""The part of systemd that a watched service sees: its notification socket, its watchdog, and what comes after it."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

TOLD_WITHIN_S = 20.0


class ServiceManager:
    """Keeps all that the service told, with the time (monotonic) of each datagram."""

    def __init__(self, listening: socket.socket, address: str) -> None:
        self.told: list[tuple[float, tuple[str, ...]]] = []
        self.address = address
        self._listening = listening
        self._moved = asyncio.Event()

    @property
    def lines(self) -> list[str]:
        """Every assignment so far."""
        return [line for _, lines in self.told for line in lines]

    def environ(self, *, watchdog_s: float | None = None) -> Mapping[str, str]:
        """What the service finds in its environment."""
        watched = {} if watchdog_s is None else {"WATCHDOG_USEC": str(round(watchdog_s * 1e6))}
        return {"NOTIFY_SOCKET": self.address, **watched}

    async def until_told(self, line: str, *, times: int = 1, within_s: float = TOLD_WITHIN_S) -> float:
        """Wait until it was told so often; when that was."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    moments = [at_s for at_s, lines in self.told if line in lines]
                    if len(moments) >= times:
                        return moments[times - 1]
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            raise AssertionError(f"no {line!r}; told: {self.lines}") from None

    async def until_silent(self, *, for_s: float) -> float:
        """Wait until the watchdog was not fed for so long; when it was fed last."""
        while True:
            fed_at_s = max(at_s for at_s, lines in self.told if "WATCHDOG=1" in lines)
            rest_s = fed_at_s + for_s - time.monotonic()
            if rest_s <= 0:
                return fed_at_s
            await asyncio.sleep(rest_s)

    async def listen(self) -> None:
        """For ever."""
        loop = asyncio.get_running_loop()
        while True:
            datagram = await loop.sock_recv(self._listening, 4096)
            self.told.append((time.monotonic(), tuple(datagram.decode().split("\n"))))
            self._moved.set()


@asynccontextmanager
async def service_manager(folder: Path, *, name: str = "") -> AsyncIterator[ServiceManager]:
    """Listens in `folder`, or at the abstract `name`."""
    address = f"@{name}" if name else str(folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listening:
        listening.bind(f"\0{name}" if name else address)
        manager = ServiceManager(listening, address)
        task = asyncio.create_task(manager.listen(), name="service manager")
        try:
            yield manager
        finally:
            task.cancel()
            await asyncio.wait([task])
