"""The ledger's memory."""

from datetime import UTC, datetime

from hil.csms.books import Books, Kind, Transaction
from hil.csms.registers import Reading

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_key_told_again_is_a_resend_with_the_same_words_and_a_finding_with_others() -> None:
    books = Books()

    seen = [books.is_repeat(("CP001", "X", 1), {"a": a}, transaction_id="1") for a in (1, 1, 2)]

    assert seen == [False, True, True]
    assert len(books.resends) == 1
    assert [finding.kind for finding in books.found] == [Kind.DUPLICATE_DIFFERS]


def test_readings_without_register_time_or_evse_give_no_point() -> None:
    books = Books()

    books.add_points("CP001", None, [Reading(NOW, 1.0, "", ())], None)
    books.add_points("CP001", 1, [Reading(NOW, None, "", ()), Reading(None, 1.0, "", ())], None)

    assert [point for points in books.points.values() for point in points] == []


def test_a_transaction_is_open_from_its_start_to_its_end() -> None:
    transaction = Transaction(station="CP001", subprotocol="ocpp1.6", transaction_id="1")

    states = [transaction.is_open]
    transaction.started = True
    states.append(transaction.is_open)
    transaction.ended = True
    states.append(transaction.is_open)

    assert states == [False, True, False]
