"""A serial port that never waits: the event loop hands on what comes, and what goes out goes at once or not at all."""

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress

import serial

from hal.errors import DeviceGone, HalError, WrongSettings

READ_BYTES = 4096


class SerialPort:
    """One port, eight data bits, no parity. `device` names in errors what is behind it."""

    def __init__(self, path: str, *, baudrate: int, device: str) -> None:
        self._path = path
        self._baudrate = baudrate
        self._device = device
        self._serial: serial.Serial | None = None
        self._descriptor = -1
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closing = threading.Lock()  # a descriptor must not be closed, and given to another, under a writer
        self._heard: Callable[[bytes], None] = _nobody
        self._lost: Callable[[HalError], None] = _nobody

    @property
    def is_open(self) -> bool:
        """It may be written."""
        return self._serial is not None

    def open(self, *, heard: Callable[[bytes], None], lost: Callable[[HalError], None]) -> None:
        """Open it. `heard` and `lost` are called in the event loop; after `lost` it is closed. Raises DeviceGone."""
        port = serial.Serial(timeout=0, write_timeout=0, exclusive=True)
        port.dtr = port.rts = False  # boards of the Arduino kind restart when DTR is raised
        port.port = self._path
        try:
            port.baudrate = self._baudrate
            port.open()
        except ValueError as error:
            raise WrongSettings(f"{self._device}: {self._path}: {error}", path=("baudrate",)) from error
        except OSError as error:  # serial.SerialException is one
            raise DeviceGone(f"{self._path} cannot be opened: {error}", device=self._device) from error
        self._serial, self._descriptor = port, port.fileno()
        self._heard, self._lost = heard, lost
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._descriptor, self._read)

    def close(self) -> None:
        """Give it back; harmless when repeated. From the event loop's thread."""
        with self._closing:
            port, self._serial = self._serial, None
            if port is None:
                return
            if self._loop is not None:
                self._loop.remove_reader(self._descriptor)
            with suppress(OSError):  # an adapter that is gone cannot even be closed
                port.close()

    def write(self, line: bytes) -> None:
        """Hand over one whole line, from any thread. Raises DeviceGone where it is not taken at once."""
        with self._closing:
            if self._serial is None:
                raise DeviceGone(f"{self._path} is not open", device=self._device)
            try:
                written = os.write(self._descriptor, line)
            except OSError as error:
                raise DeviceGone(f"{self._path} cannot be written: {error}", device=self._device) from error
        if written != len(line):
            raise DeviceGone(f"{self._path} takes no more", device=self._device)

    def _read(self) -> None:
        try:
            heard = os.read(self._descriptor, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(f"{self._path} cannot be read: {error}")
            return
        if heard:
            self._heard(heard)
        else:
            self._lose(f"{self._path} hung up")

    def _lose(self, reason: str) -> None:
        lost = self._lost
        self.close()
        lost(DeviceGone(reason, device=self._device))


def _nobody(_said: object) -> None:
    """Nobody listens yet."""
