"""Puts an emulated CAN board on a bus of python-can, served by a thread; and a bus whose cable can be pulled."""

import errno
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

import can
from can.interfaces import BACKENDS
from can.interfaces.virtual import VirtualBus

from hil.devices.can_board import CanFrame, EmulatedCanBoard

TICK_S: Final = 0.005
RETRY_S: Final = 0.1
PULLABLE: Final = "pullable"


def open_bus(channel: str, interface: str, **arguments: Any) -> can.BusABC:
    """A bus of python-can, its configuration files left aside. Raises can.CanError, OSError."""
    if interface == "socketcan":
        # python-can would leave a socket open where there is no such interface.
        socket.if_nametoindex(channel)
    return can.Bus(channel, interface, ignore_config=True, **arguments)


class CanBoardOnBus:
    """A context. `open_bus` is called again whenever the bus was lost."""

    def __init__(self, board: EmulatedCanBoard, open_bus: Callable[[], can.BusABC]) -> None:
        self._board = board
        self._open_bus = open_bus
        self._bus: can.BusABC | None = None
        self._hands = threading.Lock()
        self._is_over = threading.Event()
        self._is_out = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="emulated CAN board", daemon=True)

    def __enter__(self) -> "CanBoardOnBus":
        """Put it on the bus. Raises what python-can does where there is none."""
        self._bus = self._open_bus()
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        """Take it away."""
        self._is_over.set()
        self._thread.join(timeout=5)
        self._leave()

    @contextmanager
    def hands_on(self) -> Iterator[EmulatedCanBoard]:
        """The board, while its thread stands still."""
        with self._hands:
            yield self._board

    def unplug(self) -> None:
        """Take the board off the bus."""
        self._is_out.set()

    def plug(self) -> None:
        """Put it on again."""
        self._is_out.clear()

    def _serve(self) -> None:
        while not self._is_over.is_set():
            if self._is_out.is_set():
                self._leave()
                self._go_on_alone(TICK_S)
                continue
            try:
                if self._bus is None:
                    self._bus = self._open_bus()
                self._exchange(self._bus)
            except (can.CanError, OSError):
                self._leave()
                self._go_on_alone(RETRY_S)

    def _go_on_alone(self, seconds: float) -> None:
        """A board without a bus still minds its own safety."""
        with self._hands:
            self._board.tick()
        self._is_over.wait(seconds)

    def _exchange(self, bus: can.BusABC) -> None:
        message = bus.recv(TICK_S)
        while message is not None:
            if not message.is_remote_frame:
                frame = CanFrame(
                    message.arbitration_id,
                    bytes(message.data),
                    is_extended=message.is_extended_id,
                    is_error=message.is_error_frame,
                )
                with self._hands:
                    self._board.feed(frame)
            message = bus.recv(0)
        with self._hands:
            said = self._board.tick()
        for frame in said:
            bus.send(
                can.Message(
                    arbitration_id=frame.identifier,
                    data=frame.data,
                    is_extended_id=frame.is_extended,
                    is_error_frame=frame.is_error,
                )
            )

    def _leave(self) -> None:
        bus, self._bus = self._bus, None
        if bus is not None:
            bus.shutdown()


class PullableBus(VirtualBus):
    """python-can's virtual bus through an adapter that can be pulled, or that finds nobody to acknowledge its frames.

    The channel "x:agent" is the agent's end of bus "x"; `pulled` and `clogged` name ends. `register` makes it known to
    python-can as interface "pullable".
    """

    pulled: ClassVar[set[str]] = set()
    clogged: ClassVar[set[str]] = set()

    def __init__(self, channel: str, **arguments: Any) -> None:
        self._end = channel
        self._is_shutdown = True  # until it is open: nothing is to be given back before
        if channel in self.pulled:
            raise can.CanInitializationError(f"there is no {channel}", errno.ENODEV)
        super().__init__(channel.partition(":")[0], **arguments)
        self._is_shutdown = False

    def send(self, msg: can.Message, timeout: float | None = None) -> None:
        """As the virtual bus, while the adapter is in."""
        self._check()
        if self._end in self.clogged:
            raise can.CanOperationError("No buffer space available", errno.ENOBUFS)
        super().send(msg, timeout)

    def _recv_internal(self, timeout: float | None) -> tuple[can.Message | None, bool]:
        self._check()
        return super()._recv_internal(timeout)

    def _check(self) -> None:
        if self._end in self.pulled:
            raise can.CanOperationError("Network is down", errno.ENETDOWN)

    @classmethod
    def register(cls) -> None:
        """Make python-can know it."""
        known: Any = BACKENDS
        known[PULLABLE] = (cls.__module__, cls.__name__)
