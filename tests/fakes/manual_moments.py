"""A clock that is moved by hand, for the agent: hal's, with moments."""

from datetime import UTC, datetime, timedelta

from agent.clock import Moment
from hal.sim.clock import ManualClock

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
START_MONO_S = 1000.0


class ManualMoments(ManualClock):
    """Fits agent.clock.Clock too."""

    def __init__(self) -> None:
        super().__init__(start_s=START_MONO_S)

    def now(self) -> Moment:
        """Both clocks, read together."""
        mono_s = self.monotonic()
        return Moment(START + timedelta(seconds=mono_s - START_MONO_S), mono_s, "boot-1")

    def set_wall(self, utc: datetime) -> float:
        """Nobody sets this one."""
        raise NotImplementedError(utc)
