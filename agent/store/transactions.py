"""What CSMSs said of transactions: 1.6's numbers, and whether the start was answered."""

import sqlite3

from agent.frozen import dataclass

KEPT_FINISHED = 100
"""Finished transactions whose 1.6 number still resolves."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """`id_16` is what StartTransaction.conf assigned; `start_answered`: that CALL was answered, or given up."""

    transaction_id: str
    id_16: int | None = None
    start_answered: bool = False


class Ledger:
    """The table and its copy in memory. `find` and `transaction_of` may be called from any thread."""

    def __init__(self) -> None:
        self._rows: dict[str, LedgerRow] = {}
        self._by_id_16: dict[int, str] = {}

    def load(self, connection: sqlite3.Connection) -> None:
        """Read all rows: those under way and the last finished ones."""
        found = connection.execute(
            "SELECT transaction_id, id_16, start_answered FROM transactions ORDER BY finished IS NULL, finished"
        )
        rows = {key: LedgerRow(key, id_16, bool(answered)) for key, id_16, answered in found}
        self._by_id_16 = {row.id_16: key for key, row in rows.items() if row.id_16 is not None}
        self._rows = rows

    def find(self, transaction_id: str) -> LedgerRow:
        """Its row; an empty one where nothing is known."""
        return self._rows.get(transaction_id) or LedgerRow(transaction_id)

    def transaction_of(self, id_16: int) -> str | None:
        """The transaction that a 1.6 CSMS calls by this number."""
        return self._by_id_16.get(id_16)

    def learn(
        self, connection: sqlite3.Connection, transaction_id: str, *, id_16: int | None, start_answered: bool
    ) -> LedgerRow | None:
        """Store news within the open transaction; hand the result to `learned` once it is committed."""
        old = self.find(transaction_id)
        new = LedgerRow(
            transaction_id=transaction_id,
            id_16=old.id_16 if id_16 is None else id_16,
            start_answered=old.start_answered or start_answered,
        )
        if new == old:
            return None
        connection.execute(
            "INSERT INTO transactions (transaction_id, id_16, start_answered) VALUES (?, ?, ?)"
            " ON CONFLICT (transaction_id) DO UPDATE SET"
            " id_16 = excluded.id_16, start_answered = excluded.start_answered",
            (new.transaction_id, new.id_16, new.start_answered),
        )
        return new

    def learned(self, row: LedgerRow | None) -> None:
        """This row is committed."""
        if row is not None:
            self._rows[row.transaction_id] = row
            if row.id_16 is not None:
                self._by_id_16[row.id_16] = row.transaction_id

    def finish(self, connection: sqlite3.Connection, transaction_id: str, *, row_id: int) -> list[str]:
        """The CSMS knows of the end; returns whose rows were dropped for it, for `dropped`."""
        changed = connection.execute(
            "UPDATE transactions SET finished = ? WHERE transaction_id = ?", (row_id, transaction_id)
        ).rowcount
        if not changed:
            return []
        old = [
            key
            for (key,) in connection.execute(
                "SELECT transaction_id FROM transactions WHERE finished IS NOT NULL"
                " ORDER BY finished DESC LIMIT -1 OFFSET ?",
                (KEPT_FINISHED,),
            )
        ]
        connection.executemany("DELETE FROM transactions WHERE transaction_id = ?", [(key,) for key in old])
        return old

    def dropped(self, transaction_ids: list[str]) -> None:
        """These rows' removal is committed."""
        for key in transaction_ids:
            row = self._rows.pop(key, None)
            if row is not None and row.id_16 is not None and self._by_id_16.get(row.id_16) == key:
                del self._by_id_16[row.id_16]
