import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from agent.runtime.tasks import MAX_ERRANDS, Tasks
from tests.fakes.loopback_csms import until


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    made = Tasks()
    yield made
    await made.close()


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_an_errand_runs_by_itself_and_is_forgotten(tasks: Tasks) -> None:
    done: list[int] = []

    async def errand(number: int) -> None:
        done.append(number)

    for number in range(MAX_ERRANDS + 1):  # one more than may run at once
        assert tasks.start(errand(number), name="short")
        await until(lambda: len(done) > number)  # noqa: B023 - awaited before the next round
        await asyncio.sleep(0)

    assert done == list(range(MAX_ERRANDS + 1))
    assert tasks.failures == 0


async def test_a_failure_is_logged_with_its_name_and_counted(tasks: Tasks, caplog: pytest.LogCaptureFixture) -> None:
    async def breaks() -> None:
        raise ValueError("no such thing")

    tasks.start(breaks(), name="authorize")
    await until(lambda: tasks.failures > 0)

    (record,) = (one for one in caplog.records if one.getMessage() == "errand failed")
    assert record.levelno == logging.ERROR
    assert record.__dict__["evse_values"] == {"errand": "authorize"}
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "no such thing"


async def test_one_failure_does_not_touch_the_others(tasks: Tasks) -> None:
    told = asyncio.Event()

    async def breaks() -> None:
        raise ValueError

    async def tells() -> None:
        await asyncio.sleep(0.01)
        told.set()

    tasks.start(tells(), name="tells")
    tasks.start(breaks(), name="breaks")

    async with asyncio.timeout(5):
        await told.wait()
    assert tasks.failures == 1


async def test_more_than_can_be_done_at_once_is_refused_aloud(tasks: Tasks, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(MAX_ERRANDS):
        tasks.start(for_ever(), name=f"errand {number}")

    tasks.start(for_ever(), name="one too many")

    assert tasks.failures == 1
    assert [one.__dict__["evse_values"] for one in caplog.records] == [{"refused": "one too many"}]


async def test_close_awaits_all_and_what_they_do_at_their_end() -> None:
    tasks, ended = Tasks(), []

    async def tidies_up() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.01)
            ended.append("tidy")

    for _ in range(3):
        tasks.start(tidies_up(), name="tidies up")
    await asyncio.sleep(0)
    await tasks.close()

    assert ended == ["tidy"] * 3
    assert tasks.failures == 0


async def test_nothing_starts_any_more_once_it_is_closed() -> None:
    tasks, started = Tasks(), []

    async def again() -> None:
        started.append("again")

    async def starts_another() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            tasks.start(again(), name="again")

    tasks.start(starts_another(), name="starts another")
    await asyncio.sleep(0)
    await tasks.close()
    tasks.start(again(), name="after the end")
    await asyncio.sleep(0)

    assert started == []
