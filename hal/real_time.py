"""Two times at once: the clock devices live in, which may run fast, and the wall's.

Whatever waits for the other side's tasks (a mirror contact to answer, a vehicle to leave C) must give them
some real time too: at 600 times the speed a second of the clock is less than a turn of the event loop.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from hal.parts import Clock

REAL_FLOOR_S = 0.5
"""No limit of the clock counts as passed before this much real time went by (or all of it, if it is shorter)."""
MIN_REAL_TURN_S = 0.02
"""Periodic work runs at most 50 times a real second, however fast the clock."""


@runtime_checkable
class OwnRealTime(Protocol):
    """A clock that also decides what real time is, as one moved by hand does."""

    def real_monotonic(self) -> float: ...


def real_monotonic_of(clock: Clock) -> Callable[[], float]:
    """Where to read real seconds beside this clock."""
    return clock.real_monotonic if isinstance(clock, OwnRealTime) else time.monotonic


async def paced_sleep(clock: Clock, seconds: float) -> None:
    """Wait `seconds` of the clock, and no less than MIN_REAL_TURN_S of real time."""
    real_monotonic = real_monotonic_of(clock)
    started_s = real_monotonic()
    await clock.sleep(seconds)
    rest_s = min(seconds, MIN_REAL_TURN_S) - (real_monotonic() - started_s)
    if rest_s > 0:
        await asyncio.sleep(rest_s)


class Stopwatch:
    """Measures one span on both times."""

    def __init__(self, clock: Clock, *, real_monotonic: Callable[[], float]) -> None:
        self._clock = clock
        self._real_monotonic = real_monotonic
        self._started: tuple[float, float] | None = None

    @property
    def is_running(self) -> bool:
        """Whether a span has begun."""
        return self._started is not None

    def restart(self) -> None:
        """Begin a new span now."""
        self._started = (self._clock.monotonic(), self._real_monotonic())

    def begin(self) -> None:
        """Begin a span unless one runs."""
        if self._started is None:
            self.restart()

    def stop(self) -> None:
        """No span runs."""
        self._started = None

    def passed(self, seconds: float) -> bool:
        """Whether the running span is `seconds` long or longer; False while none runs."""
        if self._started is None:
            return False
        clock_s, real_s = self._started
        long_enough = self._clock.monotonic() - clock_s >= seconds
        return long_enough and self._real_monotonic() - real_s >= min(seconds, REAL_FLOOR_S)
