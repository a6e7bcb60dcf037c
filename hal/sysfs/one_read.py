"""A read that may block, in a thread of its own, with a time limit: never two at once, never a late result."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

from hal.errors import DeviceSilent

T = TypeVar("T")


class OneRead(Generic[T]):
    """`timeout_s` is real time. A thread that hangs in the kernel is left alone and keeps no process from ending."""

    def __init__(self, read: Callable[[], T], *, name: str, timeout_s: float) -> None:
        self._read = read
        self._name = name
        self._timeout_s = timeout_s
        self._is_reading = False

    async def now(self) -> T:
        """What is read now; raises what the read raises, DeviceSilent where it takes too long or still hangs."""
        if self._is_reading:
            raise DeviceSilent("the read before this one has not come back")
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()
        self._is_reading = True
        thread = threading.Thread(target=self._run, args=(loop, result), name=f"reading {self._name}", daemon=True)
        thread.start()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await result
        except TimeoutError as error:
            raise DeviceSilent(f"no value within {self._timeout_s:g} s") from error

    def _run(self, loop: asyncio.AbstractEventLoop, result: "asyncio.Future[T]") -> None:
        try:
            tell: Callable[[], None] = partial(result.set_result, self._read())
        except Exception as error:  # noqa: BLE001 - whoever waits for the result gets it
            tell = partial(result.set_exception, error)
        # Before anybody hears of the result: whoever does may read again at once.
        self._is_reading = False
        with suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(_unless_done, result, tell)


def _unless_done(result: "asyncio.Future[T]", tell: Callable[[], None]) -> None:
    if not result.done():
        tell()
