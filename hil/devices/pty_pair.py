"""A serial cable made of two pseudo-terminals: what is written at one end is read at the other.

Pseudo-terminals know no parity: open both ends with parity N.
"""

import asyncio
import os
import tty
from types import TracebackType

READ_BYTES = 4096


class PtyPair:
    """An async context: `left` and `right` are the device paths of the two ends.

    async with PtyPair() as cable:
        serial.Serial(cable.left), serial.Serial(cable.right)
    """

    def __init__(self) -> None:
        self._descriptors: list[int] = []
        self._pumped: list[int] = []
        self.left = ""
        self.right = ""

    async def __aenter__(self) -> "PtyPair":
        """Lay the cable. Raises OSError where the system has no pseudo-terminals left."""
        left_master, left_slave = os.openpty()
        self._descriptors += [left_master, left_slave]
        right_master, right_slave = os.openpty()
        self._descriptors += [right_master, right_slave]
        for descriptor in (left_slave, right_slave):
            tty.setraw(descriptor)
        for descriptor in (left_master, right_master):
            os.set_blocking(descriptor, False)
        self.left, self.right = os.ttyname(left_slave), os.ttyname(right_slave)
        loop = asyncio.get_running_loop()
        loop.add_reader(left_master, self._pump, left_master, right_master)
        loop.add_reader(right_master, self._pump, right_master, left_master)
        self._pumped = [left_master, right_master]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the cable away."""
        self.unplug()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()

    def unplug(self) -> None:
        """Pass nothing on any more; the ends stay open, as with a cut cable."""
        loop = asyncio.get_running_loop()
        for descriptor in self._pumped:
            loop.remove_reader(descriptor)
        self._pumped.clear()

    @staticmethod
    def _pump(source: int, target: int) -> None:
        try:
            os.write(target, os.read(source, READ_BYTES))
        except BlockingIOError:
            return
