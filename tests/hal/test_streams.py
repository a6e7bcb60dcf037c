"""What a driver reports to several readers at once."""

import asyncio

import pytest

from hal.errors import DeviceGone, DeviceSilent
from hal.streams import MOST_UNREAD, Reports
from tests.contracts.waiting import following, following_item


async def test_nothing_can_be_followed_before_the_beginning() -> None:
    reports: Reports[int] = Reports(tuple, device="EVSE 1")

    with pytest.raises(DeviceGone, match="EVSE 1"):
        await following_item(reports.follow())


async def test_every_reader_gets_the_present_first_and_then_each_item() -> None:
    reports = Reports(lambda: (1, 2), device="EVSE 1")
    reports.begin()

    async with following(reports.follow()) as one, following(reports.follow()) as two:
        firsts = [await following_item(one), await following_item(two), await following_item(one)]
        reports.emit(3)

        assert firsts == [1, 1, 2]
        assert await following_item(one) == 3
        assert [await following_item(two), await following_item(two)] == [2, 3]


async def test_an_end_reaches_a_reader_although_it_began_anew_meanwhile() -> None:
    reports: Reports[int] = Reports(tuple, device="EVSE 1")
    reports.begin()
    async with following(reports.follow()) as items:
        waiting = asyncio.ensure_future(following_item(items))
        await asyncio.sleep(0)

        reports.end(DeviceSilent("no answer", device="EVSE 1"))
        reports.begin()

        with pytest.raises(DeviceSilent):
            await waiting


async def test_a_reader_that_sleeps_loses_the_oldest() -> None:
    reports: Reports[int] = Reports(lambda: (0,), device="EVSE 1")
    reports.begin()
    async with following(reports.follow()) as items:
        await following_item(items)

        for number in range(1, MOST_UNREAD + 11):
            reports.emit(number)

        assert await following_item(items) == 11
