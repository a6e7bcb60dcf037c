"""An event loop whose time runs faster than the wall's, for what waits by the network's own, real time."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.clock import Moment

SPEED = 30.0
"""A call that may take 30 s still has a second of real time on a busy machine."""

FIRST_WALL = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
NEVER_SET = datetime(1970, 1, 1, tzinfo=UTC)


@contextmanager
def fast_time(*, speed: float = SPEED) -> Iterator[None]:
    """As long as the block lasts, every sleep and time limit of the running loop is over `speed` times sooner."""
    loop: Any = asyncio.get_running_loop()
    selector = loop._selector
    begin_s = time.monotonic()

    def fast() -> float:
        return begin_s + (time.monotonic() - begin_s) * speed

    select = selector.select

    def select_sooner(timeout: float | None = None) -> Any:
        return select(None if timeout is None else timeout / speed)

    loop.time, selector.select = fast, select_sooner
    try:
        yield
    finally:
        del loop.time, selector.select


class LoopClock:
    """Fits agent.clock.Clock: the time of the running loop, fast or not."""

    def __init__(self, *, wall_known: bool = True, boot: str = "boot-1") -> None:
        self._loop = asyncio.get_running_loop()
        self._boot = boot
        self._wall_known = wall_known
        self._wall_at_zero = (FIRST_WALL if wall_known else NEVER_SET) - timedelta(seconds=self.monotonic())
        self.steps_s: list[float] = []
        """How far each word of the CSMS moved it."""

    def monotonic(self) -> float:
        """Seconds."""
        return self._loop.time()

    def now(self) -> Moment:
        """Both clocks, read together."""
        mono_s = self.monotonic()
        return Moment(self._wall_at_zero + timedelta(seconds=mono_s), mono_s, self._boot, self._wall_known)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(max(0.0, seconds))

    def set_wall(self, utc: datetime) -> float:
        """Believe the CSMS."""
        step_s = (utc - self.now().wall).total_seconds()
        self._wall_at_zero += timedelta(seconds=step_s)
        self._wall_known = True
        self.steps_s.append(step_s)
        return step_s
