"""How much current a temperature allows: a falling curve, and a memory that keeps a trembling sensor from flapping."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hal.errors import WrongSettings

STEP_A = 0.1
"""Limits are rounded down to this, so that a slow drift is not told a thousand times."""

STOPPED_A = 0.0


@dataclass(frozen=True, slots=True)
class Curve:
    """Points (temperature in °C, most current in A), linear between them.

    Below the first point nothing is limited (infinity); above the last, the current is stopped.
    """

    points: tuple[tuple[float, float], ...]

    @classmethod
    def of(cls, points: Sequence[Sequence[float]], *, key: str) -> "Curve":
        """From what the settings say. Raises WrongSettings where the curve does not fall, naming `key`."""
        pairs: list[tuple[float, float]] = []
        for number, point in enumerate(points):
            if len(point) != 2 or not all(math.isfinite(value) for value in point):
                raise WrongSettings(f"{key}: give [temperature in C, current in A]", path=(key, number))
            temperature_c, current_a = point
            if current_a < 0:
                raise WrongSettings(f"{key}: a current cannot be {current_a:g} A", path=(key, number))
            if pairs and (temperature_c <= pairs[-1][0] or current_a > pairs[-1][1]):
                raise WrongSettings(f"{key}: temperatures must rise and currents must not", path=(key, number))
            pairs.append((float(temperature_c), float(current_a)))
        return cls(tuple(pairs))

    def at(self, temperature_c: float) -> float:
        """The most current at a temperature: infinity, a point between, or 0."""
        if not self.points or temperature_c < self.points[0][0]:
            return math.inf
        if temperature_c > self.points[-1][0]:
            return STOPPED_A
        for (low_c, high_a), (high_c, low_a) in zip(self.points, self.points[1:], strict=False):
            if temperature_c < high_c:
                share = (temperature_c - low_c) / (high_c - low_c)
                # Rounding must not leave the section.
                return min(high_a, max(low_a, high_a - share * (high_a - low_a)))
        return self.points[-1][1]


class Derating:
    """A curve with hysteresis: heat counts at once, cooling counts only beyond `hysteresis_c`."""

    def __init__(self, curve: Curve, *, hysteresis_c: float) -> None:
        self._curve = curve
        self._hysteresis_c = hysteresis_c
        self._counted_c: float | None = None

    def limit_a(self, temperature_c: float) -> float:
        """The most current now: never above the curve, never below the curve `hysteresis_c` further on."""
        counted_c = temperature_c
        if self._counted_c is not None:
            counted_c = min(max(self._counted_c, temperature_c), temperature_c + self._hysteresis_c)
        self._counted_c = counted_c
        allowed_a = self._curve.at(counted_c)
        return allowed_a if math.isinf(allowed_a) else rounded_down(allowed_a)


def rounded_down(current_a: float) -> float:
    """To STEP_A, and never up."""
    steps = math.floor(current_a / STEP_A + 1e-9)
    return min(current_a, round(steps * STEP_A, 3))


class Threshold:
    """Whether a value is beyond a limit: at once when it gets there, over when it came back by `hysteresis`."""

    def __init__(self, limit: float | None, *, hysteresis: float, is_upper: bool) -> None:
        self._limit = limit
        self._hysteresis = hysteresis
        self._sign = 1.0 if is_upper else -1.0
        self._is_beyond = False

    def passed(self, value: float) -> bool:
        """Whether it is beyond now."""
        if self._limit is None:
            return False
        beyond_by = self._sign * (value - self._limit)
        self._is_beyond = beyond_by > 0 or (self._is_beyond and beyond_by > -self._hysteresis)
        return self._is_beyond
