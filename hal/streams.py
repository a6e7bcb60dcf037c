"""What a driver reports to several readers at once."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Generic, TypeVar

from hal.errors import DeviceGone, HalError

T = TypeVar("T")

MOST_UNREAD = 256
"""A reader that falls this far behind loses the oldest items, never the newest."""


class Reports(Generic[T]):
    """A stream with a beginning and an end: `present` gives what every reader is told first."""

    def __init__(self, present: Callable[[], Iterable[T]], *, device: str) -> None:
        self._present = present
        self._device = device
        self._failure: HalError | None = DeviceGone("is not started", device=device)
        self._readers: list[_Reader[T]] = []

    def begin(self) -> None:
        """From now on it may be read."""
        self._failure = None

    def emit(self, item: T) -> None:
        """Hand `item` to every reader."""
        for reader in self._readers:
            reader.unread.append(item)
            reader.woken.set()

    def end(self, failure: HalError) -> None:
        """Every reader, and whoever comes before the next `begin`, is told of the failure at once."""
        self._failure = failure
        for reader in self._readers:
            reader.failure = failure
            reader.woken.set()

    async def follow(self) -> AsyncIterator[T]:
        """The present items, then each new one; raises what `end` was given."""
        if self._failure is not None:
            raise self._failure
        reader = _Reader(self._present())
        self._readers.append(reader)
        try:
            while True:
                if reader.failure is not None:
                    raise reader.failure
                if reader.unread:
                    yield reader.unread.popleft()
                    continue
                reader.woken.clear()
                await reader.woken.wait()
        finally:
            self._readers.remove(reader)


class _Reader(Generic[T]):
    def __init__(self, first: Iterable[T]) -> None:
        self.unread: deque[T] = deque(first, maxlen=MOST_UNREAD)
        self.woken = asyncio.Event()
        self.failure: HalError | None = None
