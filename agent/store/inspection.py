"""A look at the queue and the fault history from another process, while the agent runs or not."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import field
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from agent.clock import Moment
from agent.errors import StoreError
from agent.frozen import dataclass
from agent.store.boots import Boots
from agent.store.counters import read_counter
from agent.store.fault_history import PastFault, read_faults
from agent.store.outbox import DeadLetter, Outbox, OutboxRow, dead_letters


@dataclass(frozen=True, slots=True)
class QueueListing:
    """The queue's length, its first rows, the last of `dead_count` dead letters, meter values ever dropped."""

    depth: int
    rows: tuple[OutboxRow, ...]
    dead_count: int
    dead: tuple[DeadLetter, ...]
    thinned: int
    mend: Callable[[Moment], datetime] = field(compare=False)
    """UTC of a fact's stamp."""


def inspect_queue(path: Path, *, limit: int) -> QueueListing:
    """Read a database without changing it; StoreError where it cannot be read."""
    with _reading(path) as connection:
        outbox = Outbox()
        outbox.load_counts(connection)
        return QueueListing(
            depth=outbox.depth,
            rows=tuple(outbox.listing(connection, limit)),
            dead_count=outbox.dead,
            dead=tuple(dead_letters(connection, limit)),
            thinned=read_counter(connection, "thinned"),
            mend=_mend(connection),
        )


def inspect_faults(path: Path, *, limit: int) -> tuple[list[PastFault], Callable[[Moment], datetime]]:
    """The last faults, and what gives UTC of their stamps; StoreError where they cannot be read."""
    with _reading(path) as connection:
        return read_faults(connection, limit), _mend(connection)


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, timeout=5.0)
        with closing(connection):
            connection.execute("BEGIN")
            yield connection
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error


def _mend(connection: sqlite3.Connection) -> Callable[[Moment], datetime]:
    boots = Boots()
    boots.load(connection)
    return boots.mend
