"""Threads for the interfaces of python-can that an event loop cannot wait for, or that may wait while they send."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from can import BusABC, Message

RECEIVE_S = 0.05
"""How long one wait for a frame takes, and so how long an end may take."""
SEND_S = 0.1
MOST_UNREAD = 1024
END_S = 2.0


class ReceiveThread:
    """Takes frames off a bus; `arrived` is called in the event loop when there are some, or when the bus failed."""

    def __init__(self, bus: "BusABC", *, name: str, arrived: Callable[[], None]) -> None:
        self._bus = bus
        self._arrived = arrived
        self._loop = asyncio.get_running_loop()
        self._unread: deque[Message | Exception] = deque(maxlen=MOST_UNREAD)
        self._is_told = threading.Event()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._receive, name=name, daemon=True)
        self._thread.start()

    def take(self) -> list["Message | Exception"]:
        """What came since the last call."""
        self._is_told.clear()
        taken = []
        while self._unread:
            taken.append(self._unread.popleft())
        return taken

    def end(self) -> None:
        """Wait for its end, which is not long."""
        self._is_over.set()
        self._thread.join(timeout=END_S)

    def _receive(self) -> None:
        while not self._is_over.is_set():
            try:
                message = self._bus.recv(RECEIVE_S)
            except Exception as error:  # noqa: BLE001 - whatever a vendor's library raises is judged in the event loop
                self._tell(error)
                return
            if message is not None:
                self._tell(message)

    def _tell(self, news: "Message | Exception") -> None:
        self._unread.append(news)
        if self._is_told.is_set():
            return
        self._is_told.set()
        _call(self._loop, self._arrived)


class SendThread:
    """Puts frames on a bus; `failed` is called in the event loop with what went wrong.

    A frame that still waits gives way to a newer one of its identifier: what is sent is never an old command.
    """

    def __init__(self, bus: "BusABC", *, name: str, failed: Callable[[Exception], None]) -> None:
        self._bus = bus
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._unsent: dict[int, Message] = {}
        self._news = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._send, name=name, daemon=True)
        self._thread.start()

    def put(self, message: "Message") -> None:
        """Send it as soon as it can be; from any thread, without waiting."""
        with self._news:
            self._unsent[message.arbitration_id] = message
            self._news.notify()

    def end(self) -> None:
        """Wait until all is sent, or at most two seconds."""
        with self._news:
            self._is_over = True
            self._news.notify()
        self._thread.join(timeout=END_S)

    def _send(self) -> None:
        while (message := self._next()) is not None:
            try:
                self._bus.send(message, timeout=SEND_S)
            except Exception as error:  # noqa: BLE001 - as above
                _call(self._loop, partial(self._failed, error))

    def _next(self) -> "Message | None":
        with self._news:
            self._news.wait_for(lambda: self._unsent or self._is_over)
            for identifier in self._unsent:
                return self._unsent.pop(identifier)
        return None


def _call(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    try:
        loop.call_soon_threadsafe(what)
    except RuntimeError:
        # The loop was closed: nobody is left to be told.
        return
