"""Making room: what may be dropped when storage runs short, and in which order.

First meter values that were given up anyway; then every second intermediate meter value of the oldest
transaction, then of the next (2.0.1 E04.FR.08, E11.FR.05: the 1st, the 3rd, the 5th...). The last one of each
transaction stays. The head of the queue stays too: it may be on the wire.
"""

import sqlite3
from collections import Counter

from agent.log import get_logger
from agent.store.counters import read_counter, write_counter
from agent.store.database import Budget, pages_used, transaction
from agent.store.outbox import Outbox

log = get_logger(__name__)

_CHUNK = 128
"""Rows written anew at a time, so that half-empty pages become free ones."""


class Thinning:
    """Drops meter values; `thinned` counts all of them, over the life of the database."""

    def __init__(self) -> None:
        self.thinned = 0
        self._done_through = 0

    def load(self, connection: sqlite3.Connection) -> None:
        """Read the count."""
        self.thinned = read_counter(connection, "thinned")
        self._done_through = 0

    def make_room(self, connection: sqlite3.Connection, outbox: Outbox, budget: Budget) -> bool:
        """Free about 3 % of the budget; false where nothing is left to drop."""
        head = outbox.head.id if outbox.head is not None else 0
        dropped: Counter[str | None] = Counter()
        with transaction(connection):
            dead = connection.execute("DELETE FROM dead_letters WHERE thinnable").rowcount
            goal = pages_used(connection) - max(8, budget.total // 32)
            done_through = self._done_through
            for group, first, last in self._groups(connection, head):
                if pages_used(connection) <= goal:
                    break
                dropped[group] += _drop_every_second(connection, group, after=head, first=first, last=last)
                done_through = first
            count = dead + dropped.total()
            if count:
                write_counter(connection, "thinned", self.thinned + count)
        self.thinned += count
        self._done_through = done_through
        outbox.thinned(connection, dropped)
        if count:
            log.warning("meter values dropped, storage short", count=count, in_all=self.thinned)
        return count > 0

    def _groups(self, connection: sqlite3.Connection, head: int) -> list[tuple[str | None, int, int]]:
        """Transactions with more than one droppable row and where those lie, oldest first.

        One pass over all of them before any is thinned a second time.
        """
        groups = connection.execute(
            "SELECT transaction_id, min(id), max(id) FROM outbox WHERE thinnable AND id > ?"
            " GROUP BY transaction_id HAVING count(*) > 1 ORDER BY min(id)",
            (head,),
        ).fetchall()
        later = [group for group in groups if group[1] > self._done_through]
        return later + [group for group in groups if group[1] <= self._done_through]


def _drop_every_second(connection: sqlite3.Connection, group: str | None, *, after: int, first: int, last: int) -> int:
    ids = [
        row
        for (row,) in connection.execute(
            "SELECT id FROM outbox WHERE id BETWEEN ? AND ? AND id > ? AND thinnable AND transaction_id IS ?"
            " ORDER BY id",
            (first, last, after, group),
        )
    ]
    victims = [(row,) for row in ids[:-1:2]]
    connection.executemany("DELETE FROM outbox WHERE id = ?", victims)
    _repack(connection, first=first, last=last)
    return len(victims)


def _repack(connection: sqlite3.Connection, *, first: int, last: int) -> None:
    """Write rows anew: SQLite keeps pages that are a third full, so thinning alone would free none."""
    after = first - 1
    while rows := connection.execute(
        "SELECT id, message_id, kind, transaction_id, thinnable, attempts, body FROM outbox"
        " WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
        (after, last, _CHUNK),
    ).fetchall():
        connection.execute("DELETE FROM outbox WHERE id > ? AND id <= ?", (after, rows[-1][0]))
        connection.executemany("INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        after = rows[-1][0]
