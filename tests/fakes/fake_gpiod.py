"""The kernel's GPIO chips as gpiod 2.5 shows them: the package's own settings and events, with chips made of wires.

Stands in for `gpiod.Chip`: a request's descriptor is readable while edges wait, debouncing and active-low are done as
the kernel does them, a second request is refused with EBUSY, and an unplugged chip answers ENODEV to everything.
"""

import errno
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gpiod import ChipClosedError, ChipInfo, EdgeEvent, LineInfo, LineSettings, RequestReleasedError
from gpiod.line import Bias, Direction, Edge, Value

from hal.gpio.chip_lines import CHIPS

EVENTS_QUEUED = 64


def _gone() -> OSError:
    return OSError(errno.ENODEV, os.strerror(errno.ENODEV))


@dataclass
class FakeWire:
    """One line of a chip: what is outside drives it, pulls it, or leaves it floating (low)."""

    offset: int
    name: str = ""
    has_interrupt: bool = True
    outside: bool | None = None
    request: "FakeRequest | None" = None
    settings: LineSettings = field(default_factory=LineSettings)
    output: bool = False
    shown: bool = False
    followers: list[Callable[[], None]] = field(default_factory=list)

    @property
    def level(self) -> bool:
        """The physical level."""
        if self.request is not None and self.settings.direction is Direction.OUTPUT:
            return self.output
        if self.outside is not None:
            return self.outside
        return self.settings.bias is Bias.PULL_UP if self.request is not None else False

    @property
    def is_output(self) -> bool:
        """Whether it is driven from inside."""
        return self.request is not None and self.settings.direction is Direction.OUTPUT

    def drive(self, high: bool | None) -> None:
        """From outside; None lets the pull resistor decide."""
        self.outside = high
        self.moved()

    def follow(self, moved: Callable[[], None]) -> None:
        """Tell of each change of an output; in the thread that makes it."""
        self.followers.append(moved)

    def moved(self) -> None:
        """Let whoever requested it see the level."""
        if self.request is not None:
            self.request.level_moved()


class FakeGpioChip:
    """What stands behind /dev/gpiochipN: it lives on while nobody has it open."""

    def __init__(self, path: str = "/dev/gpiochip0", *, lines: int = 32, names: dict[int, str] | None = None) -> None:
        self.path = path
        self.is_unplugged = False
        self.wires = [FakeWire(offset, name=(names or {}).get(offset, "")) for offset in range(lines)]
        self.consumers: dict[int, str] = {}
        self.sequence = 0

    def wire(self, offset: int) -> FakeWire:
        """The line at an offset."""
        return self.wires[offset]

    def occupy(self, offset: int, *, consumer: str) -> None:
        """Another program holds the line."""
        self.consumers[offset] = consumer

    def unplug(self) -> None:
        """The chip goes away for good; whoever waits at a request is woken."""
        self.is_unplugged = True
        for wire in self.wires:
            if wire.request is not None:
                wire.request.wake()

    def plug_in(self) -> None:
        """It is back; old requests stay dead."""
        self.is_unplugged = False
        self.consumers.clear()
        for wire in self.wires:
            if wire.request is not None:
                wire.request.is_dead = True
            wire.request = None


class FakeChip:
    """As gpiod.Chip, as far as it is used."""

    def __init__(self, device: FakeGpioChip) -> None:
        self._device: FakeGpioChip | None = device

    def close(self) -> None:
        self._device = None

    def get_info(self) -> ChipInfo:
        device = self._opened()
        return ChipInfo(device.path.removeprefix("/dev/"), "fake", len(device.wires))

    def line_offset_from_id(self, id: str | int) -> int:  # noqa: A002 - gpiod's signature
        device = self._opened()
        if isinstance(id, str):
            for wire in device.wires:
                if wire.name and wire.name == id:
                    return wire.offset
            if not id.isdecimal():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if int(id) >= len(device.wires):
            raise ValueError("line offset of out range")
        return int(id)

    def get_line_info(self, line: int | str) -> LineInfo:
        device = self._opened()
        offset = self.line_offset_from_id(line)
        wire, consumer = device.wires[offset], device.consumers.get(offset, "")
        settings = wire.settings
        return LineInfo(
            offset,
            wire.name,
            bool(consumer),
            consumer,
            (settings.direction if wire.request else Direction.INPUT).value,
            settings.active_low,
            Bias.UNKNOWN.value,
            settings.drive.value,
            settings.edge_detection.value,
            settings.event_clock.value,
            bool(settings.debounce_period),
            int(settings.debounce_period.total_seconds() * 1e6),
        )

    def request_lines(
        self,
        config: dict[Iterable[int | str] | int | str, LineSettings | None],
        consumer: str | None = None,
        event_buffer_size: int | None = None,
    ) -> "FakeRequest":
        device = self._opened()
        ((line, settings),) = config.items()
        assert isinstance(line, int | str), "the fake takes one line a request"
        wire = device.wires[self.line_offset_from_id(line)]
        if wire.offset in device.consumers:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        settings = settings or LineSettings()
        if not wire.has_interrupt and settings.edge_detection is not Edge.NONE:
            raise OSError(errno.ENXIO, os.strerror(errno.ENXIO))
        device.consumers[wire.offset] = consumer or "?"
        return FakeRequest(device, wire, settings, event_buffer_size or EVENTS_QUEUED)

    def _opened(self) -> FakeGpioChip:
        if self._device is None:
            raise ChipClosedError
        if self._device.is_unplugged:
            raise _gone()
        return self._device


class FakeRequest:
    """As gpiod.LineRequest for one line. Its descriptor is a pipe with a byte for each queued edge."""

    def __init__(self, device: FakeGpioChip, wire: FakeWire, settings: LineSettings, room: int) -> None:
        self._device = device
        self._wire = wire
        self._events: deque[EdgeEvent] = deque()
        self._room = room
        self._numbers = 0
        self._lock = threading.RLock()
        self._debouncing: threading.Timer | None = None
        self._reading, self._writing = os.pipe()
        self.is_dead = False
        self._is_released = False
        wire.settings, wire.request = settings, self
        if settings.direction is Direction.OUTPUT:
            self._write(settings.output_value)
        self._debounced = wire.level

    @property
    def fd(self) -> int:
        self._check_released()
        return self._reading

    def fileno(self) -> int:
        return self.fd

    @property
    def offsets(self) -> list[int]:
        self._check_released()
        return [self._wire.offset]

    def release(self) -> None:
        if self._is_released:
            return
        self._is_released = True
        if self._debouncing is not None:
            self._debouncing.cancel()
            self._debouncing.join()
        with self._lock:
            os.close(self._reading)
            os.close(self._writing)
        if self._wire.request is self:
            if self._wire.is_output:
                self._wire.outside = self._wire.output  # as with most chips, the line keeps its level
            self._wire.request = None
            self._device.consumers.pop(self._wire.offset, None)

    def get_value(self, line: int | str) -> Value:
        self._check_alive()
        assert line == self._wire.offset
        level = self._debounced if self._is_debounced else self._wire.level
        return Value.ACTIVE if level != self._wire.settings.active_low else Value.INACTIVE

    def set_value(self, line: int | str, value: Value) -> None:
        self._check_alive()
        assert line == self._wire.offset
        if not self._wire.is_output:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        self._write(value)

    def reconfigure_lines(self, config: dict[int, LineSettings]) -> None:
        self._check_alive()
        self._wire.settings = config[self._wire.offset]
        if self._wire.is_output:
            self._write(self._wire.settings.output_value)

    def read_edge_events(self, max_events: int | None = None) -> list[EdgeEvent]:
        self._check_alive()
        with self._lock:
            found = [self._events.popleft() for _ in range(min(max_events or self._room, len(self._events)))]
            assert found, "gpiod would wait here, and the event loop with it"
            os.read(self._reading, len(found))
            return found

    def level_moved(self) -> None:
        """The wire has another level, perhaps."""
        if not self._is_debounced:
            self._settle()
            return
        if self._debouncing is not None:
            self._debouncing.cancel()
        period_s = self._wire.settings.debounce_period.total_seconds()
        self._debouncing = threading.Timer(period_s, self._settle)
        self._debouncing.daemon = True
        self._debouncing.start()

    def wake(self) -> None:
        """What poll says of a chip that went away: readable, and then an error."""
        if not self._is_released:
            os.write(self._writing, b"!")

    @property
    def _is_debounced(self) -> bool:
        return bool(self._wire.settings.debounce_period)

    def _settle(self) -> None:
        with self._lock:
            level = self._wire.level
            if level == self._debounced or self._is_released:
                return
            self._debounced = level
            edges = self._wire.settings.edge_detection
            is_rising = level != self._wire.settings.active_low
            if edges is Edge.BOTH or edges is (Edge.RISING if is_rising else Edge.FALLING):
                self._queue(EdgeEvent.Type.RISING_EDGE if is_rising else EdgeEvent.Type.FALLING_EDGE)

    def _queue(self, kind: EdgeEvent.Type) -> None:
        self._numbers += 1
        self._device.sequence += 1
        event = EdgeEvent(kind.value, time.monotonic_ns(), self._wire.offset, self._numbers, self._numbers)
        if len(self._events) >= self._room:
            self._events.popleft()  # the kernel keeps the newest
            self._events.append(event)
            return
        self._events.append(event)
        os.write(self._writing, b"e")

    def _write(self, value: Value) -> None:
        self._wire.output = (value is Value.ACTIVE) != self._wire.settings.active_low
        if self._wire.output != self._wire.shown:
            self._wire.shown = self._wire.output
            for moved in self._wire.followers:
                moved()

    def _check_released(self) -> None:
        if self._is_released:
            raise RequestReleasedError

    def _check_alive(self) -> None:
        self._check_released()
        if self.is_dead or self._device.is_unplugged:
            raise _gone()


@contextmanager
def fake_gpiod(*devices: FakeGpioChip) -> Iterator[None]:
    """These chips are all that the gpiod back end finds within the block."""
    by_path = {device.path: device for device in devices}

    def open_chip(path: str) -> FakeChip:
        if path not in by_path or by_path[path].is_unplugged:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return FakeChip(by_path[path])

    before, CHIPS.open = CHIPS.open, open_chip  # type: ignore[assignment]  # as much of gpiod.Chip as is used
    try:
        yield
    finally:
        CHIPS.open = before
