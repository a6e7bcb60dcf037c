"""Time as a value: what a stamp holds, and the one place that reads a clock."""

import asyncio
import time
import uuid
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Protocol

from agent.frozen import dataclass

EARLIEST_CREDIBLE = datetime(2025, 1, 1, tzinfo=UTC)
"""A wall clock that shows less was never set: no controller left the factory before."""

BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time on both clocks.

    `wall` is UTC. `mono_s` counts seconds within the boot named by `boot`, across process restarts,
    so a wall time that was unknown (`wall_known` false) can be mended once that boot learns the time.
    """

    wall: datetime
    mono_s: float
    boot: str
    wall_known: bool = True

    def later(self, seconds: float) -> "Moment":
        """The moment `seconds` after this one, in the same boot."""
        return Moment(
            wall=self.wall + timedelta(seconds=seconds),
            mono_s=self.mono_s + seconds,
            boot=self.boot,
            wall_known=self.wall_known,
        )


def zone_of(name: str) -> tzinfo:
    """The time zone of an IANA name. ValueError where this system knows none of it."""
    if name == "UTC":
        return UTC  # needs no time zone database
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - few stations need it

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone known here") from error


class Clock(Protocol):
    """What the agent may ask of time."""

    def now(self) -> Moment: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...

    def set_wall(self, utc: datetime) -> float:
        """Believe the CSMS: from now on `wall` follows `utc`; returns the step in seconds."""
        ...


class SystemClock:
    """The machine's clocks, optionally run `speed` times as fast (for simulation only)."""

    def __init__(self, *, speed: float = 1.0) -> None:
        self._speed = speed
        self._mono_origin_s = time.monotonic()
        self._wall_at_zero = datetime.now(UTC) - timedelta(seconds=self.monotonic())
        self._wall_known = self.now_wall() >= EARLIEST_CREDIBLE
        # An accelerated monotonic clock means nothing to the next process, so it gets a boot of its own.
        self._boot = kernel_boot_id() if speed == 1.0 else uuid.uuid4().hex

    def monotonic(self) -> float:
        """Seconds that never step back."""
        if self._speed == 1.0:
            return time.monotonic()
        return (time.monotonic() - self._mono_origin_s) * self._speed

    def now_wall(self) -> datetime:
        """UTC as far as this process knows it."""
        return self._wall_at_zero + timedelta(seconds=self.monotonic())

    def now(self) -> Moment:
        """Both clocks, read together."""
        mono_s = self.monotonic()
        return Moment(
            wall=self._wall_at_zero + timedelta(seconds=mono_s),
            mono_s=mono_s,
            boot=self._boot,
            wall_known=self._wall_known,
        )

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of this clock."""
        await asyncio.sleep(max(0.0, seconds) / self._speed)

    def set_wall(self, utc: datetime) -> float:
        """Believe the CSMS from now on; returns the step in seconds, 0 where time is accelerated and keeps its own."""
        if self._speed != 1.0:
            return 0.0
        step_s = (utc - self.now_wall()).total_seconds()
        self._wall_at_zero += timedelta(seconds=step_s)
        self._wall_known = True
        return step_s


def kernel_boot_id() -> str:
    """An id that lasts as long as CLOCK_MONOTONIC does; random where the kernel tells none."""
    try:
        return BOOT_ID_FILE.read_text(encoding="ascii").strip()
    except OSError:
        return uuid.uuid4().hex
