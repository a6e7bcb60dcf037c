"""Waiting in tests for what another thread or task is about to do, with a limit."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

T = TypeVar("T")

LIMIT_S = 3.0
LOOK_S = 0.005


class Wall:
    """The machine's own clock, as drivers are given it."""

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def eventually(is_so: Callable[[], bool], *, limit_s: float = LIMIT_S) -> None:
    """Return once it is so; the test fails where it does not become so in time."""
    end_s = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < end_s, "it did not happen in time"
        await asyncio.sleep(LOOK_S)


def soon(is_so: Callable[[], bool], *, limit_s: float = 0.5) -> bool:
    """Whether it becomes so while the event loop stands still."""
    end_s = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() > end_s:
            return False
        time.sleep(LOOK_S)
    return True


@asynccontextmanager
async def following(items: AsyncIterator[T]) -> AsyncIterator[AsyncIterator[T]]:
    """One iteration, closed with the block."""
    try:
        yield items
    finally:
        if isinstance(items, AsyncGenerator):
            await items.aclose()


async def following_item(items: AsyncIterator[T], *, limit_s: float = LIMIT_S) -> T:
    """The next item, or the test fails in time."""
    async with asyncio.timeout(limit_s):
        return await anext(items)


async def until(items: AsyncIterator[T], wanted: T, *, limit_s: float = LIMIT_S) -> None:
    """Read on until `wanted` comes."""
    async with asyncio.timeout(limit_s):
        async for item in items:
            if item == wanted:
                return
