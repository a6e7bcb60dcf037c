"""Every error a driver raises. Vendor exceptions are converted at the driver's edge, with the cause kept.

HalError
 +- WrongSettings          this driver cannot work with these settings (key and how to mend it)
 +- DeviceGone             the device or its bus cannot be reached
 +- DeviceSilent           reachable bus, but no answer in time
 +- DeviceRefused          the device answered with an error of its own
 +- BadReading             an answer that makes no sense (length, checksum, range)
 +- NotConfirmed           commanded, but the feedback does not confirm it
"""


class HalError(Exception):
    """Root of the tree: `device` names the device as station.yaml does."""

    def __init__(self, message: str, *, device: str = "") -> None:
        super().__init__(f"{device}: {message}" if device else message)
        self.device = device


class WrongSettings(HalError):
    """Settings this driver cannot use; `path` leads from the `hal` mapping to the key at fault."""

    def __init__(self, message: str, *, path: tuple[str | int, ...] = ()) -> None:
        super().__init__(message)
        self.path = path


class DeviceGone(HalError):
    """The device or its bus cannot be reached (unplugged adapter, connection refused)."""


class DeviceSilent(HalError):
    """No answer within the time limit."""


class DeviceRefused(HalError):
    """The device answered with an exception of its own."""


class BadReading(HalError):
    """Wrong length, checksum or an impossible value: never passed on as a reading."""


class NotConfirmed(HalError):
    """A command went out and the feedback does not confirm it."""
