"""A power relay with its mirror contact, wired to two pins of gpiozero's mock board."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, auto

from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

COIL_PIN, MIRROR_PIN = 17, 27
OPERATE_S = 0.01


class Condition(Enum):
    """How the relay is."""

    SOUND = auto()
    WELDED = auto()
    """Its contacts stay closed once they are."""
    STUCK_OPEN = auto()
    """Its coil is broken."""


class _Pin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """A pin that something outside drives is stronger than a pull resistor; one that is written tells the relay."""

    relay: "WiredRelay | None" = None
    driven: bool | None = None

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self.drive_from_outside()

    def _change_state(self, value: bool) -> bool:  # noqa: FBT001 - gpiozero's signature
        changed = bool(super()._change_state(value))
        if changed and self.function == "output" and self.relay is not None:
            self.relay.coil_moved()
        return changed

    def drive_from_outside(self) -> None:
        """Put the outside's level on the pin."""
        if self.driven is not None:
            (self.drive_high if self.driven else self.drive_low)()


class WiredRelay:
    """Moves `OPERATE_S` after its coil; the mirror contact is open, and its pin high, while the relay is closed."""

    def __init__(self, factory: MockFactory) -> None:
        self.closed = False
        self.condition = Condition.SOUND
        self.on_moved: Callable[[], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._coil: _Pin = factory.pin(COIL_PIN)
        self._mirror: _Pin = factory.pin(MIRROR_PIN)
        self._coil.relay = self
        self._mirror.driven = False
        self._mirror.drive_from_outside()

    @property
    def is_commanded(self) -> bool:
        """Whether the coil's pin is high."""
        return bool(self._coil.state)

    def coil_moved(self) -> None:
        """The coil's pin changed; from any thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(loop.call_later, OPERATE_S, self._move)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """The loop on which the relay's mechanics run."""
        self._loop = loop

    async def moved(self) -> None:
        """Return once a command given before has had its time."""
        await asyncio.sleep(2 * OPERATE_S)

    def repair(self) -> None:
        """It moves again."""
        self.condition = Condition.SOUND
        self._move()

    def _move(self) -> None:
        wanted = self.is_commanded
        if self.condition is Condition.WELDED:
            wanted = wanted or self.closed
        if self.condition is Condition.STUCK_OPEN:
            wanted = False
        self.closed = wanted
        if self.on_moved is not None:
            self.on_moved()
        self._mirror.driven = wanted
        self._mirror.drive_from_outside()


@contextmanager
def wired_relay() -> Iterator[WiredRelay]:
    """A relay on the pins that gpiozero's drivers get within the block."""
    before, factory = Device.pin_factory, MockFactory(pin_class=_Pin)
    Device.pin_factory = factory
    relay = WiredRelay(factory)
    try:
        yield relay
    finally:
        factory.reset()
        Device.pin_factory = before
