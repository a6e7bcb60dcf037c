"""The open line of a bus as a plain file, for what must go out at once and from any thread."""

import os
import threading

from hal.errors import DeviceGone


class RawLine:
    """Not held open by this: `opened` and `closing` tell when it is."""

    def __init__(self) -> None:
        self._handle: int | None = None
        self._lock = threading.Lock()  # the number of a closed file may soon be another file's

    def opened(self, transport: object) -> None:
        """The line is open behind this transport of pymodbus."""
        with self._lock:
            self._handle = _handle_of(transport)

    def closing(self) -> None:
        """It is about to be closed."""
        with self._lock:
            self._handle = None

    def write(self, frame: bytes, *, line: str, device: str) -> None:
        """Hand over a frame; never waits. Raises DeviceGone."""
        with self._lock:
            if self._handle is None:
                raise DeviceGone(f"{line} is not open", device=device)
            try:
                os.write(self._handle, frame)  # non-blocking, as pyserial and asyncio open it
            except OSError as error:
                raise DeviceGone(f"no connection to {line}: {error}", device=device) from error


def _handle_of(transport: object) -> int | None:
    serial_port = getattr(transport, "sync_serial", None)
    if serial_port is not None:
        return int(serial_port.fileno())
    get_extra_info = getattr(transport, "get_extra_info", None)
    found = None if get_extra_info is None else get_extra_info("socket")
    return None if found is None else int(found.fileno())
