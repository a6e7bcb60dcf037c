import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.errors import StoreError
from agent.runtime.watchdog import Notifier, StorePulse, Watchdog, supervised, watchdog_s
from hal.guard import Guard
from tests.fakes.service_manager import ServiceManager, service_manager
from tests.hal.port_rig import Rig

LIMIT_S = 0.08
QUIET_S = 0.3
"""Many times the time between two feeds."""


@pytest.fixture
async def manager(tmp_path: Path) -> AsyncIterator[ServiceManager]:
    async with service_manager(tmp_path) as manager:
        yield manager


async def fine() -> int:
    return 0


@asynccontextmanager
async def watching(
    manager: ServiceManager,
    *,
    checks: dict[str, Callable[[], bool]] | None = None,
    ask: Callable[[], Awaitable[object]] = fine,
    store_within_s: float = 0.1,
) -> AsyncIterator[Watchdog]:
    store = StorePulse(ask, within_s=store_within_s)
    watchdog = Watchdog(checks or {}, store=store, notifier=Notifier(manager.address), limit_s=LIMIT_S)
    task = asyncio.create_task(watchdog.run(), name="watchdog")
    try:
        yield watchdog
    finally:
        task.cancel()
        await asyncio.wait([task])
        watchdog.ended(restarts=False)
        assert task.cancelled(), task.exception()


async def fed(manager: ServiceManager, *, for_s: float = QUIET_S) -> int:
    """How often it is fed in that time."""
    before = manager.lines.count("WATCHDOG=1")
    await asyncio.sleep(for_s)
    return manager.lines.count("WATCHDOG=1") - before


async def test_a_service_that_works_is_ready_and_feeds_faster_than_it_must(manager: ServiceManager) -> None:
    async with watching(manager, checks={"guard": lambda: True}):
        await manager.until_told("WATCHDOG=1", times=6)

    assert manager.lines[:2] == ["READY=1", "STATUS=working"]
    fed_at_s = [at_s for at_s, lines in manager.told if "WATCHDOG=1" in lines]
    assert (fed_at_s[5] - fed_at_s[0]) / 5 < LIMIT_S / 2


async def test_an_abstract_socket_is_told_too(tmp_path: Path) -> None:
    async with service_manager(tmp_path, name=f"evse-{uuid.uuid4().hex}") as manager, watching(manager):
        await manager.until_told("READY=1")


@pytest.mark.parametrize("name", ["guard", "port 1"])
async def test_what_does_not_work_is_told_and_nothing_is_fed_until_it_works_again(
    manager: ServiceManager, name: str
) -> None:
    works = True
    async with watching(manager, checks={"other": lambda: True, name: lambda: works}) as watchdog:
        await manager.until_told("WATCHDOG=1")

        works = False
        await manager.until_told(f"STATUS=not working: {name}")
        while_broken, failing = await fed(manager), watchdog.failing
        works = True
        await manager.until_told("STATUS=working", times=2)
        after = await fed(manager)

    assert (while_broken, failing) == (0, (name,))
    assert after > 0


async def test_a_database_writer_that_hangs_ends_the_feeding(manager: ServiceManager) -> None:
    stuck = asyncio.Event()
    asked = 0

    async def ask() -> None:
        nonlocal asked
        asked += 1
        if asked > 2:
            await stuck.wait()

    async with watching(manager, ask=ask):
        await manager.until_told("STATUS=not working: store")

        assert await fed(manager) == 0


async def test_a_database_that_answers_with_an_error_has_answered(manager: ServiceManager) -> None:
    async def ask() -> None:
        raise StoreError("disk is full")

    async with watching(manager, ask=ask) as watchdog:
        count = await fed(manager, for_s=0.4)

        assert watchdog.failing == ()
    assert count > 2


async def test_a_loop_that_hangs_feeds_nothing(manager: ServiceManager) -> None:
    import time

    async with watching(manager):
        await manager.until_told("WATCHDOG=1")
        before = len(manager.told)

        time.sleep(QUIET_S)  # noqa: ASYNC251 - that is what is tested

        await asyncio.sleep(0)
        assert len(manager.told) - before <= 1


async def test_an_end_is_told_and_fed_no_more(manager: ServiceManager) -> None:
    async with watching(manager) as watchdog:
        await manager.until_told("WATCHDOG=1")

        watchdog.stopping(restarts=False)
        await manager.until_told("STOPPING=1")

        assert await fed(manager) == 0


async def test_a_restart_within_the_process_is_no_end(manager: ServiceManager) -> None:
    async with watching(manager) as watchdog:
        await manager.until_told("READY=1")

        watchdog.stopping(restarts=True)
        before = manager.lines.count("WATCHDOG=1")
        watchdog.ended(restarts=True)
        await manager.until_told("WATCHDOG=1", times=before + 1)

    assert "STOPPING=1" not in manager.lines


async def test_without_a_service_manager_nothing_is_said_and_nothing_fails() -> None:
    for address in (None, "", "vsock:2:1"):
        notifier = Notifier(address)
        notifier.tell("READY=1")
        notifier.close()


async def test_a_manager_that_is_gone_is_complained_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier(str(tmp_path / "gone"))

    notifier.tell("READY=1")
    notifier.tell("WATCHDOG=1")
    notifier.close()

    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("environ", "limit_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "4000000"}, 4.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": str(os.getpid())}, 4.0),
        ({"WATCHDOG_USEC": "4000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_limit_is_the_one_meant_for_this_process(environ: dict[str, str], limit_s: float | None) -> None:
    assert watchdog_s(environ) == limit_s


async def test_a_port_that_no_longer_looks_after_itself_does_not_work() -> None:
    rig = Rig()
    works = supervised(rig.port)
    at_the_start = works()

    rig.port.checked_at_s = 0.0
    long_ago = works()

    assert (at_the_start, long_ago) == (True, False)


async def test_a_guard_whose_thread_ended_does_not_work(
    manager: ServiceManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.address)
    monkeypatch.setenv("WATCHDOG_USEC", "80000")
    guard = Guard(())
    guard.start()
    watchdog = Watchdog.of(guard, {}, ask_store=fine)
    task = asyncio.create_task(watchdog.run(), name="watchdog")
    await manager.until_told("WATCHDOG=1")

    guard.stop()
    await manager.until_told("STATUS=not working: guard")

    task.cancel()
    await asyncio.wait([task])
    watchdog.ended(restarts=False)
