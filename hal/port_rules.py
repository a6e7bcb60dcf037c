"""What a port may do, decided from what it knows: pure."""

from dataclasses import dataclass

from hal.readings import PilotState

MIN_OFFER_A = 6.0
"""IEC 61851-1 annex A: less cannot be offered; a lower limit means a pause."""

PLUGGED = frozenset({PilotState.B, PilotState.C, PilotState.D})
WANTS_ENERGY = frozenset({PilotState.C, PilotState.D})


@dataclass(frozen=True, slots=True)
class Conditions:
    """All that decides about energy.

    `limit_a` is what may flow per phase: None for no permission, below 6 A for a pause. `is_pause_over`: the EV had
    its time to leave C after the PWM went off. `is_faulty` includes every part that is not heard of. `is_held_open`:
    the cable is being freed, or the phases are being switched.
    """

    limit_a: float | None
    is_leased: bool
    pilot: PilotState | None
    is_faulty: bool
    is_held_open: bool
    is_pause_over: bool
    offered_a: float | None

    @property
    def is_permitted(self) -> bool:
        """The agent's permission and its lease both stand."""
        return self.limit_a is not None and self.is_leased


def wanted_offer_a(now: Conditions) -> float | None:
    """The current the PWM should offer; None for a steady pilot."""
    if not now.is_permitted or now.is_faulty or now.pilot not in PLUGGED:
        return None
    return now.limit_a if now.limit_a is not None and now.limit_a >= MIN_OFFER_A else None


def may_close(now: Conditions) -> bool:
    """Whether a contactor that is open may be told to close."""
    return now.pilot in WANTS_ENERGY and now.offered_a is not None and not now.is_held_open and may_stay_closed(now)


def may_stay_closed(now: Conditions) -> bool:
    """Whether a contactor that is told to be closed may stay so: a pause gives the EV time to leave C by itself."""
    if not now.is_permitted or now.is_faulty or now.pilot not in WANTS_ENERGY:
        return False
    is_paused = now.limit_a is None or not now.limit_a >= MIN_OFFER_A
    return not (is_paused and now.is_pause_over)
