import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest

from hal.errors import DeviceGone
from hal.sim.watched import MAX_PENDING, Stream, Watched

T = TypeVar("T")


async def take(items: AsyncIterator[T], count: int) -> list[T]:
    async with asyncio.timeout(2):
        return [await anext(items) for _ in range(count)]


async def test_readers_get_the_present_value_first_and_then_each_change() -> None:
    watched = Watched("A")
    watched.set("B")
    reader = watched.follow()

    first = await take(reader, 1)
    for value in ("B", "C", "B"):
        watched.set(value)

    assert first == ["B"]
    assert await take(reader, 2) == ["C", "B"]


async def test_every_reader_gets_every_item() -> None:
    stream: Stream[int] = Stream()
    readers = [stream.follow(lambda: (0,)) for _ in range(2)]
    for reader in readers:
        await take(reader, 1)

    stream.emit(1)

    assert [await take(reader, 1) for reader in readers] == [[1], [1]]


async def test_a_failed_stream_raises_for_all_and_works_again_once_mended() -> None:
    watched = Watched(1)
    reader = watched.follow()
    await take(reader, 1)

    watched.fail(DeviceGone("gone"))

    with pytest.raises(DeviceGone):
        await take(reader, 1)
    watched.fail(None)
    assert await take(watched.follow(), 1) == [1]


async def test_a_reader_that_sleeps_keeps_the_newest_items() -> None:
    stream: Stream[int] = Stream()
    reader = stream.follow(lambda: (-1,))
    await take(reader, 1)

    for number in range(MAX_PENDING + 10):
        stream.emit(number)

    assert (await take(reader, MAX_PENDING))[-1] == MAX_PENDING + 9
