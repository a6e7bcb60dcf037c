"""Everything that must outlive a power cut, behind one door.

    store = await Store.open("/var/lib/evse-agent/agent.db")
    await store.commit(Changes(records={"evse/1": record}, facts=[fact], moment=clock.now()))

Every method that changes something returns once the change is on the disk. Errors: StoreFull, StoreError.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.clock import Moment
from agent.errors import StoreError, StoreFull
from agent.frozen import dataclass
from agent.log import get_logger
from agent.station.commands import SendLocalList
from agent.station.device_model import VariableKey
from agent.station.facts import Fact, TransactionEnded, TransactionStarted, TransactionUpdated
from agent.station.id_token import IdToken, KnownToken, TokenInfo
from agent.store import outbox, tokens
from agent.store.boots import Boots
from agent.store.database import Database, is_full, pages_used, transaction
from agent.store.fault_history import PastFault, read_faults, write_faults
from agent.store.outbox import DeadLetter, Encoded, Outbox, OutboxRow
from agent.store.station_state import StationRecords
from agent.store.thinning import Thinning
from agent.store.tokens import Tokens
from agent.store.transactions import Ledger, LedgerRow
from agent.store.variables import read_variables, write_variables

log = get_logger(__name__)

DATABASE = "agent.db"
"""The file's name in the data directory."""
CACHE_LIMIT = 1000
"""Tokens kept in the authorization cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What one step of the station changed: stored all together, or not at all."""

    moment: Moment
    records: Mapping[str, object] | None = None
    """Durable state by key, such as `evse/1`."""
    facts: Sequence[Fact] = ()
    variables: Sequence[tuple[VariableKey, str]] = ()
    cached_tokens: Sequence[tuple[IdToken, TokenInfo]] = ()
    forget_cache: bool = False
    """Empty the authorization cache before `cached_tokens` are remembered."""
    local_list: SendLocalList | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing to store."""
        return not (
            self.records
            or self.facts
            or self.variables
            or self.cached_tokens
            or self.forget_cache
            or self.local_list is not None
        )

    @property
    def may_use_reserve(self) -> bool:
        """Whether this must still fit when storage is short: what ends a transaction, or keeps one billable.

        A new transaction, plain meter values and a new local list must not take the room the ends will need.
        """
        if self.local_list is not None or any(isinstance(fact, TransactionStarted) for fact in self.facts):
            return False
        return not self.facts or any(isinstance(fact, TransactionUpdated | TransactionEnded) for fact in self.facts)


class Store:
    """The agent's memory. One instance a process; made by `open`."""

    def __init__(self, database: Database, *, cache_limit: int) -> None:
        self._database = database
        self._outbox = Outbox()
        self._ledger = Ledger()
        self._boots = Boots()
        self._records = StationRecords()
        self._tokens = Tokens(cache_limit=cache_limit)
        self._thinning = Thinning()
        self._thinning_helps = True

    @classmethod
    async def open(cls, path: Path | str, *, max_mb: int = 64, cache_limit: int = CACHE_LIMIT) -> "Store":
        """Open the database file at `path`, made with its directory where it does not exist.

        A damaged one is set aside and kept (`damaged`). Raises StoreError.
        """
        database = Database(Path(path), max_mb=max_mb)
        store = cls(database, cache_limit=cache_limit)
        await database.open(store._load)
        return store

    async def close(self) -> None:
        """Finish what was asked for, then close the file."""
        try:
            if self._outbox.has_settled:
                await self._database.run(self._outbox.flush)
        except StoreError as error:
            log.warning("a told meter value stays queued", cause=error)  # it will be told once more
        finally:
            await self._database.close()

    @property
    def damaged(self) -> Path | None:
        """Where a damaged database was put when this one was opened."""
        return self._database.damaged

    @property
    def thinned(self) -> int:
        """Meter values dropped for want of room, over the life of the database."""
        return self._thinning.thinned

    async def commit(self, changes: Changes) -> None:
        """Store all of it in one transaction; nothing of it where this raises StoreFull or StoreError."""
        if not changes.is_empty:
            await self._database.run(lambda connection: self._commit(connection, changes))

    async def load_records(self, types: Mapping[str, Any]) -> dict[str, object]:
        """Durable state by key; `types` maps a key, or what precedes its slash, to the dataclass."""
        return await self._database.run(lambda connection: self._records.read(connection, types))

    async def load_variables(self) -> dict[VariableKey, str]:
        """Values that were set."""
        return await self._database.run(read_variables)

    async def known(self, token: IdToken, *, now: datetime, lifetime_s: float | None = None) -> KnownToken:
        """What the local list and the cache say of a token; `lifetime_s` is AuthCacheCtrlr.LifeTime."""
        return await self._database.run(
            lambda connection: self._tokens.known(connection, token, now=now, lifetime_s=lifetime_s)
        )

    async def local_list_version(self) -> int:
        """Version of the stored local list; 0 where none was ever stored."""
        return await self._database.run(tokens.list_version)

    async def local_list_size(self) -> int:
        """How many tokens the local list holds."""
        return await self._database.run(tokens.list_size)

    async def head(self) -> OutboxRow | None:
        """The fact to be sent next; costs nothing."""
        return self._outbox.head

    async def acknowledge(
        self, row: OutboxRow, *, id_16: int | None = None, start_answered: bool = False
    ) -> OutboxRow | None:
        """The CSMS has this fact; returns the next one. `id_16`, `start_answered`: news for the ledger.

        A meter value with nothing behind it is deleted by the next commit only.
        """
        has_news = id_16 is not None or start_answered
        if not has_news and self._database.is_idle and self._outbox.settle_later(row):
            return None
        return await self._database.run(
            lambda connection: self._settle(connection, row, why=None, id_16=id_16, start_answered=start_answered)
        )

    async def give_up(self, row: OutboxRow, why: str, *, start_answered: bool = False) -> OutboxRow | None:
        """No further attempt: to the dead letters with it (2.0.1 E13.FR.04); returns the next one."""
        return await self._database.run(
            lambda connection: self._settle(connection, row, why=why, id_16=None, start_answered=start_answered)
        )

    async def failed(self, row: OutboxRow) -> int:
        """Count a failed attempt; returns how many there were."""
        return await self._database.run(lambda connection: self._outbox.failed(connection, row))

    async def mark_offline(self, *, head_in_flight: bool = False) -> None:
        """The link was lost: every queued fact is told as offline; not the head if its answer may still come."""
        await self._database.run(
            lambda connection: self._outbox.mark_offline(connection, head_in_flight=head_in_flight)
        )

    async def depth(self) -> int:
        """How many facts are queued."""
        return self._outbox.depth

    @property
    def queued(self) -> int:
        """The same, for those who cannot wait."""
        return self._outbox.depth

    @property
    def dead_letter_count(self) -> int:
        """How many facts were given up and are kept."""
        return self._outbox.dead

    async def listing(self, limit: int) -> list[OutboxRow]:
        """The first `limit` queued facts, head first."""
        return await self._database.run(lambda connection: self._outbox.listing(connection, limit))

    async def dead_letters(self, limit: int) -> list[DeadLetter]:
        """The last `limit` facts that were given up, oldest first."""
        return await self._database.run(lambda connection: outbox.dead_letters(connection, limit))

    async def faults(self, limit: int) -> list[PastFault]:
        """The last `limit` faults, the newest first."""
        return await self._database.run(lambda connection: read_faults(connection, limit))

    async def queued_transactions(self) -> frozenset[str]:
        """Transactions of which the CSMS has yet to hear something (2.0.1 E14.FR.04)."""
        return await self._database.run(lambda _: self._outbox.queued_transactions())

    async def ledger(self, transaction_id: str) -> LedgerRow:
        """What CSMSs said of a transaction; an empty row where they said nothing. Costs nothing."""
        return self._ledger.find(transaction_id)

    async def transaction_of(self, id_16: int) -> str | None:
        """The transaction that a 1.6 CSMS calls by this number. Costs nothing."""
        return self._ledger.transaction_of(id_16)

    async def remember_boot(self, boot: str, offset_s: float) -> None:
        """The clock is known: in this boot UTC (seconds since 1970) is the monotonic clock plus `offset_s`."""
        await self._database.run(lambda connection: self._boots.remember(connection, boot, offset_s))

    def mend(self, moment: Moment) -> datetime:
        """UTC of a stamp, worked out from its boot where it was made before the clock was known."""
        return self._boots.mend(moment)

    def _load(self, connection: sqlite3.Connection) -> None:
        self._outbox.load(connection)
        self._ledger.load(connection)
        self._boots.load(connection)
        self._thinning.load(connection)

    def _commit(self, connection: sqlite3.Connection, changes: Changes) -> None:
        facts = [outbox.encode(fact) for fact in changes.facts]
        records = self._records.encode(changes.records or {})
        rows = None
        while rows is None:
            try:
                rows = self._write(connection, changes, facts=facts, records=records)
            except (StoreFull, sqlite3.OperationalError) as error:
                if not (isinstance(error, StoreFull) or is_full(error)):
                    raise
                self._make_room(connection, error)
        self._thinning_helps = True
        self._outbox.recorded(rows)
        self._tokens.cache_written()

    def _write(
        self,
        connection: sqlite3.Connection,
        changes: Changes,
        *,
        facts: list[Encoded],
        records: list[tuple[str, str]],
    ) -> list[OutboxRow]:
        budget = self._database.budget
        limit = budget.total if changes.may_use_reserve else budget.reserved_from
        with transaction(connection):
            rows = self._outbox.insert(connection, facts)
            self._records.write(connection, records)
            write_faults(connection, changes.facts)
            if changes.variables:
                write_variables(connection, changes.variables)
            self._tokens.write_cache(
                connection, changes.cached_tokens, forget=changes.forget_cache, now=changes.moment.wall
            )
            if changes.local_list is not None:
                self._tokens.write_list(connection, changes.local_list)
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            if pages > limit and pages_used(connection) > limit:
                raise StoreFull("the storage budget is used up")
        return rows

    def _make_room(self, connection: sqlite3.Connection, error: Exception) -> None:
        """Drop meter values, or raise StoreFull where that is no help."""
        by_budget = isinstance(error, StoreFull)
        # A disk that others filled gains nothing by our dropping more and more.
        if not by_budget and not self._thinning_helps:
            raise StoreFull("the disk is full") from error
        self._thinning_helps = by_budget
        try:
            made = self._thinning.make_room(connection, self._outbox, self._database.budget)
        except sqlite3.OperationalError as failure:
            raise (StoreFull if is_full(failure) else StoreError)(f"no room can be made: {failure}") from failure
        if not made:
            raise StoreFull("storage is used up, and nothing may be dropped") from error

    def _settle(
        self,
        connection: sqlite3.Connection,
        row: OutboxRow,
        *,
        why: str | None,
        id_16: int | None,
        start_answered: bool,
    ) -> OutboxRow | None:
        """Take a fact out of the queue, for good or (`why`) to the dead letters; the next one."""
        transaction_id = row.fact.transaction_id
        news, dropped = None, []
        with transaction(connection):
            if why is None:
                gone = self._outbox.delete(connection, row)
            else:
                gone = self._outbox.bury(connection, row.id, why=why)
            if transaction_id is not None and (id_16 is not None or start_answered):
                news = self._ledger.learn(connection, transaction_id, id_16=id_16, start_answered=start_answered)
            if isinstance(row.fact, TransactionEnded):
                dropped = self._ledger.finish(connection, row.fact.transaction_id, row_id=row.id)
        self._ledger.learned(news)
        self._ledger.dropped(dropped)
        if gone:
            self._outbox.deleted(connection, row)
        if why is not None:
            self._outbox.count_dead(connection)
        return self._outbox.head
