"""A quick charger for the bench: parts that follow each command at once and note when they were told to open."""

import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from hal.readings import FaultReading, MeterReading, PilotState
from hal.registry import DRIVERS, DriverContext, SharedDevices
from hal.sim.watched import Stream, Watched

DRIVER = "bench"
CURRENT_A = (16.0, 16.0, 16.0)
VOLTAGE_V = (230.1, 229.8, 230.4)
POWER_W = tuple(amps * volts for amps, volts in zip(CURRENT_A, VOLTAGE_V, strict=True))


def announce() -> None:
    """From now on station.yaml may name the driver."""
    DRIVERS[DRIVER] = f"{__name__}:Iron"


@dataclass(frozen=True, slots=True)
class IronSettings:
    """It has none."""


class Iron:
    """All parts of one EVSE. `told_to_open` is called whenever the contactor is, with the time (perf_counter)."""

    Settings = IronSettings
    PARTS = frozenset({"pilot", "contactor", "meter", "faults"})

    def __init__(self, settings: IronSettings, context: DriverContext) -> None:
        self.settings = settings
        self.pilot = Watched(PilotState.A)
        self.mirror = Watched(value=False)
        self.inputs: Stream[FaultReading] = Stream()
        self.register_wh = 1_000_000
        self.told_to_open: Callable[[float], None] = _nobody_minds
        self._clock = context.clock
        context.shared.get((DRIVER, context.evse_id), lambda: self)

    async def start(self) -> None:
        """Nothing to open."""

    async def stop(self) -> None:
        """Safe."""
        self.mirror.set(value=False)

    def offer(self, current_a: float | None) -> None:
        """ControlPilot."""

    def states(self) -> AsyncIterator[PilotState]:
        """ControlPilot."""
        return self.pilot.follow()

    def open(self) -> None:
        """Contactor."""
        self.told_to_open(time.perf_counter())
        self.mirror.set(value=False)

    def close(self) -> None:
        """Contactor."""
        self.mirror.set(value=True)

    def positions(self) -> AsyncIterator[bool]:
        """Contactor."""
        return self.mirror.follow()

    def faults(self) -> AsyncIterator[FaultReading]:
        """FaultInput."""
        return self.inputs.follow()

    async def read(self) -> MeterReading:
        """EnergyMeter: a little more each time."""
        self.register_wh += 1
        return MeterReading(
            mono_s=self._clock.monotonic(),
            energy_import_wh=self.register_wh,
            power_w=sum(POWER_W),
            phase_power_w=POWER_W,
            current_a=CURRENT_A,
            voltage_v=VOLTAGE_V,
        )


def iron_of(shared: SharedDevices, evse_id: int) -> Iron:
    """The parts that an agent's EVSE was built of."""

    def missing() -> Iron:
        raise LookupError(f"EVSE {evse_id} is not of this driver")

    return shared.get((DRIVER, evse_id), missing)


def _nobody_minds(at_s: float) -> None:
    """What happens until somebody measures."""
