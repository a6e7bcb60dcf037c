"""What 1.6 stations may tell wrongly."""

from hil.csms.books import Kind
from hil.csms.ledger import Ledger
from tests.hil.csms.told import T0, T1, T2, T3, start_16, stop_16, values_16


def kinds(ledger: Ledger) -> list[Kind]:
    return [finding.kind for finding in ledger.findings(open_is_a_finding=False)]


def test_the_same_start_again_gets_the_same_number_and_counts_as_a_resend() -> None:
    ledger = Ledger(first_transaction_id=7)

    numbers = [start_16(ledger), start_16(ledger)]

    assert numbers == [7, 7]
    assert [resend.action for resend in ledger.resends] == ["StartTransaction"]
    assert len(ledger.transactions) == 1
    assert kinds(ledger) == []


def test_another_start_gets_the_next_number() -> None:
    ledger = Ledger()

    first = start_16(ledger, at=T0)
    stop_16(ledger, first, at=T1, wh=1000)
    second = start_16(ledger, at=T2)

    assert (first, second) == (1, 2)
    assert kinds(ledger) == []


def test_a_start_at_the_same_time_with_other_words_differs() -> None:
    ledger = Ledger()

    start_16(ledger, wh=1000)
    start_16(ledger, wh=1001)

    assert Kind.DUPLICATE_DIFFERS in kinds(ledger)
    assert ledger.resends == []


def test_a_start_while_another_is_open_on_the_connector_is_found() -> None:
    ledger = Ledger()

    start_16(ledger, at=T0)
    start_16(ledger, at=T1)

    assert kinds(ledger) == [Kind.START_WHILE_OPEN]


def test_two_connectors_may_charge_at_once() -> None:
    ledger = Ledger()

    start_16(ledger, connector=1)
    start_16(ledger, connector=2)

    assert kinds(ledger) == []


def test_the_same_stop_again_is_a_resend_and_another_stop_differs() -> None:
    ledger = Ledger()
    number = start_16(ledger)

    stop_16(ledger, number)
    stop_16(ledger, number)
    stop_16(ledger, number, wh=9000)

    assert [resend.action for resend in ledger.resends] == ["StopTransaction"]
    assert kinds(ledger) == [Kind.DUPLICATE_DIFFERS]
    assert ledger.transactions[0].end_wh == 3000


def test_a_stop_of_a_transaction_nobody_started_is_found() -> None:
    ledger = Ledger()

    stop_16(ledger, 99)

    assert kinds(ledger) == [Kind.STOP_OF_UNKNOWN]


def test_values_for_an_unknown_and_for_an_ended_transaction_are_found() -> None:
    ledger = Ledger()
    number = start_16(ledger)
    stop_16(ledger, number, at=T2)

    values_16(ledger, 99, at=T1)
    values_16(ledger, number, at=T3, wh=3000)

    assert kinds(ledger) == [Kind.UNKNOWN_TRANSACTION, Kind.AFTER_END]


def test_values_without_a_transaction_belong_to_the_connector_only() -> None:
    ledger = Ledger()

    values_16(ledger, None)

    assert ledger.transactions == []
    assert kinds(ledger) == []


def test_values_of_another_connector_than_the_transactions_are_found() -> None:
    ledger = Ledger()

    values_16(ledger, start_16(ledger, connector=1), connector=2)

    assert kinds(ledger) == [Kind.WRONG_EVSE]


def test_the_same_values_again_are_a_resend() -> None:
    ledger = Ledger()
    number = start_16(ledger)

    values_16(ledger, number)
    values_16(ledger, number)

    assert len(ledger.transactions[0].readings) == 1
    assert [resend.action for resend in ledger.resends] == ["MeterValues"]


def test_values_told_out_of_order_are_found_by_their_time() -> None:
    ledger = Ledger()
    number = start_16(ledger, at=T0)

    values_16(ledger, number, at=T2, wh=2000)
    values_16(ledger, number, at=T1, wh=1500)

    assert kinds(ledger) == [Kind.CLOCK_BACKWARDS]


def test_transaction_data_may_repeat_earlier_readings() -> None:
    ledger = Ledger()
    number = start_16(ledger, at=T0)
    values_16(ledger, number, at=T1, wh=2000)

    data = [{"timestamp": T1, "sampledValue": [{"value": "2000"}]}]
    stop_16(ledger, number, at=T2, wh=3000, transactionData=data)

    assert kinds(ledger) == []


def test_a_start_refused_without_a_number_is_no_transaction() -> None:
    ledger = Ledger()

    ledger.told("CP001", "ocpp1.6", "StartTransaction", {"connectorId": 1}, reply={})

    assert ledger.transactions == []
