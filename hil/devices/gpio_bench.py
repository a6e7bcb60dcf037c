"""What is wired to a charger's GPIO lines: a relay with its mirror contact, a lock's motor, buttons and contacts.

The wires may be anything that fits `Wire`: gpiozero's mock pins (hil.devices.gpio_pins), a stand-in for the kernel's
chips, or gpio-sim. Everything moves on the event loop it is attached to; every device can be broken.
"""

import asyncio
from collections.abc import Callable, Sequence
from enum import Enum, auto
from typing import Protocol

OPERATE_S = 0.01
TRAVEL_S = 0.03


class Wire(Protocol):
    """One line, seen from outside of the controller."""

    @property
    def level(self) -> bool:
        """Whether it is high."""
        ...

    def drive(self, high: bool | None) -> None:  # noqa: FBT001 - the level itself
        """Put a level on it; None: nothing drives it, the pull resistor decides."""
        ...

    def follow(self, moved: Callable[[], None]) -> None:
        """Call `moved` whenever the controller drives it otherwise; from any thread."""
        ...


class Condition(Enum):
    """How a device is."""

    SOUND = auto()
    WELDED = auto()
    """A relay whose contacts stay closed once they are."""
    STUCK_OPEN = auto()
    """A relay with a broken coil."""
    JAMMED = auto()
    """A motor that does not move."""
    SLOW = auto()
    """A motor that needs several pulses."""


class Relay:
    """Moves `operate_s` after its coil; each mirror wire is high while it is closed."""

    def __init__(self, coil: Wire, *, mirrors: Sequence[Wire] = (), operate_s: float = OPERATE_S) -> None:
        self.closed = False
        self.condition = Condition.SOUND
        self.on_moved: Callable[[], None] | None = None
        self._coil = coil
        self._mirrors = tuple(mirrors)
        self._operate_s = operate_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._show()
        coil.follow(self._coil_moved)

    @property
    def is_commanded(self) -> bool:
        """Whether the coil's line is high."""
        return self._coil.level

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop on which the mechanics run."""
        self._loop = loop

    async def moved(self) -> None:
        """Return once a command given before has had its time."""
        await asyncio.sleep(2 * self._operate_s)

    def repair(self) -> None:
        """It moves again."""
        self.condition = Condition.SOUND
        self._move()

    def _coil_moved(self) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(loop.call_later, self._operate_s, self._move)

    def _move(self) -> None:
        wanted = self.is_commanded
        if self.condition is Condition.WELDED:
            wanted = wanted or self.closed
        if self.condition is Condition.STUCK_OPEN:
            wanted = False
        self.closed = wanted
        if self.on_moved is not None:
            self.on_moved()
        self._show()

    def _show(self) -> None:
        for mirror in self._mirrors:
            mirror.drive(self.closed)


class LockMotor:
    """A motor behind an H-bridge (two wires), or a bolt with a spring (one wire); a high end switch is an active one.

    A pulse moves it once it lasted `travel_s`. `was_shorted` tells whether both wires were ever high at once.
    """

    def __init__(
        self,
        locking: Wire,
        unlocking: Wire | None = None,
        *,
        locked_switch: Wire | None = None,
        unlocked_switch: Wire | None = None,
        travel_s: float = TRAVEL_S,
    ) -> None:
        self.locked = False
        self.condition = Condition.SOUND
        self.pulses = 0
        self.was_shorted = False
        self._locking, self._unlocking = locking, unlocking
        self._locked_switch, self._unlocked_switch = locked_switch, unlocked_switch
        self._travel_s = travel_s
        self._driven: bool | None = None
        self._turning: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._show()
        for wire in (locking, unlocking):
            if wire is not None:
                wire.follow(self._wires_moved)

    @property
    def has_current(self) -> bool:
        """Whether anything drives it now."""
        return self._locking.level or (self._unlocking is not None and self._unlocking.level)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop on which the mechanics run."""
        self._loop = loop

    def _wires_moved(self) -> None:
        self.was_shorted |= self._unlocking is not None and self._locking.level and self._unlocking.level
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._follow_wires, self._direction())

    def _direction(self) -> bool | None:
        if self._locking.level:
            return True
        return False if self._unlocking is None or self._unlocking.level else None

    def _follow_wires(self, driven: bool | None) -> None:  # noqa: FBT001 - a direction
        if driven is self._driven or self._loop is None:
            return
        self._driven = driven
        if self._turning is not None:
            self._turning.cancel()
        if driven is None:
            return
        self.pulses += 1
        if self.condition is Condition.SLOW:
            self.condition = Condition.SOUND
        elif self.condition is Condition.SOUND:
            self._turning = self._loop.call_later(self._travel_s, self._arrive, driven)

    def _arrive(self, locked: bool) -> None:  # noqa: FBT001 - a direction
        self.locked = locked
        self._show()

    def _show(self) -> None:
        if self._locked_switch is not None:
            self._locked_switch.drive(self.locked)
        if self._unlocked_switch is not None:
            self._unlocked_switch.drive(not self.locked)


class Contact:
    """A button or a contact between a line and ground (with a pull-up) or the supply (`to_supply`)."""

    def __init__(self, wire: Wire, *, normally_closed: bool = False, to_supply: bool = False) -> None:
        self._wire = wire
        self._normally_closed = normally_closed
        self._closed_level = to_supply
        self._acts = False
        self._is_cut = False
        self._show()

    def act(self, *, active: bool = True) -> None:
        """Press it, or let it act; with active False it is let go."""
        self._acts = active
        self._show()

    def bounce(self, times: int = 5) -> None:
        """As `act`, with contacts that bounce."""
        for _ in range(times):
            self.act()
            self.act(active=False)
        self.act()

    def cut(self) -> None:
        """Its wire breaks."""
        self._is_cut = True
        self._show()

    def mend(self) -> None:
        """Its wire is whole again."""
        self._is_cut = False
        self._show()

    def _show(self) -> None:
        is_closed = self._acts != self._normally_closed and not self._is_cut
        self._wire.drive(self._closed_level if is_closed else None)
