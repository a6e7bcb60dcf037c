"""Entering 2.x messages into the books."""

from collections.abc import Mapping
from typing import Final

from hil.csms.books import Books, Kind, Reader, Transaction
from hil.csms.frame import Payload
from hil.csms.registers import Reading, moment, readings_2


def transaction_event(books: Books, station: str, subprotocol: str, payload: Payload, _reply: Payload) -> None:
    """Enter a TransactionEvent under the station's transactionId."""
    number = str(payload["transactionInfo"]["transactionId"])
    seq_no = int(payload["seqNo"])
    if books.is_repeat((station, "TransactionEvent", number, seq_no), payload, transaction_id=number):
        return
    transaction = books.transactions.get((station, number))
    if transaction is None:
        transaction = Transaction(station=station, subprotocol=subprotocol, transaction_id=number)
        books.transactions[station, number] = transaction
    _check_order(books, transaction, payload, seq_no=seq_no)
    transaction.events[seq_no] = payload
    _enter_parties(transaction, payload)
    at = moment(payload.get("timestamp"))
    readings = readings_2(payload.get("meterValue", ()))
    transaction.readings += readings
    books.add_points(station, transaction.evse, readings, number)
    transaction.reasons.append(str(payload.get("triggerReason")))
    match payload.get("eventType"):
        case "Started":
            books.note_open(transaction)
            transaction.started = True
            transaction.started_at = at
            transaction.begin_wh = _register(readings, context="Transaction.Begin", newest=False)
        case "Ended":
            transaction.ended = True
            transaction.ended_at = at
            transaction.end_wh = _register(readings, context="Transaction.End", newest=True)
            # TransactionType.stoppedReason: absent means Local.
            transaction.stopped_reason = payload["transactionInfo"].get("stoppedReason", "Local")
        case _:
            pass


def meter_values(books: Books, station: str, _subprotocol: str, payload: Payload, _reply: Payload) -> None:
    """Enter MeterValues, which in 2.x belong to no transaction."""
    books.add_points(station, payload.get("evseId"), readings_2(payload.get("meterValue", ())), None)


def _check_order(books: Books, transaction: Transaction, payload: Payload, *, seq_no: int) -> None:
    station, number = transaction.station, transaction.transaction_id
    told = f"seqNo {seq_no} {payload.get('eventType')}"
    if payload.get("eventType") == "Started" and transaction.started:
        books.note(Kind.DUPLICATE_DIFFERS, station, number, f"a second start, {told}")
    if payload.get("eventType") == "Started" and not transaction.started and transaction.events:
        books.note(Kind.ORDER_INVERSION, station, number, f"{told} is not the first")
    elif transaction.events and seq_no < max(transaction.events):
        books.note(Kind.ORDER_INVERSION, station, number, f"{told} after seqNo {max(transaction.events)}")
    elif transaction.ended:
        books.note(Kind.AFTER_END, station, number, told)
    else:
        books.follow(transaction, moment(payload.get("timestamp")))


def _enter_parties(transaction: Transaction, payload: Payload) -> None:
    evse = payload.get("evse")
    if evse is not None:
        transaction.evse = evse["id"]
        transaction.connector = evse.get("connectorId", transaction.connector)
    token = payload.get("idToken")
    if token is not None and transaction.id_token is None:
        transaction.id_token = token["idToken"]


def _register(readings: list[Reading], *, context: str, newest: bool) -> float | None:
    of_context = [reading for reading in readings if reading.register_wh is not None and reading.context == context]
    chosen = of_context or [reading for reading in readings if reading.register_wh is not None]
    if not chosen:
        return None
    return (chosen[-1] if newest else chosen[0]).register_wh


READERS: Final[Mapping[str, Reader]] = {
    "TransactionEvent": transaction_event,
    "MeterValues": meter_values,
}
