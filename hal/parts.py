"""The parts a charger is made of. A driver is any class that fits one or more of these protocols.

Nothing here blocks: what may take time is a coroutine, what must not wait (opening a contactor) is a plain
call that only hands the command to the hardware. Readings are pulled (`read`) or arrive in an endless
async iterator whose first item is the present state.
"""

from collections.abc import AsyncIterator
from typing import Protocol

from hal.readings import FaultReading, LimitReading, MeterReading, PilotState, TokenReading


class Clock(Protocol):
    """The time a driver lives in; the simulator's may run faster than the wall's."""

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class ControlPilot(Protocol):
    """The pilot wire towards the vehicle (IEC 61851-1 annex A)."""

    def offer(self, current_a: float | None) -> None:
        """Set the PWM duty cycle for `current_a` per phase (6 to 80 A); None: steady, nothing is offered."""
        ...

    def states(self) -> AsyncIterator[PilotState]:
        """The present state, then each change; raises HalError where the pilot can no longer be read."""
        ...


class Contactor(Protocol):
    """The relay that carries the energy, with its mirror contact."""

    def open(self) -> None:
        """Command it open: never waits, callable from any thread, harmless when repeated."""
        ...

    def close(self) -> None:
        """Command it closed."""
        ...

    def positions(self) -> AsyncIterator[bool]:
        """The mirror contact: True for closed. The present position, then each change."""
        ...


class EnergyMeter(Protocol):
    """An electricity meter."""

    async def read(self) -> MeterReading:
        """All it measures, now. Raises DeviceGone, DeviceSilent, DeviceRefused or BadReading; never an old value."""
        ...


class ConnectorLock(Protocol):
    """The motor that holds the cable in a socket."""

    async def lock(self) -> None:
        """Return once locked; NotConfirmed where the end switch disagrees."""
        ...

    async def unlock(self) -> None:
        """Return once free; NotConfirmed where the end switch disagrees."""
        ...


class TokenReader(Protocol):
    """An RFID reader, keypad or the like."""

    def tokens(self) -> AsyncIterator[TokenReading]:
        """Each presentation once; raises HalError where the reader is gone."""
        ...


class FaultInput(Protocol):
    """Whatever can tell that something is wrong: RCD, emergency stop, temperature switch."""

    def faults(self) -> AsyncIterator[FaultReading]:
        """Each active fault first, then each change."""
        ...


class CurrentLimit(Protocol):
    """Whatever may lower the current without a fault: a hot cable, a curtailment relay, the board itself."""

    def limits(self) -> AsyncIterator[LimitReading]:
        """The present limit, then each change; raises HalError where it is not known any more."""
        ...


class PhaseSwitch(Protocol):
    """The switch between one phase and three; the port uses it only while the contactor is confirmed open."""

    async def use_phases(self, count: int) -> None:
        """Return once `count` (1 or 3) phases are connected, dead time included; NotConfirmed, DeviceGone."""
        ...


class StopButton(Protocol):
    """A button with which the driver ends the charge."""

    def presses(self) -> AsyncIterator[None]:
        """Each press once, from now on; raises HalError where the button is gone."""
        ...


class Indicator(Protocol):
    """Light that tells the driver how things stand."""

    def show(self, look: str) -> None:
        """One of: free, authorized, charging, suspended, finishing, reserved, unavailable, fault, offline."""
        ...


class Driver(Protocol):
    """What every driver object has beside its parts' verbs."""

    async def start(self) -> None:
        """Open the device. May be retried; HalError where it cannot be opened now."""
        ...

    async def stop(self) -> None:
        """Leave the device safe (contactor open, nothing offered) and release it."""
        ...
