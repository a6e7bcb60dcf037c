"""The SQLite file and the one thread that owns its connection.

Async callers hand in closures and wait for them; each closure is at most one transaction. WAL and
synchronous=FULL: what was answered is on the disk.
"""

import asyncio
import contextlib
import os
import queue
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from agent.errors import StoreError, StoreFull
from agent.log import get_logger
from agent.store.damage import is_damage, mark_suspect, set_aside, verify

log = get_logger(__name__)

T = TypeVar("T")
Job = Callable[[sqlite3.Connection], T]

PAGE_SIZE = 4096
PAGES_PER_MB = 1024 * 1024 // PAGE_SIZE
MAX_WAL_PAGES = 512
"""2 MiB: large enough for rare checkpoints, small enough to be replayed at once after a power cut."""
CACHE_KIB = 512
MAX_WAITING = 64
"""Jobs handed in and not yet done; further callers wait their turn."""
CLOSE_LIMIT_S = 10.0

MIGRATIONS = ("0001_initial.sql", "0002_fault_history.sql")
"""Forward only, in order; a database's user_version counts how many it has had."""


class Budget:
    """How many pages of the file may be used, and by what."""

    __slots__ = ("reserved_from", "total", "wal")

    def __init__(self, max_mb: int) -> None:
        pages = max_mb * PAGES_PER_MB
        self.wal = min(MAX_WAL_PAGES, pages // 8)
        self.total = pages - self.wal
        # The last part is kept for ends of transactions and acknowledgements, so that what began can end.
        self.reserved_from = self.total - max(16, self.total // 16)


class Database:
    """Runs closures on its own thread, in the order they were handed in."""

    def __init__(self, path: Path, *, max_mb: int) -> None:
        self.path = path
        self.budget = Budget(max_mb)
        self.damaged: Path | None = None
        self._loop = asyncio.get_running_loop()
        # SimpleQueue and call_soon_threadsafe: a hop costs a quarter less than through a ThreadPoolExecutor (measured).
        self._jobs: queue.SimpleQueue[tuple[Job[Any], asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._slots = asyncio.Semaphore(MAX_WAITING)
        self._under_way = 0
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._closed = False
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._work, name="store writer", daemon=True)

    @property
    def is_idle(self) -> bool:
        """Whether no job is under way: until the loop's next turn nothing moves on the writer's thread."""
        return self._under_way == 0

    async def open(self, load: Job[None]) -> None:
        """Open or create the file, migrate it, and run `load`; a damaged file is set aside and kept.

        `load` reads what is kept in memory and may be run twice. Raises StoreError.
        """
        self._load = load
        self._thread.start()
        try:
            await asyncio.shield(self._opened)
        except BaseException:
            await self.close()
            raise

    async def run(self, job: Job[T]) -> T:
        """The result of `job`, run on the writer's thread; raises what it raised, SQLite's errors as StoreError.

        A caller that is cancelled meanwhile does not undo its job.
        """
        await self._slots.acquire()
        if self._closed:
            self._slots.release()
            raise StoreError("the store is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self._under_way += 1
        self._jobs.put((job, future))
        return await future

    async def close(self) -> None:
        """Finish what was handed in, then close the file."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await self._ended.wait()
        self._thread.join(CLOSE_LIMIT_S)

    def _work(self) -> None:
        try:
            self._serve()
        finally:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ended.set)

    def _serve(self) -> None:
        try:
            connection, self.damaged = _open_or_set_aside(self.path, self.budget, self._load)
        except Exception as error:  # noqa: BLE001  a thread's edge: the caller of open gets it
            self._answer(self._opened, None, as_store_error(error))
            return
        self._answer(self._opened, None, None)
        with contextlib.closing(connection):
            while (entry := self._jobs.get()) is not None:
                job, future = entry
                result, failure = None, None
                try:
                    result = job(connection)
                except Exception as error:  # noqa: BLE001  a thread's edge: the caller of run gets it
                    failure = as_store_error(error)
                    if is_damage(error):
                        mark_suspect(self.path)
                self._answer(future, result, failure)
                # Nothing of a job is to live on while the thread waits for the next one.
                del entry, job, future, result, failure

    def _answer(self, future: asyncio.Future[Any], result: object, failure: Exception | None) -> None:
        # A loop that is gone took its waiters along.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._settle, future, result, failure)

    def _settle(self, future: asyncio.Future[Any], result: object, failure: Exception | None) -> None:
        if future is not self._opened:
            self._under_way -= 1
            self._slots.release()
        if future.done():
            if failure is not None:
                log.error("store job failed after its caller left", cause=failure)
        elif failure is not None:
            future.set_exception(failure)
        else:
            future.set_result(result)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE ... COMMIT, or all of it rolled back."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite roll back by itself.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def is_full(error: BaseException) -> bool:
    """Whether SQLite found no room (the disk's or max_page_count's)."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


def as_store_error(error: Exception) -> Exception:
    """SQLite's and the file system's errors as ours, others unchanged."""
    if not isinstance(error, sqlite3.Error | OSError):
        return error
    converted = StoreFull(str(error)) if is_full(error) else StoreError(f"{type(error).__name__}: {error}")
    converted.__cause__ = error
    return converted


def pages_used(connection: sqlite3.Connection) -> int:
    """Pages of the file that hold something, those of the open transaction included."""
    (count,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    return int(count) - int(free)


def _open_or_set_aside(path: Path, budget: Budget, load: Job[None]) -> tuple[sqlite3.Connection, Path | None]:
    make_directory(path.parent)
    try:
        return _open(path, budget, load), None
    except Exception as error:
        if not is_damage(error):
            raise
        damaged = set_aside(path)
        log.error("database damaged, set aside", cause=error, kept=damaged)  # noqa: TRY400  EventLogger's own error()
    return _open(path, budget, load), damaged


def _open(path: Path, budget: Budget, load: Job[None]) -> sqlite3.Connection:
    # Tokens are personal data: nobody else reads them. SQLite gives -wal and -shm the same mode.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) != 0o600:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
    connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, cached_statements=64)
    try:
        _configure(connection, budget)
        verify(connection, path)
        _migrate(connection)
        load(connection)
        sync_directory(path.parent)
    except BaseException:
        connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection, budget: Budget) -> None:
    for pragma in (
        f"page_size={PAGE_SIZE}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        f"cache_size=-{CACHE_KIB}",
        f"wal_autocheckpoint={budget.wal}",
        f"journal_size_limit={budget.wal * PAGE_SIZE}",
        f"max_page_count={budget.total}",
    ):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _migrate(connection: sqlite3.Connection) -> None:
    """Apply what is missing, each migration in a transaction of its own."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        # After a fallback to older firmware: its facts are kept for the newer one, and this one works.
        raise sqlite3.DatabaseError(f"schema {version} is newer than this agent's {len(MIGRATIONS)}")
    for number, name in enumerate(MIGRATIONS[version:], start=version + 1):
        script = (Path(__file__).parent / "migrations" / name).read_text(encoding="utf-8")
        with transaction(connection):
            for statement in _statements(script):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={number:d}")


def _statements(script: str) -> Iterator[str]:
    # executescript would commit what is open before it starts.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def make_directory(directory: Path) -> None:
    """Create it and what leads to it, each entry durable."""
    if directory.is_dir():
        return
    make_directory(directory.parent)
    directory.mkdir(mode=0o750, exist_ok=True)
    sync_directory(directory.parent)


def sync_directory(directory: Path) -> None:
    """Make the entries of a directory durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
