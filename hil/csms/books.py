"""The ledger's memory: transactions, register values, re-sends and what does not add up. Pure data."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from hil.csms.frame import Payload
from hil.csms.registers import Reading


class Kind(StrEnum):
    """What kind of thing does not add up."""

    SEQ_GAP = "seqNo missing"
    DUPLICATE_DIFFERS = "the same message again with other content"
    ORDER_INVERSION = "came after a later one"
    CLOCK_BACKWARDS = "timestamp before that of the message before it"
    REGISTER_BACKWARDS = "register went backwards"
    UNKNOWN_TRANSACTION = "values for a transaction nobody started"
    AFTER_END = "told after the transaction's end"
    NEVER_STARTED = "transaction without a start"
    STOP_OF_UNKNOWN = "end of a transaction nobody started"
    WRONG_EVSE = "told of another EVSE than it started on"
    START_WHILE_OPEN = "start while another transaction is open there"
    STILL_OPEN = "transaction has no end"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not add up."""

    kind: Kind
    station: str
    transaction_id: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Resend:
    """A message told a second time, word for word."""

    station: str
    action: str
    transaction_id: str | None


@dataclass(slots=True)
class Transaction:
    """One transaction as it was told. `evse` is the connector's number in 1.6; registers in Wh."""

    station: str
    subprotocol: str
    transaction_id: str
    evse: int | None = None
    connector: int | None = None
    id_token: str | None = field(default=None, repr=False)
    started: bool = False
    ended: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None
    begin_wh: float | None = None
    end_wh: float | None = None
    readings: list[Reading] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    stopped_reason: str | None = None
    events: dict[int, Payload] = field(default_factory=dict, repr=False)
    last_at: datetime | None = None

    @property
    def seq_nos(self) -> list[int]:
        """2.x sequence numbers in order of arrival."""
        return list(self.events)

    @property
    def is_open(self) -> bool:
        """Started and not ended."""
        return self.started and not self.ended


@dataclass(frozen=True, slots=True)
class Point:
    """A register value of one EVSE at one time."""

    at: datetime
    wh: float
    transaction_id: str | None


@dataclass(slots=True)
class Books:
    """The ledger's memory, written by the readers of each version."""

    transactions: dict[tuple[str, str], Transaction] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)
    resends: list[Resend] = field(default_factory=list)
    points: dict[tuple[str, int], list[Point]] = field(default_factory=dict)
    seen: dict[tuple[object, ...], Payload] = field(default_factory=dict)
    next_transaction_id: int = 1

    def note(self, kind: Kind, station: str, transaction_id: str | None, detail: str) -> None:
        """Write down one thing that does not add up."""
        self.found.append(Finding(kind, station, transaction_id, detail))

    def add_points(self, station: str, evse: int | None, readings: list[Reading], transaction_id: str | None) -> None:
        """Keep register values for the check over the whole EVSE."""
        if evse is None:
            return
        kept = self.points.setdefault((station, evse), [])
        kept.extend(
            Point(reading.at, reading.register_wh, transaction_id)
            for reading in readings
            if reading.at is not None and reading.register_wh is not None
        )

    def note_open(self, starting: Transaction) -> None:
        """Note the transactions still open where one starts."""
        for other in self.transactions.values():
            same_place = other.station == starting.station and other.evse == starting.evse
            if other is not starting and same_place and starting.evse is not None and other.is_open:
                detail = f"EVSE {starting.evse}: {other.transaction_id} is open"
                self.note(Kind.START_WHILE_OPEN, starting.station, starting.transaction_id, detail)

    def follow(self, transaction: Transaction, at: datetime | None) -> None:
        """Move the transaction's time on; a step back is a finding."""
        if at is None:
            return
        if transaction.last_at is not None and at < transaction.last_at:
            detail = f"{at} after {transaction.last_at}"
            self.note(Kind.CLOCK_BACKWARDS, transaction.station, transaction.transaction_id, detail)
        transaction.last_at = at

    def is_repeat(self, key: tuple[object, ...], payload: Payload, *, transaction_id: str | None) -> bool:
        """Whether this key was told before; the same words are a re-send, other words a finding."""
        known = self.seen.get(key)
        if known is None:
            self.seen[key] = payload
            return False
        station, action = str(key[0]), str(key[1])
        if known == payload:
            self.resends.append(Resend(station, action, transaction_id))
        else:
            self.note(Kind.DUPLICATE_DIFFERS, station, transaction_id, f"{action} {key[2:]}")
        return True


# (books, station, subprotocol, payload, reply): enters one call into the books.
Reader: TypeAlias = Callable[[Books, str, str, Payload, Payload], None]
