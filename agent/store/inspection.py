"""A look at the queue from another process, while the agent runs or not."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from agent.errors import StoreError
from agent.frozen import dataclass
from agent.store.counters import read_counter
from agent.store.outbox import DeadLetter, Outbox, OutboxRow, dead_letters


@dataclass(frozen=True, slots=True)
class QueueListing:
    """The queue's length, its first rows, the last dead letters, and how many meter values were ever dropped."""

    depth: int
    rows: tuple[OutboxRow, ...]
    dead: tuple[DeadLetter, ...]
    thinned: int


def inspect_queue(path: Path, *, limit: int) -> QueueListing:
    """Read a database without changing it; StoreError where it cannot be read."""
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, timeout=5.0)
        with closing(connection):
            connection.execute("BEGIN")
            outbox = Outbox()
            outbox.load_counts(connection)
            return QueueListing(
                depth=outbox.depth,
                rows=tuple(outbox.listing(connection, limit)),
                dead=tuple(dead_letters(connection, limit)),
                thinned=read_counter(connection, "thinned"),
            )
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error
