"""The physics of an electric vehicle on an AC cable: pure, moved only by `advance`."""

import math
from dataclasses import dataclass

from hal.readings import PilotState

MIN_CURRENT_A = 6.0
"""IEC 61851-1 annex A: the smallest current a duty cycle can offer."""
TAPER_FROM_PERCENT = 80.0
TAPER_SCALE_PERCENT = 6.0
FULL_PERCENT = 100.0
MJ_PER_WH = 3_600_000
"""Millijoules in a watt-hour: energy is counted in whole millijoules, so that sums are exact."""


@dataclass(slots=True)
class VehicleTraits:
    """What kind of car it is; may be changed while it is plugged in."""

    battery_kwh: float = 60.0
    max_current_a: float = 32.0
    phases: int = 3
    wants_energy: bool = True
    reaction_s: float = 2.0
    ramp_a_per_s: float = 10.0
    charge_efficiency: float = 0.9
    ignores_offer: bool = False
    """A car out of order: it stays in C and draws its maximum although nothing is offered."""


class Vehicle:
    """One car: battery, on-board charger and its side of the pilot."""

    def __init__(self, traits: VehicleTraits, *, soc_percent: float = 40.0) -> None:
        self.traits = traits
        self.soc_percent = soc_percent
        self._heard_offer_a: float | None = None
        self._new_offer_a: float | None = None
        self._new_offer_for_s = 0.0
        self._current_a = 0.0

    @property
    def draw_a(self) -> tuple[float, float, float]:
        """Present current on L1, L2, L3 in amperes."""
        used = self.traits.phases
        return (self._current_a, self._current_a if used >= 2 else 0.0, self._current_a if used >= 3 else 0.0)

    @property
    def pilot_state(self) -> PilotState:
        """B, or C while it asks for energy; a plugged car shows nothing else."""
        return PilotState.C if self._asks() else PilotState.B

    def unplug(self) -> None:
        """Forget what the last station offered."""
        self._heard_offer_a = self._new_offer_a = None
        self._new_offer_for_s = self._current_a = 0.0

    def advance(self, seconds: float, *, offer_a: float | None, powered: bool) -> None:
        """Let `seconds` pass with this PWM offer (None: steady) and the mains present or not."""
        self._listen(seconds, offer_a=offer_a)
        if not powered or not self._asks():
            self._current_a = 0.0
            return
        step_a = self.traits.ramp_a_per_s * seconds
        self._current_a = min(self._setpoint_a(), self._current_a + step_a)

    def take(self, energy_mj: int) -> None:
        """Put what the cable delivered into the battery, less the charger's losses."""
        stored_kwh = energy_mj * self.traits.charge_efficiency / MJ_PER_WH / 1000
        self.soc_percent = min(FULL_PERCENT, self.soc_percent + 100 * stored_kwh / self.traits.battery_kwh)

    def _listen(self, seconds: float, *, offer_a: float | None) -> None:
        if offer_a != self._new_offer_a:
            self._new_offer_a = offer_a
            self._new_offer_for_s = 0.0
            if seconds < self.traits.reaction_s:
                return
        self._new_offer_for_s += seconds
        if self._new_offer_for_s >= self.traits.reaction_s:
            self._heard_offer_a = offer_a

    def _asks(self) -> bool:
        if not self.traits.wants_energy or self.soc_percent >= FULL_PERCENT:
            return False
        if self.traits.ignores_offer:
            return True
        return self._heard_offer_a is not None and self._heard_offer_a >= MIN_CURRENT_A

    def _setpoint_a(self) -> float:
        ceiling_a = self.traits.max_current_a * taper(self.soc_percent)
        if self.traits.ignores_offer or self._heard_offer_a is None:
            return ceiling_a
        return min(self._heard_offer_a, ceiling_a)


def taper(soc_percent: float) -> float:
    """The part of its maximum a battery accepts: all below 80 %, then an exponential tail to some 4 % when full."""
    if soc_percent <= TAPER_FROM_PERCENT:
        return 1.0
    return math.exp((TAPER_FROM_PERCENT - soc_percent) / TAPER_SCALE_PERCENT)
