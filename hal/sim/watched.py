"""Streams that several readers follow."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_PENDING = 256
"""A reader that falls this far behind loses the oldest items, never the newest."""


class Stream(Generic[T]):
    """What is emitted reaches everyone who follows at that time."""

    def __init__(self) -> None:
        self._failure: Exception | None = None
        self._followers: list[_Follower[T]] = []

    def emit(self, item: T) -> None:
        """Hand `item` to every reader."""
        for follower in self._followers:
            follower.pending.append(item)
            follower.woken.set()

    def fail(self, error: Exception | None) -> None:
        """From now on reading raises `error`; None: it works again."""
        self._failure = error
        for follower in self._followers:
            follower.woken.set()

    async def follow(self, present: Callable[[], Iterable[T]] = tuple) -> AsyncIterator[T]:
        """What `present` gives when the reading begins, then each emitted item; raises what `fail` was given."""
        follower: _Follower[T] = _Follower(present())
        self._followers.append(follower)
        try:
            while True:
                if self._failure is not None:
                    raise self._failure
                if follower.pending:
                    yield follower.pending.popleft()
                    continue
                follower.woken.clear()
                await follower.woken.wait()
        finally:
            self._followers.remove(follower)


class Watched(Generic[T]):
    """Holds `value`: readers get the present one first, then each change."""

    def __init__(self, value: T) -> None:
        self.value = value
        self._changes: Stream[T] = Stream()

    def set(self, value: T) -> None:
        """Tell every reader, if it is a change."""
        if value != self.value:
            self.value = value
            self._changes.emit(value)

    def fail(self, error: Exception | None) -> None:
        """As Stream.fail."""
        self._changes.fail(error)

    def follow(self) -> AsyncIterator[T]:
        """The present value, then each change; raises what `fail` was given."""
        return self._changes.follow(lambda: (self.value,))


class _Follower(Generic[T]):
    def __init__(self, first: Iterable[T]) -> None:
        self.pending: deque[T] = deque(first, maxlen=MAX_PENDING)
        self.woken = asyncio.Event()
