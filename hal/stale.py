"""Noticing a meter whose values have stopped: gateways and boards go on answering with the last they knew."""

from collections.abc import Sequence
from dataclasses import dataclass

from hal.errors import BadReading
from hal.readings import MeterReading

COARSEST_COUNT_WH = 100.0  # a counter without finer steps moves at least so often
STEPS_MISSED = 3  # of its counter, before a meter under load is disbelieved


@dataclass(frozen=True, slots=True)
class _Seen:
    words: tuple[tuple[int, ...], ...]
    since_s: float


class StaleWatch:
    """Compares each answer with the one before.

    Voltages flicker and counters move: not one bit differing is believed as long as the energy that must have
    flowed meanwhile is less than three steps of the counter. Where no power flows nothing can be told.
    """

    def __init__(self, *, count_wh: float = 0.0) -> None:
        self._missed_wh = STEPS_MISSED * max(count_wh, COARSEST_COUNT_WH)
        self._seen: _Seen | None = None

    def frozen_for_s(self, words: Sequence[Sequence[int]], *, power_w: float | None, mono_s: float) -> float | None:
        """How long the values have stood still, where they cannot have; None where they are to be believed."""
        now = tuple(tuple(block) for block in words)
        if self._seen is None or self._seen.words != now:
            self._seen = _Seen(words=now, since_s=mono_s)
            return None
        still_s = mono_s - self._seen.since_s
        flowed_wh = abs(power_w or 0.0) * still_s / 3600
        return still_s if flowed_wh > self._missed_wh else None

    def check(self, reading: MeterReading, *, device: str) -> None:
        """Raise BadReading for a reading whose values cannot have stood still for so long."""
        values = (reading.power_w or 0.0, *reading.current_a, *reading.voltage_v)
        words = (reading.energy_import_wh, *(round(1000 * value) for value in values))
        still_s = self.frozen_for_s([words], power_w=reading.power_w, mono_s=reading.mono_s)
        if still_s is not None:
            flowing = f"{reading.power_w or 0.0:.0f} W flow"
            raise BadReading(f"not one value has moved in {still_s:.0f} s although {flowing}", device=device)

    def forget(self) -> None:
        """Begin anew."""
        self._seen = None
