"""What must be true of a life that was lived, from what the CSMS heard, the meter shows and the charger traced."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hil.csms.books import Transaction
from hil.csms.frame import Call
from hil.csms.record import Direction
from hil.csms.registers import moment
from hil.csms.versions import V16
from tests.durability.life import FACTS, Life
from tests.durability.process import REGISTER_WH

STAMP_TOLERANCE = timedelta(milliseconds=2)
"""Messages carry milliseconds, traces microseconds."""
POWER_LOSS = "PowerLoss"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the trace."""

    what: str
    at: datetime
    values: dict[str, Any]


def read_trace(life: Life) -> list[Line]:
    """All that the charger wrote down in its lives."""
    lines = [json.loads(line) for line in life.charger.trace_file.read_text(encoding="utf-8").splitlines()]
    return [Line(line["what"], datetime.fromisoformat(line["at"]), line) for line in lines]


def problems(life: Life) -> list[str]:
    """Every promise that was not kept."""
    trace = read_trace(life)
    return [
        *life.charger.hangs,
        *(f"violation: {each.action} {each.problem}" for each in life.csms.violations),
        *(f"ledger: {each.kind.value}: {each.transaction_id} {each.detail}" for each in life.csms.ledger.findings()),
        *_wrong_resends(life),
        *_wrong_numbers(life),
        *_wrong_registers(life, trace),
        *_untold(life, trace),
        *_unbilled_closings(life, trace),
        *_wrong_ends(life, trace),
    ]


def born_at(trace: list[Line]) -> list[datetime]:
    """When each process of the charger woke."""
    return [line.at for line in trace if line.what == "born"]


def spans_a_kill(transaction: Transaction, births: list[datetime]) -> bool:
    """Whether the charger was started anew while this transaction was open."""
    started_at, ended_at = transaction.started_at, transaction.ended_at
    return started_at is not None and ended_at is not None and any(started_at < at <= ended_at for at in births)


def went_on(transaction: Transaction, births: list[datetime]) -> bool:
    """Whether something was recorded between a restart and the end."""
    started_at, ended_at = transaction.started_at, transaction.ended_at
    if started_at is None or ended_at is None:
        return False
    later = [at for at in births if started_at < at < ended_at]
    return bool(later) and any(later[0] <= at < ended_at for at in recorded_at(transaction))


def recorded_at(transaction: Transaction) -> list[datetime]:
    """When each fact of a transaction was recorded, as it was told."""
    if transaction.subprotocol == V16:
        told = [transaction.started_at, *(reading.at for reading in transaction.readings), transaction.ended_at]
    else:
        told = [moment(payload.get("timestamp")) for payload in transaction.events.values()]
    return [at for at in told if at is not None]


def _wrong_resends(life: Life) -> Iterator[str]:
    """A link may begin with the fact that the one before it ended with; nothing else is told twice."""
    told: dict[str, int] = {}
    last_of_link: dict[int, str] = {}
    for message in life.bench.messages:
        frame = message.frame
        if message.direction is not Direction.IN or not isinstance(frame, Call) or frame.action not in FACTS:
            continue
        words = json.dumps([frame.action, frame.payload], sort_keys=True)
        if words in told:
            earlier = [last_of_link[number] for number in sorted(last_of_link) if number < message.link]
            if message.link in last_of_link or not earlier or earlier[-1] != words:
                yield f"told again on link {message.link} after link {told[words]}: {words[:200]}"
        told[words] = message.link
        last_of_link[message.link] = words


def _wrong_numbers(life: Life) -> Iterator[str]:
    """2.x: seqNo from 0 without a hole, from Started to Ended, in this order on the wire."""
    for transaction in life.csms.ledger.transactions:
        if transaction.subprotocol == V16:
            continue
        if transaction.seq_nos != list(range(len(transaction.seq_nos))):
            yield f"{transaction.transaction_id}: seqNos {transaction.seq_nos}"
        types = [payload.get("eventType") for payload in transaction.events.values()]
        if types[0] != "Started" or types[-1] != "Ended" or set(types[1:-1]) - {"Updated"}:
            yield f"{transaction.transaction_id}: events {types}"


def _wrong_registers(life: Life, trace: list[Line]) -> Iterator[str]:
    """No energy escapes: each transaction begins where the one before it ended, the last ends where the meter is."""
    register_wh: float = REGISTER_WH
    if trace[0].values["register_wh"] != REGISTER_WH:
        yield f"the meter began at {trace[0].values['register_wh']}"
    for transaction in life.csms.ledger.transactions:
        if transaction.begin_wh != register_wh:
            yield f"{transaction.transaction_id} begins at {transaction.begin_wh} Wh, the meter was at {register_wh}"
        if transaction.end_wh is None or transaction.end_wh < register_wh:
            yield f"{transaction.transaction_id} ends at {transaction.end_wh} Wh"
            continue
        register_wh = transaction.end_wh
    if register_wh != life.charger.register_wh():
        yield f"told up to {register_wh} Wh, the meter shows {life.charger.register_wh()}"
    billed_wh = sum(life.csms.ledger.energy_wh(each) or 0 for each in life.csms.ledger.transactions)
    if billed_wh != life.charger.register_wh() - REGISTER_WH:
        yield f"{billed_wh} Wh billed, {life.charger.register_wh() - REGISTER_WH} Wh metered"


def _untold(life: Life, trace: list[Line]) -> Iterator[str]:
    """Every fact that the charger committed has reached the CSMS."""
    told = _told_facts(life)
    for line in trace:
        if line.what != "fact":
            continue
        if life.plan.subprotocol == V16:
            key: tuple[object, ...] | None = _key_16(line)
        else:
            key = (line.values["transaction"], line.values["seq_no"])
        if key is None:
            continue
        at = told.get(key)
        if at is None or abs(at - line.at) > STAMP_TOLERANCE:
            yield f"never told: {line.values}, told is {at}"


def _key_16(line: Line) -> tuple[object, ...] | None:
    """How 1.6 tells a fact; None for one that it has no message for. Meter values carry the time of their reading."""
    match line.values["kind"]:
        case "TransactionStarted":
            return ("StartTransaction", _stamp(line.at))
        case "TransactionEnded":
            return ("StopTransaction", _stamp(line.at))
        case _:
            return None


def _told_facts(life: Life) -> dict[tuple[object, ...], datetime]:
    told: dict[tuple[object, ...], datetime] = {}
    for transaction in life.csms.ledger.transactions:
        for seq_no, payload in transaction.events.items():
            at = moment(payload.get("timestamp"))
            if at is not None:
                told[transaction.transaction_id, seq_no] = at
        if transaction.subprotocol != V16:
            continue
        for action, at in (("StartTransaction", transaction.started_at), ("StopTransaction", transaction.ended_at)):
            if at is not None:
                told[action, _stamp(at)] = at
    return told


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def _unbilled_closings(life: Life, trace: list[Line]) -> Iterator[str]:
    """The contactor closes only within a transaction."""
    spans = [(each.started_at, each.ended_at) for each in life.csms.ledger.transactions]
    for line in trace:
        if line.what != "contactor" or not line.values["closed"]:
            continue
        if not any(begin is not None and end is not None and begin <= line.at <= end for begin, end in spans):
            yield f"contactor closed at {line.at} outside every transaction"


def _wrong_ends(life: Life, trace: list[Line]) -> Iterator[str]:
    """An interrupted transaction ends at the restart, or goes on, as configured."""
    births = born_at(trace)
    for transaction in life.csms.ledger.transactions:
        if not spans_a_kill(transaction, births):
            if transaction.stopped_reason == POWER_LOSS:
                yield f"{transaction.transaction_id} ended by PowerLoss without a kill"
        elif not life.plan.resumes:
            if went_on(transaction, births):
                yield f"{transaction.transaction_id} went on after a kill, though nothing is to be resumed"
        elif transaction.stopped_reason == POWER_LOSS and not _car_left(life, transaction):
            yield f"{transaction.transaction_id} ended by PowerLoss at {transaction.ended_at}, though the car was there"


def _car_left(life: Life, transaction: Transaction) -> bool:
    begin, end = transaction.started_at, transaction.ended_at
    return (
        begin is not None and end is not None and any(begin <= at <= end and not car for at, car in life.charger.cars)
    )
