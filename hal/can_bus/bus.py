"""One CAN bus through python-can: frames in and out of the event loop, and its library's errors as ours."""

import asyncio
import errno
import socket
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from hal.can_bus.commands import Frame
from hal.can_bus.library import python_can
from hal.can_bus.settings import BusSettings
from hal.can_bus.threads import ReceiveThread, SendThread
from hal.errors import DeviceGone, DeviceSilent, HalError, WrongSettings

if TYPE_CHECKING:
    from can import BusABC, Message

QUICK: Final = frozenset({"socketcan", "udp_multicast", "virtual"})
"""Interfaces that open and send without ever waiting; the others are given threads."""
BUS_OFF: Final = 0x40  # linux/can/error.h: CAN_ERR_BUSOFF, in the identifier of an error frame
MOST_AT_ONCE = 64
"""Frames that are taken before others of the event loop have their turn."""
BUSY: Final = frozenset({errno.ENOBUFS, errno.EAGAIN})
"""Error numbers of a full transmit queue: nobody acknowledges what we send."""
FULL: Final = "Transmit buffer full"
"""What python-can's socketcan says instead where the queue was not even tried."""


class CanBus:
    """`took` is given each data frame, `lost` the error that ended the bus; both in the event loop."""

    def __init__(
        self,
        settings: BusSettings,
        *,
        device: str,
        accepts: Iterable[tuple[int, bool]],
        took: Callable[[Frame], None],
        lost: Callable[[HalError], None],
    ) -> None:
        self._settings = settings
        self._device = device
        self._accepts = tuple(accepts)
        self._took = took
        self._lost = lost
        self._bus: BusABC | None = None
        self._receiver: ReceiveThread | None = None
        self._sender: SendThread | None = None
        self._reads = -1
        self.error_frames = 0
        self.busy = 0
        self.noise = 0

    async def open(self) -> None:
        """Take the bus. DeviceGone where it is not there, WrongSettings where python-can cannot use the options."""
        arguments = self._arguments()
        if self._settings.interface in QUICK:
            bus = self._make(arguments)
        else:
            making = asyncio.ensure_future(asyncio.to_thread(self._make, arguments))
            try:
                bus = await asyncio.shield(making)
            except asyncio.CancelledError:
                making.add_done_callback(_shut_down)
                raise
        self._bus = bus
        loop = asyncio.get_running_loop()
        name = f"CAN {self._settings.channel} of {self._device}"
        try:
            self._reads = bus.fileno()
        except NotImplementedError:
            self._reads = -1
        if self._reads >= 0:
            loop.add_reader(self._reads, self.take)
        else:
            self._receiver = ReceiveThread(bus, name=f"{name}, receiving", arrived=self.take)
        if self._settings.interface not in QUICK:
            self._sender = SendThread(bus, name=f"{name}, sending", failed=self._fail_sending)

    def send(self, frame: Frame) -> None:
        """Hand it over; from any thread, never waits. DeviceGone without a bus, DeviceSilent where it takes no more."""
        bus, sender = self._bus, self._sender
        if bus is None:
            raise DeviceGone("the CAN bus is not open", device=self._device)
        message = python_can().Message(
            arbitration_id=frame.identifier,
            data=frame.data,
            is_extended_id=frame.is_extended,
            is_fd=frame.is_fd,
            check=True,
        )
        try:
            if sender is None:
                bus.send(message, timeout=0)
            else:
                sender.put(message)
        except Exception as error:
            raise self._sending_failed(error) from error

    def take(self) -> None:
        """Take what arrived."""
        try:
            messages = list(self._arrived())
        except Exception as error:  # noqa: BLE001 - python-can's interfaces raise what their drivers do
            self._end(DeviceGone(f"CAN {self._settings.channel} cannot be read: {error}", device=self._device))
            return
        for message in messages:
            self._sort(message)

    async def close(self) -> None:
        """Send what is still to be sent, and give the bus back. Harmless when repeated."""
        self._stop_reading()
        bus, self._bus = self._bus, None
        sender, self._sender = self._sender, None
        receiver, self._receiver = self._receiver, None
        if bus is None:
            return
        if sender is None and receiver is None:
            bus.shutdown()
            return
        await asyncio.shield(asyncio.to_thread(_release, bus, sender, receiver))

    def check(self) -> None:
        """Notice a controller that went bus-off where the interface tells that by its state."""
        if self._bus is not None and self._bus.state is python_can().BusState.ERROR:
            self._end(self._bus_off())

    def _arguments(self) -> dict[str, Any]:
        settings = self._settings
        arguments: dict[str, Any] = {key: _plain(text) for key, text in settings.options.items()}
        if settings.bitrate is not None:
            arguments["bitrate"] = settings.bitrate
        if settings.fd:
            arguments["fd"] = True
        if settings.interface == "socketcan":
            # In the kernel; elsewhere python-can would only do what is done here anyway.
            arguments["can_filters"] = [
                {"can_id": identifier, "can_mask": 0x1FFFFFFF if extended else 0x7FF, "extended": extended}
                for identifier, extended in self._accepts
            ]
        return arguments

    def _make(self, arguments: dict[str, Any]) -> "BusABC":
        can, settings = python_can(), self._settings
        try:
            if settings.interface == "socketcan":
                socket.if_nametoindex(settings.channel)
            made: BusABC = can.Bus(settings.channel, settings.interface, ignore_config=True, **arguments)
        except (NotImplementedError, ImportError) as error:
            raise WrongSettings(f"{self._device}: {error}", path=("bus", "interface")) from error
        except (TypeError, ValueError) as error:
            raise WrongSettings(f"{self._device}: {error}", path=("bus", "options")) from error
        except Exception as error:
            raise DeviceGone(f"CAN {settings.channel} cannot be opened: {error}", device=self._device) from error
        return made

    def _arrived(self) -> "Iterable[Message]":
        if self._receiver is not None:
            for news in self._receiver.take():
                if isinstance(news, Exception):
                    raise news
                yield news
            return
        for _ in range(MOST_AT_ONCE):
            if self._bus is None:
                return
            try:
                message = self._bus.recv(0)
            except python_can().CanOperationError as error:
                if error.__cause__ is None or _error_number(error) is not None:
                    raise
                # Something on a bus over UDP that is no frame at all.
                self.noise += 1
                continue
            if message is None:
                return
            yield message

    def _sort(self, message: "Message") -> None:
        if message.is_error_frame:
            self.error_frames += 1
            if message.arbitration_id & BUS_OFF:
                self._end(self._bus_off())
        elif not message.is_remote_frame and self._bus is not None:
            data = bytes(message.data)
            self._took(Frame(message.arbitration_id, data, is_extended=message.is_extended_id, is_fd=message.is_fd))

    def _bus_off(self) -> HalError:
        return DeviceGone(
            f"the controller of CAN {self._settings.channel} is bus-off: wiring, termination or bit rate",
            device=self._device,
        )

    def _fail_sending(self, error: Exception) -> None:
        failure = self._sending_failed(error)
        if isinstance(failure, DeviceGone):
            self._end(failure)

    def _sending_failed(self, error: Exception) -> HalError:
        is_full = str(error) == FULL or _error_number(error) in BUSY
        if is_full or isinstance(error, python_can().CanTimeoutError):
            self.busy += 1
            return DeviceSilent(f"CAN {self._settings.channel} takes no frames: {error}", device=self._device)
        return DeviceGone(f"CAN {self._settings.channel} cannot be written: {error}", device=self._device)

    def _end(self, failure: HalError) -> None:
        self._stop_reading()
        if self._bus is not None:
            self._lost(failure)

    def _stop_reading(self) -> None:
        # A descriptor with an error is always readable: left there, it would keep the loop spinning.
        reads, self._reads = self._reads, -1
        if reads >= 0:
            asyncio.get_running_loop().remove_reader(reads)


def _error_number(error: BaseException) -> int | None:
    """The operating system's number of an error that python-can wrapped."""
    number = getattr(error, "error_code", None)
    if number is None and isinstance(error.__cause__, OSError):
        number = error.__cause__.errno
    return number


def _release(bus: "BusABC", sender: SendThread | None, receiver: ReceiveThread | None) -> None:
    for thread in (sender, receiver):
        if thread is not None:
            thread.end()
    bus.shutdown()


def _shut_down(made: "asyncio.Future[BusABC]") -> None:
    if not made.cancelled() and made.exception() is None:
        made.result().shutdown()


def _plain(text: str) -> str | int | float | bool:
    """An option as YAML would have read it."""
    if text in ("true", "false"):
        return text == "true"
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
