"""A clock that stands still until it is moved by hand."""

import asyncio
import heapq
import itertools

SETTLE_ROUNDS = 25
"""How often the event loop runs after each step, so that what was woken can react and wake others."""


class ManualClock:
    """Fits hal.parts.Clock: `advance` wakes the sleepers in the order of their deadlines, at their deadlines."""

    def __init__(self, *, start_s: float = 1000.0) -> None:
        self._now_s = start_s
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        """Seconds; moved only by `advance`."""
        return self._now_s

    def real_monotonic(self) -> float:
        """Nothing real passes while the clock stands still."""
        return self._now_s

    async def sleep(self, seconds: float) -> None:
        """Return once `advance` has passed `seconds` from now; zero or less only lets others run."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now_s + seconds, next(self._order), waiting))
        await waiting

    async def advance(self, seconds: float) -> None:
        """Move on by `seconds`, stopping at each sleeper's deadline to let it do its work."""
        target_s = self._now_s + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= target_s:
            deadline_s, _, waiting = heapq.heappop(self._sleepers)
            if waiting.done():
                continue  # its task was cancelled meanwhile
            self._now_s = max(self._now_s, deadline_s)
            waiting.set_result(None)
            await self.settle()
        self._now_s = target_s

    async def settle(self) -> None:
        """Let everything that can run now run, without moving time."""
        for _ in range(SETTLE_ROUNDS):
            await asyncio.sleep(0)
