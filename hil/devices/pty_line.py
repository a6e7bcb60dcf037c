"""A serial adapter made of pseudo-terminals, which can be pulled and put back, with a speed of its own.

`device` is where emulated meters are served, `path` is what a program under test opens: a link, as those in
/dev/serial/by-id are, so that it stays the same when the adapter comes back as another terminal.
"""

import asyncio
import os
import termios
import tty
from pathlib import Path
from types import TracebackType
from typing import Final

READ_BYTES: Final = 4096
OUTPUT_SPEED: Final = 5  # place in what tcgetattr returns
GARBLE: Final = 0x5A

SPEEDS: Final = {
    getattr(termios, name): int(name[1:]) for name in dir(termios) if name[0] == "B" and name[1:].isdigit()
}
"""From what termios calls a speed to bits per second."""


class PtyLine:
    """An async context. `baudrate`: bytes pass whole only for who has set this speed; None: for everybody."""

    def __init__(self, path: Path, *, baudrate: int | None = None) -> None:
        self.path = path
        self.device = ""
        self._baudrate = baudrate
        self._device_ends: tuple[int, int] | None = None
        self._host_ends: tuple[int, int] | None = None

    async def __aenter__(self) -> "PtyLine":
        """Lay the line. Raises OSError where the system has no pseudo-terminals left or the path is taken."""
        self._device_ends = _open_pair()
        self.device = os.ttyname(self._device_ends[1])
        asyncio.get_running_loop().add_reader(self._device_ends[0], self._to_host)
        try:
            self.plug()
        except OSError:
            self._take_away()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take it away."""
        self._take_away()

    def _take_away(self) -> None:
        self.unplug()
        if self._device_ends is not None:
            asyncio.get_running_loop().remove_reader(self._device_ends[0])
            _close_pair(self._device_ends)
            self._device_ends = None

    def plug(self) -> None:
        """Put the adapter in: the path leads to a new terminal. Harmless where it is in."""
        if self._host_ends is None:
            ends = _open_pair()
            try:
                self.path.symlink_to(os.ttyname(ends[1]))
            except OSError:
                _close_pair(ends)
                raise
            self._host_ends = ends
            asyncio.get_running_loop().add_reader(ends[0], self._to_device)

    def unplug(self) -> None:
        """Pull it: who has it open reads an error, and the path is gone. Harmless where it is out."""
        if self._host_ends is not None:
            asyncio.get_running_loop().remove_reader(self._host_ends[0])
            self.path.unlink(missing_ok=True)
            _close_pair(self._host_ends)
            self._host_ends = None

    def _to_host(self) -> None:
        self._pass_on(self._device_ends, self._host_ends)

    def _to_device(self) -> None:
        self._pass_on(self._host_ends, self._device_ends)

    def _pass_on(self, source: tuple[int, int] | None, target: tuple[int, int] | None) -> None:
        if source is None:
            return
        try:
            heard = os.read(source[0], READ_BYTES)
            if target is not None:
                os.write(target[0], heard if self._is_at_speed() else bytes(byte ^ GARBLE for byte in heard))
        except BlockingIOError:
            return

    def _is_at_speed(self) -> bool:
        if self._baudrate is None or self._host_ends is None:
            return True
        return SPEEDS.get(termios.tcgetattr(self._host_ends[1])[OUTPUT_SPEED]) == self._baudrate


def _open_pair() -> tuple[int, int]:
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    return master, slave


def _close_pair(pair: tuple[int, int]) -> None:
    for end in pair:
        os.close(end)
