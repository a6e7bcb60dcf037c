"""The ledger: what the stations told about transactions and energy, and what does not add up.

Pure: messages in, findings out; no clock, no I/O. Identical re-sends are counted apart (`resends`):
after a lost answer they are right.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from hil.csms import ledger_v16, ledger_v201
from hil.csms.books import Books, Finding, Kind, Point, Reader, Resend, Transaction
from hil.csms.frame import Payload
from hil.csms.versions import V16, V21, V201

READERS: Final[Mapping[str, Mapping[str, Reader]]] = {
    V16: ledger_v16.READERS,
    V201: ledger_v201.READERS,
    V21: ledger_v201.READERS,
}


class Ledger:
    """Reads what stations tell and keeps the accounts; `first_transaction_id` is where 1.6 ids start."""

    def __init__(self, *, first_transaction_id: int = 1) -> None:
        self._books = Books(next_transaction_id=first_transaction_id)

    def told(self, station: str, subprotocol: str, action: str, payload: Payload, *, reply: Payload) -> None:
        """Enter one call that the CSMS took, with the answer it decided on (sent or lost)."""
        reader = READERS.get(subprotocol, {}).get(action)
        if reader is not None:
            reader(self._books, station, subprotocol, payload, reply)

    def assign_transaction_id(self, station: str, payload: Payload) -> int:
        """The 1.6 transactionId for a StartTransaction: the one already given to the same words, or the next."""
        known = ledger_v16.assigned_before(self._books, station, payload)
        if known is not None:
            return known
        number = self._books.next_transaction_id
        self._books.next_transaction_id = number + 1
        return number

    @property
    def transactions(self) -> list[Transaction]:
        """All transactions in the order they were first told of."""
        return list(self._books.transactions.values())

    @property
    def resends(self) -> list[Resend]:
        """Messages told again word for word."""
        return list(self._books.resends)

    def transaction(self, station: str, transaction_id: str | int) -> Transaction | None:
        """One transaction, or None."""
        return self._books.transactions.get((station, str(transaction_id)))

    def energy_wh(self, transaction: Transaction) -> float | None:
        """End register minus begin register, in Wh; None while one of them is missing."""
        if transaction.begin_wh is None or transaction.end_wh is None:
            return None
        return transaction.end_wh - transaction.begin_wh

    def findings(self, *, open_is_a_finding: bool = True) -> list[Finding]:
        """All that does not add up so far; an empty list is what a test asserts."""
        found = list(self._books.found)
        for transaction in self.transactions:
            found += _incomplete(transaction)
            if open_is_a_finding and transaction.is_open:
                found.append(_finding(Kind.STILL_OPEN, transaction, ""))
        for (station, evse), points in self._books.points.items():
            found += _backwards(station, evse, points)
        return found


def _incomplete(transaction: Transaction) -> list[Finding]:
    found = []
    if not transaction.started:
        found.append(_finding(Kind.NEVER_STARTED, transaction, f"seqNos {sorted(transaction.events)}"))
    if transaction.events:
        numbers = sorted(transaction.events)
        missing = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
        if missing:
            found.append(_finding(Kind.SEQ_GAP, transaction, ", ".join(str(number) for number in missing)))
    return found


def _backwards(station: str, evse: int, points: list[Point]) -> list[Finding]:
    found = []
    in_time = sorted(points, key=lambda point: (point.at, point.wh))
    for before, after in pairwise(in_time):
        if after.wh < before.wh:
            detail = f"EVSE {evse}: {before.wh} Wh at {before.at}, {after.wh} Wh at {after.at}"
            found.append(Finding(Kind.REGISTER_BACKWARDS, station, after.transaction_id, detail))
    return found


def _finding(kind: Kind, transaction: Transaction, detail: str) -> Finding:
    return Finding(kind, transaction.station, transaction.transaction_id, detail)
