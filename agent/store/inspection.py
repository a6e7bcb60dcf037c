"""A look at the queue from another process, while the agent runs or not."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import field
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from agent.clock import Moment
from agent.errors import StoreError
from agent.frozen import dataclass
from agent.store.boots import Boots
from agent.store.counters import read_counter
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
    try:
        connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None, timeout=5.0)
        with closing(connection):
            connection.execute("BEGIN")
            outbox = Outbox()
            outbox.load_counts(connection)
            boots = Boots()
            boots.load(connection)
            return QueueListing(
                depth=outbox.depth,
                rows=tuple(outbox.listing(connection, limit)),
                dead_count=outbox.dead,
                dead=tuple(dead_letters(connection, limit)),
                thinned=read_counter(connection, "thinned"),
                mend=boots.mend,
            )
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error
