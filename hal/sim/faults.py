"""What each fault name does to a simulated board."""

from hal.readings import FAULT_NAMES, FaultReading, PilotState

PILOT_OF_FAULT = {"DiodeFault": PilotState.F, "PilotFault": PilotState.E}
"""Faults that show on the pilot wire and nowhere else."""

VOLTAGE_FACTOR = {"UnderVoltage": 0.8, "OverVoltage": 1.15}
"""How the supply really looks while such a fault is injected."""

HOT_C = 95.0
"""What the temperature sensor shows while HighTemperature is injected."""

FELT_ONLY = frozenset({"WeldedContactor", "ContactorFailure", "PowerMeterFailure", "BoardLost", *PILOT_OF_FAULT})
"""Faults that no input reports: whoever works with the part finds out."""


class UnknownFault(ValueError):
    """Not one of hal.readings.FAULT_NAMES."""


class InjectedFaults:
    """The faults that are switched on now."""

    def __init__(self) -> None:
        self._active: dict[str, None] = {}

    def __contains__(self, fault: str) -> bool:
        return fault in self._active

    @property
    def active(self) -> tuple[str, ...]:
        """In the order they were switched on."""
        return tuple(self._active)

    def switch(self, fault: str, *, active: bool) -> bool:
        """Switch one on or off; tells whether that changed anything. UnknownFault for any other name."""
        if fault not in FAULT_NAMES:
            raise UnknownFault(f"no fault is called {fault!r}; known: {', '.join(FAULT_NAMES)}")
        if active == (fault in self._active):
            return False
        if active:
            self._active[fault] = None
        else:
            del self._active[fault]
        return True

    def readings(self) -> tuple[FaultReading, ...]:
        """What a fault input shows now."""
        return tuple(reading(fault, active=True) for fault in self._active if fault not in FELT_ONLY)

    def pilot_state(self) -> PilotState | None:
        """The state a fault forces on the pilot, if one does."""
        return next((PILOT_OF_FAULT[fault] for fault in self._active if fault in PILOT_OF_FAULT), None)

    def voltage_factor(self) -> float:
        """What the supply voltage is multiplied by."""
        return next((VOLTAGE_FACTOR[fault] for fault in self._active if fault in VOLTAGE_FACTOR), 1.0)


def reading(fault: str, *, active: bool) -> FaultReading:
    """What a fault input says when `fault` moves."""
    return FaultReading(fault=fault, active=active, detail="simulated")
