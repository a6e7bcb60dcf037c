"""Whether a board is still there: which of its messages came when, and whether its counter moves. No I/O, no clock."""

from collections.abc import Mapping

from hal.can_bus.signals import Raw
from hal.errors import BadReading, DeviceSilent, HalError


class Watch:
    """Times are seconds of one clock. `limits_s` maps each message that must keep coming to its timeout."""

    def __init__(self, limits_s: Mapping[str, float], *, device: str) -> None:
        self._limits_s = limits_s
        self._device = device
        self._fresh_at_s: dict[str, float] = {}
        self._since_s = 0.0
        self._reasons: dict[str, str] = {}
        self._counts: dict[str, Raw] = {}
        self.refused = 0

    def begin(self, now_s: float) -> None:
        """Nothing came yet; the timeouts run from now on."""
        self._since_s = now_s
        self._fresh_at_s, self._reasons, self._counts = {}, {}, {}

    def sound(self, message: str, *, now_s: float, count: Raw | None = None) -> None:
        """It came. Where it counts, only a count that moved is a sign of life."""
        if count is not None:
            before, self._counts[message] = self._counts.get(message), count
            if before is None:
                return
            if before == count:
                self._reasons[message] = f"its counter stands still at {count}"
                return
        self._fresh_at_s[message] = now_s
        self._reasons.pop(message, None)

    def refuse(self, message: str, reason: str) -> None:
        """It came and made no sense: as good as not at all."""
        self.refused += 1
        self._reasons[message] = f"refused: {reason}"

    @property
    def is_complete(self) -> bool:
        """Every message came since `begin`."""
        return self._fresh_at_s.keys() >= self._limits_s.keys()

    def deadline_s(self) -> float:
        """When the first of them will be overdue."""
        return min(self._fresh_at_s.get(name, self._since_s) + limit_s for name, limit_s in self._limits_s.items())

    def failure(self, now_s: float) -> HalError | None:
        """What to make of a message that is overdue; None while all is well."""
        for name, limit_s in self._limits_s.items():
            if now_s - self._fresh_at_s.get(name, self._since_s) >= limit_s:
                return self._overdue(name, limit_s)
        return None

    def _overdue(self, name: str, limit_s: float) -> HalError:
        reason = self._reasons.get(name, "nothing came")
        message = f"no {name} for {limit_s:g} s: {reason}"
        if reason.startswith("refused"):
            return BadReading(message, device=self._device)
        return DeviceSilent(message, device=self._device)
