"""One accelerated time for all processes of a test: it goes on while a charger is dead."""

import asyncio
import time
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from agent.clock import Moment


@dataclass(frozen=True, slots=True)
class LabTime:
    """`origin_s` on CLOCK_MONOTONIC, which all processes of a machine share, is `wall_at_origin` in the laboratory."""

    origin_s: float
    wall_at_origin: datetime
    speed: float

    @classmethod
    def starting_now(cls, *, speed: float) -> "LabTime":
        """Laboratory time that begins at the present time of day."""
        return cls(time.monotonic(), datetime.now(UTC), speed)

    def monotonic(self) -> float:
        """Seconds of the laboratory since its beginning."""
        return (time.monotonic() - self.origin_s) * self.speed

    def wall(self) -> datetime:
        """The laboratory's UTC."""
        return self.wall_at_origin + timedelta(seconds=self.monotonic())

    def as_json(self) -> dict[str, Any]:
        """What `from_json` in another process makes the same time of."""
        return {**asdict(self), "wall_at_origin": self.wall_at_origin.isoformat()}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "LabTime":
        """The time of the process that wrote `values`."""
        return cls(values["origin_s"], datetime.fromisoformat(values["wall_at_origin"]), values["speed"])


class LabClock:
    """Laboratory time as agent.clock.Clock: like SystemClock, but it lasts from process to process.

    With `same_boot` only the process was killed; otherwise the machine was, so its monotonic clock begins anew.
    """

    def __init__(self, lab: LabTime, *, same_boot: bool) -> None:
        self._lab = lab
        self._zero_s = 0.0 if same_boot else lab.monotonic()
        self._boot = "the laboratory's" if same_boot else uuid.uuid4().hex

    def monotonic(self) -> float:
        """Seconds of this boot."""
        return self._lab.monotonic() - self._zero_s

    def now(self) -> Moment:
        """Both clocks, read together."""
        mono_s = self.monotonic()
        wall = self._lab.wall_at_origin + timedelta(seconds=self._zero_s + mono_s)
        return Moment(wall=wall, mono_s=mono_s, boot=self._boot)

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of the laboratory."""
        await asyncio.sleep(max(0.0, seconds) / self._lab.speed)

    def set_wall(self, utc: datetime) -> float:
        """Never follow: the CSMS of the laboratory has the same clock."""
        del utc
        return 0.0
