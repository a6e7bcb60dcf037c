"""The same reader as a real input device of the kernel, by way of /dev/uinput; needs the right to write there.

Request numbers and struct uinput_setup are those of the kernel's linux/uinput.h.
"""

import fcntl
import os
import struct
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from hil.devices.hid_keys import CODES, ENTER, KEYPAD, KEYPAD_ENTER, SHIFT, TAB, KeyWriter

UINPUT: Final = Path("/dev/uinput")
UI_DEV_CREATE, UI_DEV_DESTROY = 0x5501, 0x5502
UI_DEV_SETUP: Final = 0x405C5503
UI_SET_EVBIT, UI_SET_KEYBIT = 0x40045564, 0x40045565
UI_GET_SYSNAME_64: Final = 0x8040552C
EV_KEY: Final = 0x01
BUS_USB: Final = 0x03
READY_S: Final = 3.0
EVENT_BYTES: Final = struct.calcsize("@llHHi")
EVENT_S: Final = 0.0005
KEYS: Final = frozenset({ENTER, KEYPAD_ENTER, SHIFT, TAB, *CODES.values(), *KEYPAD.values()})


def setup_of(name: str) -> bytes:
    """struct uinput_setup for a device of this name; vendor and product are made up."""
    return struct.pack("@4H80sI", BUS_USB, 0x1209, 0x0001, 1, name.encode()[:79], 0)


class UinputKeys:
    """A context. `link` is what a program under test opens: it leads to the kernel's device, as by-id links do."""

    def __init__(self, link: Path, *, name: str = "emulated card reader", uinput: Path = UINPUT) -> None:
        self.path = link
        self.keys = KeyWriter()
        self._name = name
        self._uinput = uinput
        self._device: int | None = None
        self._fingers = threading.Lock()  # one line is typed after the other
        self._hands = threading.Lock()  # nobody types on what is being unplugged

    def __enter__(self) -> "UinputKeys":
        """Plug it in. Raises OSError where uinput cannot be used."""
        self.plug()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take it away."""
        self.unplug()

    def plug(self) -> None:
        """Make the device and lay the link. Harmless where it is there."""
        if self._device is not None:
            return
        device = os.open(self._uinput, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(device, UI_SET_EVBIT, EV_KEY)
            for code in KEYS:
                fcntl.ioctl(device, UI_SET_KEYBIT, code)
            fcntl.ioctl(device, UI_DEV_SETUP, setup_of(self._name))
            fcntl.ioctl(device, UI_DEV_CREATE)
            self.path.symlink_to(_node_of(device))
        except OSError:
            os.close(device)
            raise
        self._device = device

    def unplug(self) -> None:
        """Take it away: who has it open reads ENODEV. Harmless where it is gone."""
        if self._device is not None:
            with self._hands:
                device, self._device = self._device, None
            self.path.unlink(missing_ok=True)
            with suppress(OSError):
                fcntl.ioctl(device, UI_DEV_DESTROY)
            os.close(device)

    def type(self, text: str, *, keypad: bool = False) -> None:
        """Type digits and Enter; the kernel stamps the time. OSError where it is unplugged."""
        if self._device is None:
            raise OSError("it is unplugged")
        # In a thread, key by key: who reads has a buffer of the kernel's for some sixty events only.
        events = self.keys.line(text, keypad=keypad)
        threading.Thread(target=self._write, args=(events,), name="fingers", daemon=True).start()

    def _write(self, events: bytes) -> None:
        with self._fingers:
            for at in range(0, len(events), EVENT_BYTES):
                with self._hands:
                    if self._device is None:
                        return
                    os.write(self._device, events[at : at + EVENT_BYTES])
                time.sleep(EVENT_S)


def _node_of(device: int) -> Path:
    """The event device that the kernel made; waits until it may be opened. Raises OSError."""
    name = fcntl.ioctl(device, UI_GET_SYSNAME_64, bytes(64)).partition(b"\0")[0].decode()
    until_s = time.monotonic() + READY_S
    while time.monotonic() < until_s:
        found = next(iter(Path("/sys/devices/virtual/input", name).glob("event*")), None)
        node = None if found is None else Path("/dev/input", found.name)
        if node is not None and os.access(node, os.R_OK):
            return node
        time.sleep(0.02)
    raise OSError(f"no event device came up for {name}")
