"""Opening an input device for ourselves alone. The request numbers are those of the kernel's linux/input.h."""

import fcntl
import logging
import os
import struct
from time import CLOCK_MONOTONIC

from hal.errors import DeviceGone

log = logging.getLogger(__name__)

EVIOCGNAME_256 = 0x81004506
EVIOCGRAB = 0x40044590
EVIOCSCLOCKID = 0x400445A0


def open_exclusive(path: str, device: str) -> int:
    """A descriptor that does not block, whose events nobody else gets and are stamped on the monotonic clock.

    `device` names in errors what is behind it. Raises DeviceGone.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise DeviceGone(f"{path} cannot be opened: {error}", device=device) from error
    try:
        name = fcntl.ioctl(descriptor, EVIOCGNAME_256, bytes(256)).partition(b"\0")[0].decode(errors="replace")
        fcntl.ioctl(descriptor, EVIOCSCLOCKID, struct.pack("i", CLOCK_MONOTONIC))
        fcntl.ioctl(descriptor, EVIOCGRAB, 1)
    except OSError as error:
        os.close(descriptor)
        raise DeviceGone(f"{path} cannot be had for ourselves: {error}", device=device) from error
    log.info("%s: %s is %r", device, path, name)
    return descriptor
