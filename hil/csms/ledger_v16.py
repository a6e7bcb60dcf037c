"""Entering 1.6 messages into the books."""

import json
from collections.abc import Mapping
from typing import Final

from hil.csms.books import Books, Kind, Reader, Transaction
from hil.csms.frame import Payload
from hil.csms.registers import Reading, finite_wh, moment, readings_16


def assigned_before(books: Books, station: str, payload: Payload) -> int | None:
    """The transactionId that the same StartTransaction got before, or None."""
    reply = books.seen.get(_given_key(station, payload))
    return None if reply is None else int(reply["transactionId"])


def start_transaction(books: Books, station: str, subprotocol: str, payload: Payload, reply: Payload) -> None:
    """Enter a StartTransaction under the transactionId of the answer."""
    transaction_id = reply.get("transactionId")
    if not isinstance(transaction_id, int):
        return
    number = str(transaction_id)
    key = (station, "StartTransaction", payload.get("connectorId"), payload.get("timestamp"))
    if books.is_repeat(key, payload, transaction_id=number) and (station, number) in books.transactions:
        return
    connector = payload.get("connectorId")
    books.seen.setdefault(_given_key(station, payload), reply)
    started_at, begin_wh = moment(payload.get("timestamp")), finite_wh(payload.get("meterStart"))
    transaction = Transaction(
        station=station,
        subprotocol=subprotocol,
        transaction_id=number,
        evse=connector,
        connector=connector,
        id_token=payload.get("idTag"),
        started=True,
        started_at=started_at,
        begin_wh=begin_wh,
        last_at=started_at,
    )
    books.note_open(transaction)
    books.transactions[station, number] = transaction
    begin = Reading(started_at, begin_wh, "Transaction.Begin", ())
    books.add_points(station, connector, [begin], number)


def meter_values(books: Books, station: str, _subprotocol: str, payload: Payload, _reply: Payload) -> None:
    """Enter MeterValues; without transactionId they belong to the connector alone."""
    readings = readings_16(payload.get("meterValue", ()))
    connector = payload.get("connectorId")
    named = payload.get("transactionId")
    number = None if named is None else str(named)
    key = (station, "MeterValues", json.dumps(payload, sort_keys=True))
    if books.is_repeat(key, payload, transaction_id=number):
        return
    books.add_points(station, connector, readings, number)
    if number is None:
        return
    transaction = books.transactions.get((station, number))
    if transaction is None:
        books.note(Kind.UNKNOWN_TRANSACTION, station, number, f"MeterValues of connector {connector}")
        return
    if transaction.ended:
        books.note(Kind.AFTER_END, station, number, f"MeterValues of {readings[0].at if readings else None}")
    if transaction.evse != connector:
        detail = f"MeterValues of connector {connector}, started on {transaction.evse}"
        books.note(Kind.WRONG_EVSE, station, number, detail)
    for reading in readings:
        books.follow(transaction, reading.at)
    transaction.readings += readings


def stop_transaction(books: Books, station: str, _subprotocol: str, payload: Payload, _reply: Payload) -> None:
    """Enter a StopTransaction; its transactionData count as register values, not as readings told in order."""
    number = str(payload.get("transactionId"))
    key = (station, "StopTransaction", number)
    if books.is_repeat(key, payload, transaction_id=number):
        return
    transaction = books.transactions.get((station, number))
    if transaction is None:
        books.note(Kind.STOP_OF_UNKNOWN, station, number, f"at {payload.get('timestamp')}")
        return
    transaction.ended = True
    transaction.ended_at = moment(payload.get("timestamp"))
    transaction.end_wh = finite_wh(payload.get("meterStop"))
    transaction.stopped_reason = payload.get("reason", "Local")  # 1.6 section 6.53: absent means Local
    transaction.reasons.append(str(transaction.stopped_reason))
    books.follow(transaction, transaction.ended_at)
    end = Reading(transaction.ended_at, transaction.end_wh, "Transaction.End", ())
    data = readings_16(payload.get("transactionData", ()))
    books.add_points(station, transaction.evse, [*data, end], number)


def _given_key(station: str, payload: Payload) -> tuple[object, ...]:
    words = (payload.get(name) for name in ("connectorId", "idTag", "timestamp", "meterStart"))
    return (station, "given transactionId", *words)


READERS: Final[Mapping[str, Reader]] = {
    "StartTransaction": start_transaction,
    "MeterValues": meter_values,
    "StopTransaction": stop_transaction,
}
