"""The control pilot as the station sees it (IEC 61851-1 annex A)."""

from enum import StrEnum


class PilotState(StrEnum):
    """IEC 61851-1 states: A no EV, B connected, C wants energy, D the same with ventilation, E/F not usable."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"

    @property
    def is_plugged(self) -> bool:
        """An EV is on the cable."""
        return self in (PilotState.B, PilotState.C, PilotState.D)

    @property
    def wants_energy(self) -> bool:
        """The EV asks for the contactor to close."""
        return self in (PilotState.C, PilotState.D)
