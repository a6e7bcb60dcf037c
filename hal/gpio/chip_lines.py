"""Lines of the kernel's GPIO chips, over gpiod 2 (https://libgpiod.readthedocs.io).

Each line is a request of its own, so that two drivers on one chip do not know each other. The kernel debounces and
queues the edges; the event loop watches the request's file descriptor. A line whose chip has no interrupts, as on many
I2C expanders, is read every POLL_S instead.
"""

import asyncio
import contextlib
import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

from gpiod import Chip, EdgeEvent, LineRequest, LineSettings, RequestReleasedError
from gpiod.line import Bias, Direction, Edge, Value

from hal.errors import DeviceGone, HalError, WrongSettings
from hal.gpio.lines import RECHECK_S, Changed, Lost, WatchedLevel
from hal.gpio.wiring import InputWiring, LineAddress, OutputWiring, Path

POLL_S = 0.02
LONGEST_CONSUMER = 31  # include/uapi/linux/gpio.h: GPIO_MAX_NAME_SIZE less the closing zero
NO_INTERRUPT = frozenset({errno.ENXIO, errno.ENODEV, errno.EOPNOTSUPP, errno.EINVAL})
"""How kernels refuse edges of a line that cannot raise an interrupt."""


class ChipSource:
    """Where chips come from: the gpiod package, unless a bench puts its own `open` in its place."""

    def __init__(self) -> None:
        self.open: Callable[[str], Chip] = Chip


CHIPS = ChipSource()


def take_output(wiring: OutputWiring, *, initial: bool | None, device: str) -> "ChipOutput":
    """As hal.gpio.lines.Lines.output."""

    def settings(direction: Direction, value: Value) -> LineSettings:
        return LineSettings(direction=direction, output_value=value, active_low=not wiring.active_high)

    if initial is not None:
        wanted = settings(Direction.OUTPUT, Value.ACTIVE if initial else Value.INACTIVE)
        request = _request(wiring.address, wanted, path=wiring.path, device=device)
    else:
        request = _request(wiring.address, settings(Direction.AS_IS, Value.INACTIVE), path=wiring.path, device=device)
        try:
            with _using(wiring.address, device=device):
                (offset,) = request.offsets
                found = request.get_value(offset)
                request.reconfigure_lines({offset: settings(Direction.OUTPUT, found)})
        except BaseException:
            request.release()
            raise
    return ChipOutput(request, address=wiring.address, device=device)


def take_input(wiring: InputWiring, *, changed: Changed, lost: Lost, device: str) -> "ChipInput":
    """As hal.gpio.lines.Lines.input."""
    has_edges = True
    try:
        request = _request(
            wiring.address, _input_settings(wiring, edges=True), path=wiring.path, device=device, may_lack=NO_INTERRUPT
        )
    except _LacksInterrupt:
        has_edges = False
        request = _request(wiring.address, _input_settings(wiring, edges=False), path=wiring.path, device=device)
    try:
        return ChipInput(request, wiring=wiring, has_edges=has_edges, changed=changed, lost=lost, device=device)
    except BaseException:
        request.release()
        raise


class ChipOutput:
    """An OutputLine."""

    def __init__(self, request: LineRequest, *, address: LineAddress, device: str) -> None:
        (self._offset,) = request.offsets
        self._request: LineRequest | None = request
        self._address = address
        self._device = device
        self._lock = threading.Lock()  # gpiod asks for it; held for one call into the kernel

    def on(self) -> None:
        """OutputLine."""
        self._set(active=True)

    def off(self) -> None:
        """OutputLine."""
        self._set(active=False)

    def release(self) -> None:
        """OutputLine."""
        with self._lock:
            request, self._request = self._request, None
            if request is not None:
                with contextlib.suppress(OSError):  # a chip that is gone needs no giving back
                    request.release()

    def _set(self, *, active: bool) -> None:
        with self._lock:
            if self._request is None:
                raise DeviceGone(f"{self._address} is given back", device=self._device)
            with _using(self._address, device=self._device):
                self._request.set_value(self._offset, Value.ACTIVE if active else Value.INACTIVE)


class ChipInput:
    """An InputLine."""

    def __init__(
        self,
        request: LineRequest,
        *,
        wiring: InputWiring,
        has_edges: bool,
        changed: Changed,
        lost: Lost,
        device: str,
    ) -> None:
        (self._offset,) = request.offsets
        self._request: LineRequest | None = request
        self._address = wiring.address
        self._device = device
        self._loop = asyncio.get_running_loop()
        self._fd: int | None = None
        self._lost = lost
        self._level = WatchedLevel(
            self._read,
            settle_s=0.0 if has_edges else wiring.debounce_s,
            changed=changed,
            lost=self._end_watch,
            recheck_s=RECHECK_S if has_edges else POLL_S,
        )
        if has_edges:
            self._fd = request.fd
            self._loop.add_reader(self._fd, self._on_edges)

    @property
    def is_active(self) -> bool:
        """InputLine."""
        return self._level.is_active

    def release(self) -> None:
        """InputLine."""
        self._level.end()
        self._stop_reading()
        request, self._request = self._request, None
        if request is not None:
            with contextlib.suppress(OSError):  # a chip that is gone needs no giving back
                request.release()

    def _read(self) -> bool:
        if self._request is None:
            raise DeviceGone(f"{self._address} is given back", device=self._device)
        with _using(self._address, device=self._device):
            return bool(self._request.get_value(self._offset))

    def _on_edges(self) -> None:
        try:
            events = self._queued_edges()
        except DeviceGone as error:
            self._level.fail(error)
            return
        for event in events:  # each in its turn: a press may be over before the loop comes to it
            self._level.take(active=event.event_type is event.Type.RISING_EDGE)

    def _queued_edges(self) -> list[EdgeEvent]:
        if self._request is None:
            return []
        with _using(self._address, device=self._device):
            return self._request.read_edge_events()

    def _end_watch(self, error: HalError) -> None:
        # The descriptor of a lost chip stays readable: unwatched it cannot keep the loop busy.
        self._stop_reading()
        self._lost(error)

    def _stop_reading(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            self._loop.remove_reader(fd)


class _LacksInterrupt(Exception):  # noqa: N818 - an answer, not a failure
    """The kernel would not watch the line."""


def _input_settings(wiring: InputWiring, *, edges: bool) -> LineSettings:
    bias = {"up": Bias.PULL_UP, "down": Bias.PULL_DOWN, "none": Bias.DISABLED}[wiring.pull]
    return LineSettings(
        direction=Direction.INPUT,
        bias=bias,
        active_low=not wiring.active_high,
        edge_detection=Edge.BOTH if edges else Edge.NONE,
        debounce_period=timedelta(seconds=wiring.debounce_s if edges else 0),
    )


def _request(
    address: LineAddress,
    settings: LineSettings,
    *,
    path: Path,
    device: str,
    may_lack: frozenset[int] = frozenset(),
) -> LineRequest:
    """One line, asked for by itself: the chip's own descriptor is not needed after that."""
    with closing(_opened(address, path=path, device=device)) as chip:
        try:
            offset = chip.line_offset_from_id(address.line)
        except (OSError, ValueError) as error:
            raise WrongSettings(
                f"{device}: there is no {address}; `gpioinfo` lists what there is", path=path
            ) from error
        try:
            return chip.request_lines({offset: settings}, consumer=f"evse-agent {device}"[:LONGEST_CONSUMER])
        except OSError as error:
            if error.errno == errno.EBUSY:
                raise WrongSettings(f"{device}: {address} is used by {_consumer(chip, offset)}", path=path) from error
            if error.errno in may_lack:
                raise _LacksInterrupt from error
            if error.errno == errno.EINVAL:
                raise WrongSettings(f"{device}: {address} cannot be used like this: {error}", path=path) from error
            raise DeviceGone(f"{address} cannot be taken: {error}", device=device) from error


def _opened(address: LineAddress, *, path: Path, device: str) -> Chip:
    chip = address.chip or ""
    file = chip if chip.startswith("/") else f"/dev/{chip}"
    try:
        return CHIPS.open(file)
    except FileNotFoundError as error:
        raise DeviceGone(f"there is no {file}", device=device) from error
    except PermissionError as error:
        raise WrongSettings(
            f"{device}: {file} may not be opened: give the agent's user its group", path=path
        ) from error
    except OSError as error:
        if error.errno in {errno.ENODEV, errno.ENOTTY, errno.EINVAL}:
            raise WrongSettings(f"{device}: {file} is no GPIO chip", path=path) from error
        raise DeviceGone(f"{file} cannot be opened: {error}", device=device) from error


def _consumer(chip: Chip, offset: int) -> str:
    try:
        name = chip.get_line_info(offset).consumer
    except OSError:
        name = ""
    return repr(name) if name else "something that does not give its name"


@contextmanager
def _using(address: LineAddress, *, device: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, RequestReleasedError) as error:
        raise DeviceGone(f"{address} cannot be reached: {error}", device=device) from error
