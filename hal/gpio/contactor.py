"""A contactor on two pins: one that drives its coil, one that reads its mirror contact."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar

from gpiozero import DigitalInputDevice, OutputDevice
from gpiozero.exc import BadPinFactory, DeviceClosed, GPIOZeroError

from hal.errors import DeviceGone, HalError, WrongSettings
from hal.registry import DriverContext

log = logging.getLogger(__name__)

PULLS: dict[str, bool | None] = {"up": True, "down": False, "none": None}
"""The pull resistor of an input, as gpiozero names it."""

MOST_UNREAD_POSITIONS = 64


@dataclass(frozen=True, slots=True)
class GpioContactorSettings:
    """Pins by their BCM numbers.

    The defaults fit a normally closed mirror contact to ground: the pin is high while the contactor is closed,
    and a broken wire looks like a closed contactor, which is the safe mistake.
    """

    pin: int = field(metadata={"doc": "Pin that drives the coil."})
    feedback_pin: int | None = field(default=None, metadata={"doc": "Pin of the mirror contact; null: there is none."})
    active_high: bool = field(default=True, metadata={"doc": "The coil is driven by a high level."})
    feedback_active_high: bool = field(
        default=True, metadata={"doc": "A high level on the feedback pin means that the contactor is closed."}
    )
    feedback_pull: str = field(default="up", metadata={"doc": "Pull resistor of the feedback pin: up, down or none."})
    debounce_s: float = field(default=0.005, metadata={"doc": "How long the mirror contact may bounce."})
    operate_time_s: float = field(
        default=0.05, metadata={"doc": "Without a mirror contact: how long after a command it is taken as done."}
    )

    def __post_init__(self) -> None:
        """Refuse what no board can do."""
        if self.feedback_pull not in PULLS:
            raise WrongSettings(
                f"feedback_pull is up, down or none, not {self.feedback_pull!r}", path=("feedback_pull",)
            )
        if self.pin == self.feedback_pin:
            raise WrongSettings("pin and feedback_pin must differ", path=("feedback_pin",))
        for key, value in (("debounce_s", self.debounce_s), ("operate_time_s", self.operate_time_s)):
            if not 0 <= value <= 1:
                raise WrongSettings(f"{key} must be from 0 to 1, not {value}", path=(key,))


class GpioContactor:
    """A Contactor over gpiozero. Opened as it starts and as it stops."""

    Settings: ClassVar[type] = GpioContactorSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"contactor"})

    def __init__(self, settings: GpioContactorSettings, context: DriverContext) -> None:
        self._settings = settings
        self._name = context.name
        self._coil: OutputDevice | None = None
        self._mirror: DigitalInputDevice | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._position = False
        self._watchers: set[_Watcher] = set()

    async def start(self) -> None:
        """Take the pins, coil off. Raises WrongSettings for pins that cannot be had, DeviceGone otherwise."""
        if self._coil is not None:
            return
        self._loop = asyncio.get_running_loop()
        try:
            self._coil = OutputDevice(self._settings.pin, active_high=self._settings.active_high, initial_value=False)
            if self._settings.feedback_pin is not None:
                self._mirror = self._take_mirror(self._settings.feedback_pin)
        except BadPinFactory as error:
            self._release()
            raise WrongSettings(
                f"{self._name}: gpiozero finds no pins it can drive on this machine ({error}); "
                "see its GPIOZERO_PIN_FACTORY, or use another driver",
                path=("driver",),
            ) from error
        except GPIOZeroError as error:
            self._release()
            raise WrongSettings(f"{self._name}: {error}", path=("pin",)) from error
        except Exception as error:
            self._release()
            raise DeviceGone(f"the pins cannot be taken: {error}", device=self._name) from error
        if self._mirror is None:
            log.warning("%s: no mirror contact, its position is assumed from the command", self._name)
        self._position = False if self._mirror is None else self._read_mirror()

    async def stop(self) -> None:
        """Open it and give the pins back; iterations of `positions` end with DeviceGone."""
        try:
            self.open()
        finally:
            self._release()
            for watcher in self._watchers:
                watcher.end()

    def open(self) -> None:
        """Take the coil's current away at once. Raises DeviceGone where the pin cannot be written."""
        coil = self._coil
        if coil is None:
            return
        with self._converting("cannot be opened"):
            try:
                coil.off()
            except DeviceClosed:
                # Another thread stopped the driver in between, and stopping opens.
                return
        self._assume(closed=False)

    def close(self) -> None:
        """Drive the coil. Raises DeviceGone before `start`, after `stop`, or where the pin cannot be written."""
        coil = self._coil
        if coil is None:
            raise DeviceGone("is not started", device=self._name)
        with self._converting("cannot be closed"):
            coil.on()
        self._assume(closed=True)

    async def positions(self) -> AsyncIterator[bool]:
        """The mirror contact (True: closed): its present position, then each change. DeviceGone once stopped."""
        if self._coil is None:
            raise DeviceGone("is not started", device=self._name)
        watcher = _Watcher(self._position)
        self._watchers.add(watcher)
        try:
            while True:
                yield await watcher.next(device=self._name)
        finally:
            self._watchers.discard(watcher)

    @contextmanager
    def _converting(self, failure: str) -> Iterator[None]:
        """What gpiozero's back ends raise has no common root: all of it leaves here as DeviceGone."""
        try:
            yield
        except Exception as error:
            raise DeviceGone(f"{failure}: {error}", device=self._name) from error

    def _take_mirror(self, pin: int) -> DigitalInputDevice:
        pull_up = PULLS[self._settings.feedback_pull]
        mirror = DigitalInputDevice(pin, pull_up=pull_up, active_state=True if pull_up is None else None)
        mirror.when_activated = self._on_edge
        mirror.when_deactivated = self._on_edge
        return mirror

    def _on_edge(self) -> None:
        """Called by gpiozero, in a thread of its own."""
        if (loop := self._loop) is not None:
            loop.call_soon_threadsafe(self._let_settle)

    def _let_settle(self) -> None:
        # Read once the bouncing is over, so that the last edge counts and not the first.
        if self._settling is None and self._loop is not None:
            self._settling = self._loop.call_later(self._settings.debounce_s, self._settle)

    def _settle(self) -> None:
        self._settling = None
        if self._mirror is None:
            return
        try:
            self._publish(closed=self._read_mirror())
        except HalError as error:
            log.warning("%s", error)
            for watcher in self._watchers:
                watcher.end()

    def _read_mirror(self) -> bool:
        mirror = self._mirror
        if mirror is None:
            raise DeviceGone("has no mirror contact", device=self._name)
        with self._converting("the mirror contact cannot be read"):
            active = bool(mirror.value)
        # With a pull-up gpiozero calls a low level active.
        high = active != (self._settings.feedback_pull == "up")
        return high == self._settings.feedback_active_high

    def _assume(self, *, closed: bool) -> None:
        """Without a mirror contact: the command is taken as done after the operate time. Any thread may call."""
        if self._mirror is None and (loop := self._loop) is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._publish_later, closed)

    def _publish_later(self, closed: bool) -> None:  # noqa: FBT001 - call_soon_threadsafe passes by position
        if self._settling is not None:
            self._settling.cancel()
        if self._loop is not None:
            self._settling = self._loop.call_later(self._settings.operate_time_s, self._settle_on, closed)

    def _settle_on(self, closed: bool) -> None:  # noqa: FBT001 - call_later passes by position
        self._settling = None
        self._publish(closed=closed)

    def _publish(self, *, closed: bool) -> None:
        if closed != self._position:
            self._position = closed
            for watcher in self._watchers:
                watcher.put(closed=closed)

    def _release(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
            self._settling = None
        mirror, self._mirror = self._mirror, None
        coil, self._coil = self._coil, None
        self._loop = None
        self._position = False
        for device in (mirror, coil):
            if device is not None:
                device.close()


class _Watcher:
    """What one iteration of `positions` has not seen yet; the oldest give way where nobody reads."""

    def __init__(self, closed: bool) -> None:  # noqa: FBT001 - the first position
        self._unread: deque[bool] = deque([closed], maxlen=MOST_UNREAD_POSITIONS)
        self._news = asyncio.Event()
        self._news.set()
        self._ended = False

    def put(self, *, closed: bool) -> None:
        self._unread.append(closed)
        self._news.set()

    def end(self) -> None:
        self._ended = True
        self._news.set()

    async def next(self, *, device: str) -> bool:
        await self._news.wait()
        if self._unread:
            closed = self._unread.popleft()
            if not self._unread and not self._ended:
                self._news.clear()
            return closed
        raise DeviceGone("the mirror contact is not watched any more", device=device)
