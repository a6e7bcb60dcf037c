"""Facts on their way to the CSMS, in order of record.

Runs on the writer's thread. The next rows are kept in memory: while the CSMS keeps up, a fact that is
committed is sent without ever being read or decoded again.
"""

import sqlite3
import uuid
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from agent.frozen import dataclass
from agent.log import get_logger
from agent.station.facts import EnergySampled, Fact, IdleMeterSampled, TransactionFact, Trigger
from agent.store.codec import Codec, CodecError
from agent.store.counters import read_counter, write_counter
from agent.store.database import transaction

log = get_logger(__name__)

FACT = Codec(Fact)
AHEAD = 32
"""Rows kept decoded in memory, about 2 KiB each."""
MAX_DEAD_SAMPLES = 500
"""Meter values that were given up are interesting for a while only."""

_COLUMNS = "id, message_id, attempts, body"
_Raw = tuple[int, str, int, str]


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A queued fact. `id` is the order of record; `message_id` was fixed then, so every attempt carries the same.

    `attempts` counts failed ones. `offline`: it waited through a loss of link, and `fact` says so as well.
    """

    id: int
    message_id: str
    fact: Fact
    attempts: int = 0
    offline: bool = False


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A fact that was given up; `fact` is None where it can no longer be read."""

    id: int
    message_id: str
    kind: str
    transaction_id: str | None
    attempts: int
    why: str
    fact: Fact | None


@dataclass(frozen=True, slots=True)
class Encoded:
    """A fact ready to be stored."""

    message_id: str
    fact: Fact
    body: str


def encode(fact: Fact) -> Encoded:
    """Do the costly part before the transaction begins."""
    return Encoded(message_id=str(uuid.uuid4()), fact=fact, body=FACT.encode(fact))


def is_thinnable(fact: Fact) -> bool:
    """Whether storage may drop it: meter values only, and never signed ones (2.0.1 E04.FR.07, E04.FR.10)."""
    match fact:
        case EnergySampled():
            return fact.trigger is not Trigger.SIGNED_DATA_RECEIVED
        case IdleMeterSampled():
            return True
        case _:
            return False


def is_sample(fact: Fact) -> bool:
    """Whether it is a meter value and nothing else."""
    return isinstance(fact, EnergySampled | IdleMeterSampled)


class Outbox:
    """The queue's table and its part in memory. `head`, `depth` may be read from any thread."""

    def __init__(self) -> None:
        self.head: OutboxRow | None = None
        self.depth = 0
        self.dead = 0
        """Rows among the dead letters."""
        self._ahead: deque[OutboxRow] = deque()
        self._settled: int | None = None
        """The one row that was told and is yet to be deleted; while there is one, nothing is queued."""
        self._next_id = 1
        self._offline_through = 0
        self._offline_except = 0
        self._by_transaction: Counter[str | None] = Counter()

    def load(self, connection: sqlite3.Connection) -> None:
        """Read what was queued when the process ended."""
        self.load_counts(connection)
        self.forget_ahead(connection)

    def load_counts(self, connection: sqlite3.Connection) -> None:
        """Read how much is queued, and the marks; changes nothing."""
        self._by_transaction = Counter(
            dict(connection.execute("SELECT transaction_id, count(*) FROM outbox GROUP BY transaction_id"))
        )
        self.depth = self._by_transaction.total()
        self.count_dead(connection)
        (last,) = connection.execute(
            "SELECT max(coalesce((SELECT max(id) FROM outbox), 0), coalesce((SELECT max(id) FROM dead_letters), 0),"
            " coalesce((SELECT max(finished) FROM transactions), 0))"
        ).fetchone()
        self._offline_through = read_counter(connection, "offline_through")
        self._offline_except = read_counter(connection, "offline_except")
        # Ids go on after a mark, even where the rows it was made for are gone.
        self._next_id = max(last, self._offline_through) + 1

    def count_dead(self, connection: sqlite3.Connection) -> None:
        """Read how many were given up; after each change of that table."""
        (self.dead,) = connection.execute("SELECT count(*) FROM dead_letters").fetchone()

    def insert(self, connection: sqlite3.Connection, facts: Sequence[Encoded]) -> list[OutboxRow]:
        """Queue facts within the open transaction; `recorded` makes them visible once it is committed."""
        self._delete_settled(connection)
        rows = [
            OutboxRow(id=number, message_id=each.message_id, fact=each.fact, offline=is_offline(each.fact))
            for number, each in enumerate(facts, start=self._next_id)
        ]
        connection.executemany(
            "INSERT INTO outbox (id, message_id, kind, transaction_id, thinnable, attempts, body)"
            " VALUES (?, ?, ?, ?, ?, 0, ?)",
            [
                (
                    row.id,
                    row.message_id,
                    type(row.fact).__name__,
                    row.fact.transaction_id,
                    is_thinnable(row.fact),
                    each.body,
                )
                for row, each in zip(rows, facts, strict=True)
            ],
        )
        return rows

    def recorded(self, rows: Iterable[OutboxRow]) -> None:
        """These rows are committed."""
        self._settled = None
        for row in rows:
            if self.depth == len(self._ahead) < AHEAD:
                self._ahead.append(row)
            self.depth += 1
            self._by_transaction[row.fact.transaction_id] += 1
            self._next_id = row.id + 1
        self.head = self._ahead[0] if self._ahead else None

    def delete(self, connection: sqlite3.Connection, row: OutboxRow) -> bool:
        """Remove a row within the open transaction; false where it is gone already."""
        return connection.execute("DELETE FROM outbox WHERE id = ?", (row.id,)).rowcount > 0

    def deleted(self, connection: sqlite3.Connection, row: OutboxRow) -> None:
        """This row's removal is committed."""
        self._uncount(row.fact.transaction_id, 1)
        if self._ahead and self._ahead[0].id == row.id:
            self._ahead.popleft()
            self._fill(connection)
        else:
            self.forget_ahead(connection)

    def settle_later(self, row: OutboxRow) -> bool:
        """Take the only queued row out of memory and delete it with the next commit; false where that may not be.

        Saves a meter value its second commit. A power cut before the next one has a meter value told again, once: what
        follows it cannot be told before it is recorded. Call it only while nothing runs on the writer's thread.
        """
        if not is_sample(row.fact) or self.depth != 1 or self.head is None or self.head.id != row.id:
            return False
        self._uncount(row.fact.transaction_id, 1)
        self._ahead.clear()
        self.head = None
        self._settled = row.id
        return True

    @property
    def has_settled(self) -> bool:
        """Whether a row that was told is yet to be deleted."""
        return self._settled is not None

    def flush(self, connection: sqlite3.Connection) -> None:
        """Delete what `settle_later` left."""
        if self._settled is not None:
            with transaction(connection):
                self._delete_settled(connection)
            self._settled = None

    def _delete_settled(self, connection: sqlite3.Connection) -> None:
        if self._settled is not None:
            connection.execute("DELETE FROM outbox WHERE id = ?", (self._settled,))

    def forget_ahead(self, connection: sqlite3.Connection) -> None:
        """Read the next rows anew."""
        self._ahead.clear()
        self._fill(connection)

    def thinned(self, connection: sqlite3.Connection, dropped: Counter[str | None]) -> None:
        """So many rows of these transactions were dropped, and it is committed."""
        for transaction_id, count in dropped.items():
            self._uncount(transaction_id, count)
        self.count_dead(connection)
        self.forget_ahead(connection)

    def failed(self, connection: sqlite3.Connection, row: OutboxRow) -> int:
        """Count a failed attempt; how many there were."""
        with transaction(connection):
            connection.execute("UPDATE outbox SET attempts = attempts + 1 WHERE id = ?", (row.id,))
        self.forget_ahead(connection)
        found = connection.execute("SELECT attempts FROM outbox WHERE id = ?", (row.id,)).fetchone()
        return row.attempts + 1 if found is None else int(found[0])

    def bury(self, connection: sqlite3.Connection, row_id: int, *, why: str) -> bool:
        """Move a row to the dead letters within the open transaction; false where it is gone already."""
        moved = connection.execute(
            "INSERT INTO dead_letters (id, message_id, kind, transaction_id, thinnable, attempts, body, why)"
            " SELECT id, message_id, kind, transaction_id, thinnable, attempts, body, ? FROM outbox WHERE id = ?",
            # A vendor's description may hold what SQLite's UTF-8 cannot.
            (why.encode("utf-8", "replace").decode("utf-8"), row_id),
        ).rowcount
        connection.execute("DELETE FROM outbox WHERE id = ?", (row_id,))
        connection.execute(
            "DELETE FROM dead_letters WHERE thinnable AND id <="
            " (SELECT id FROM dead_letters WHERE thinnable ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (MAX_DEAD_SAMPLES,),
        )
        return moved > 0

    def mark_offline(self, connection: sqlite3.Connection, *, head_in_flight: bool) -> None:
        """Every queued row waited through a loss of link (2.0.1 E11.FR.07); one mark, however long the queue."""
        self.flush(connection)
        spared = self.head.id if head_in_flight and self.head is not None and not self.head.offline else 0
        through = self._next_id - 1
        if (through, spared) == (self._offline_through, self._offline_except):
            return
        with transaction(connection):
            write_counter(connection, "offline_through", through)
            write_counter(connection, "offline_except", spared)
        self._offline_through, self._offline_except = through, spared
        self.forget_ahead(connection)

    def listing(self, connection: sqlite3.Connection, limit: int) -> list[OutboxRow]:
        """The next rows, head first; rows that cannot be read are left out."""
        rows: list[OutboxRow] = []
        if not self.depth:
            return rows
        for raw in connection.execute(f"SELECT {_COLUMNS} FROM outbox ORDER BY id LIMIT ?", (limit,)):  # noqa: S608  constants only
            try:
                rows.append(self._row(raw))
            except CodecError:
                continue
        return rows

    def queued_transactions(self) -> frozenset[str]:
        """Transactions with facts in the queue."""
        return frozenset(each for each in self._by_transaction if each is not None)

    def _uncount(self, transaction_id: str | None, count: int) -> None:
        self.depth -= count
        self._by_transaction[transaction_id] -= count
        if self._by_transaction[transaction_id] <= 0:
            del self._by_transaction[transaction_id]

    def _fill(self, connection: sqlite3.Connection) -> None:
        while not self._ahead and self.depth:
            raws = connection.execute(f"SELECT {_COLUMNS} FROM outbox ORDER BY id LIMIT ?", (AHEAD,)).fetchall()  # noqa: S608  constants only
            if not raws:
                break
            for raw in raws:
                try:
                    self._ahead.append(self._row(raw))
                except CodecError as error:
                    if not self._ahead:
                        self._bury_unreadable(connection, raw[0], error)
                    break
        self.head = self._ahead[0] if self._ahead else None

    def _bury_unreadable(self, connection: sqlite3.Connection, row_id: int, error: CodecError) -> None:
        """A row that no release of this agent can read must not hold up those behind it."""
        with transaction(connection):
            found = connection.execute("SELECT transaction_id FROM outbox WHERE id = ?", (row_id,)).fetchone()
            self.bury(connection, row_id, why=str(error))
        self._uncount(found[0], 1)
        log.error("queued fact cannot be read, moved to the dead letters", row=row_id, cause=error)  # noqa: TRY400  EventLogger's own error()

    def _row(self, raw: _Raw) -> OutboxRow:
        number, message_id, attempts, body = raw
        fact: Fact = FACT.decode(body)
        offline = is_offline(fact)
        if not offline and number <= self._offline_through and number != self._offline_except:
            offline = True
            if isinstance(fact, TransactionFact):
                fact = replace(fact, offline=True)
        return OutboxRow(id=number, message_id=message_id, fact=fact, attempts=attempts, offline=offline)


def is_offline(fact: Fact) -> bool:
    """Whether the fact was recorded without a link."""
    return isinstance(fact, TransactionFact) and fact.offline


def dead_letters(connection: sqlite3.Connection, limit: int) -> list[DeadLetter]:
    """The newest facts that were given up, oldest first."""
    letters = []
    for number, message_id, kind, transaction_id, attempts, why, body in connection.execute(
        "SELECT id, message_id, kind, transaction_id, attempts, why, body FROM dead_letters ORDER BY id DESC LIMIT ?",
        (limit,),
    ):
        try:
            fact: Fact | None = FACT.decode(body)
        except CodecError:
            fact = None
        letters.append(
            DeadLetter(
                id=number,
                message_id=message_id,
                kind=kind,
                transaction_id=transaction_id,
                attempts=attempts,
                why=why,
                fact=fact,
            )
        )
    return letters[::-1]
