import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from agent.runtime.supervisor import Supervisor


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    made = Supervisor()
    yield made
    await made.end(within_s=5)


async def for_ever() -> None:
    await asyncio.Event().wait()


async def waited(supervisor: Supervisor) -> None:
    async with asyncio.timeout(5):
        await supervisor.wait()


async def test_it_waits_until_a_stop_is_asked_for(supervisor: Supervisor) -> None:
    supervisor.start(for_ever(), name="link")
    waiting = asyncio.create_task(supervisor.wait())
    await asyncio.sleep(0)
    assert not waiting.done()

    supervisor.stop()

    async with asyncio.timeout(5):
        await waiting
    assert supervisor.failure is None


async def test_a_task_that_dies_is_logged_and_ends_the_wait(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    async def dies() -> None:
        raise OSError("disk gone")

    supervisor.start(for_ever(), name="link")
    supervisor.start(dies(), name="outbox")
    await waited(supervisor)

    (record,) = caplog.records
    assert str(supervisor.failure) == "disk gone"
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "task failed")
    assert record.__dict__["evse_values"] == {"task": "outbox"}


async def test_a_task_that_ends_by_itself_is_a_failure_too(supervisor: Supervisor) -> None:
    async def ends() -> None:
        await asyncio.sleep(0)

    supervisor.start(ends(), name="port 1")
    await waited(supervisor)

    assert str(supervisor.failure) == "port 1 ended by itself"


async def test_the_first_failure_is_the_one_that_is_kept(supervisor: Supervisor) -> None:
    async def dies(why: str) -> None:
        raise RuntimeError(why)

    supervisor.start(dies("first"), name="a")
    supervisor.start(dies("second"), name="b")
    await waited(supervisor)
    await asyncio.sleep(0)

    assert str(supervisor.failure) == "first"


async def test_tasks_are_ended_by_name_and_in_the_order_asked_for(supervisor: Supervisor) -> None:
    ended: list[str] = []

    async def works(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    for name in ("station", "port 1", "link"):
        supervisor.start(works(name), name=name)
    await asyncio.sleep(0)

    await supervisor.end("port 1", within_s=5)
    after_the_port = list(ended)
    await supervisor.end("station", within_s=5)
    await supervisor.end(within_s=5)

    assert after_the_port == ["port 1"]
    assert ended == ["port 1", "station", "link"]
    assert supervisor.failure is None


async def test_a_task_that_will_not_end_is_named_and_does_not_hold_up_the_rest(
    supervisor: Supervisor, caplog: pytest.LogCaptureFixture
) -> None:
    let_go = asyncio.Event()

    async def stubborn() -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    supervisor.start(stubborn(), name="stubborn")
    supervisor.start(for_ever(), name="link")
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await supervisor.end(within_s=0.05)

    assert [one.__dict__["evse_values"] for one in caplog.records] == [{"task": "stubborn"}]
    let_go.set()


async def test_ending_what_is_not_there_returns_at_once(supervisor: Supervisor) -> None:
    await supervisor.end("nobody", within_s=5)
    await supervisor.end(within_s=5)
