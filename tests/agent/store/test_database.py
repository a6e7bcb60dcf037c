import asyncio
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from agent.errors import StoreError, StoreFull
from agent.store.database import MAX_WAITING, MIGRATIONS, Budget, Database, Job, as_store_error, transaction


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def _write(path: Path, content: bytes, *, mode: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def _nothing(_: sqlite3.Connection) -> None: ...


async def _opened(path: Path, *, max_mb: int = 64) -> Database:
    database = Database(path, max_mb=max_mb)
    await database.open(_nothing)
    return database


async def test_a_new_database_is_wal_with_full_sync_and_small_caches(path: Path) -> None:
    database = await _opened(path)

    got = await database.run(
        lambda c: [_pragma(c, each) for each in ("journal_mode", "synchronous", "foreign_keys", "page_size")]
    )
    cache = await database.run(lambda c: (_pragma(c, "cache_size"), _pragma(c, "temp_store")))
    version = await database.run(lambda c: _pragma(c, "user_version"))
    await database.close()

    assert got == ["wal", 2, 1, 4096]
    assert cache == (-512, 2)
    assert version == len(MIGRATIONS)


async def test_only_the_owner_may_read_the_file(path: Path) -> None:
    _write(path, b"", mode=0o644)

    database = await _opened(path)
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}
    await database.close()

    assert modes == {"agent.db": 0o600, "agent.db-wal": 0o600, "agent.db-shm": 0o600}


async def test_jobs_run_in_order_on_one_thread_of_their_own(path: Path) -> None:
    database = await _opened(path)
    seen: list[int] = []
    threads: set[str] = set()

    def note(number: int) -> None:
        seen.append(number)
        threads.add(threading.current_thread().name)

    def noting(number: int) -> Job[None]:
        return lambda _: note(number)

    await asyncio.gather(*(database.run(noting(number)) for number in range(3 * MAX_WAITING)))
    await database.close()

    assert seen == list(range(3 * MAX_WAITING))
    assert threads == {"store writer"}


async def test_no_more_than_the_bound_of_jobs_wait_for_the_thread(path: Path) -> None:
    database = await _opened(path)
    gate = threading.Event()

    callers = [asyncio.create_task(database.run(lambda _: gate.wait(5))) for _ in range(2 * MAX_WAITING)]
    await asyncio.sleep(0.05)
    waiting = database._jobs.qsize()
    gate.set()
    await asyncio.gather(*callers)
    await database.close()

    assert 0 < waiting < MAX_WAITING


async def test_a_cancelled_caller_does_not_undo_its_job(path: Path) -> None:
    database = await _opened(path)
    gate, done = threading.Event(), threading.Event()

    def job(_: sqlite3.Connection) -> None:
        gate.wait(5)
        done.set()

    caller = asyncio.create_task(database.run(job))
    await asyncio.sleep(0.01)
    caller.cancel()
    gate.set()
    await asyncio.gather(caller, return_exceptions=True)
    await database.close()

    assert caller.cancelled()
    assert done.is_set()


async def test_closing_finishes_what_was_handed_in_and_refuses_more(path: Path) -> None:
    database = await _opened(path)

    job = asyncio.create_task(database.run(lambda _: "done"))
    await asyncio.sleep(0)
    await database.close()
    await database.close()

    assert await job == "done"
    with pytest.raises(StoreError, match="closed"):
        await database.run(_nothing)
    assert not any(thread.name == "store writer" for thread in threading.enumerate())


async def test_sqlite_errors_arrive_as_store_errors_with_their_cause(path: Path) -> None:
    database = await _opened(path)

    with pytest.raises(StoreError) as caught:
        await database.run(lambda c: c.execute("SELECT * FROM nowhere"))
    await database.close()

    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


def test_other_errors_are_not_disguised() -> None:
    error = KeyError("a bug")

    assert as_store_error(error) is error


async def test_a_file_that_cannot_be_made_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    database = Database(tmp_path / "file" / "agent.db", max_mb=64)

    with pytest.raises(StoreError):
        await database.open(_nothing)


async def test_a_transaction_that_fails_leaves_nothing(path: Path) -> None:
    database = await _opened(path)

    def job(connection: sqlite3.Connection) -> None:
        with transaction(connection):
            connection.execute("INSERT INTO counters VALUES ('a', 1)")
            raise KeyError

    with pytest.raises(KeyError):
        await database.run(job)
    count = await database.run(lambda c: c.execute("SELECT count(*) FROM counters").fetchone()[0])
    await database.close()

    assert count == 0


async def test_max_page_count_is_reported_as_full(path: Path) -> None:
    database = await _opened(path)

    def job(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count=1")
        connection.execute("INSERT INTO station_state VALUES ('k', ?)", ("x" * 200_000,))

    with pytest.raises(StoreFull):
        await database.run(job)
    await database.close()


async def test_a_database_of_a_newer_agent_is_set_aside_and_kept(path: Path) -> None:
    first = await _opened(path)
    await first.run(lambda c: c.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}"))
    await first.close()

    second = await _opened(path)
    await second.close()

    assert second.damaged is not None
    assert second.damaged.exists()


@pytest.mark.parametrize("max_mb", [1, 8, 64])
def test_the_budget_holds_file_and_wal_together(max_mb: int) -> None:
    budget = Budget(max_mb)

    assert (budget.total + budget.wal) * 4096 == max_mb * 1024 * 1024
    assert 0 < budget.reserved_from < budget.total
