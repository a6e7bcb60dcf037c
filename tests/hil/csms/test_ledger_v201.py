"""What 2.x stations may tell wrongly."""

from hil.csms.books import Kind
from hil.csms.ledger import Ledger
from tests.hil.csms.told import T0, T1, T2, T3, event_2


def kinds(ledger: Ledger) -> list[Kind]:
    return [finding.kind for finding in ledger.findings(open_is_a_finding=False)]


def test_a_missing_seq_no_is_found_and_closed_when_it_comes_late() -> None:
    ledger = Ledger()
    event_2(ledger, "Started", 0, at=T0)
    event_2(ledger, "Ended", 2, at=T2)
    gap = kinds(ledger)

    event_2(ledger, "Updated", 1, at=T1)

    assert gap == [Kind.SEQ_GAP]
    assert kinds(ledger) == [Kind.ORDER_INVERSION]


def test_the_same_event_again_is_a_resend_and_another_one_differs() -> None:
    ledger = Ledger()
    event_2(ledger, "Started", 0, at=T0)

    event_2(ledger, "Started", 0, at=T0)
    event_2(ledger, "Updated", 0, at=T1)

    assert [(resend.action, resend.transaction_id) for resend in ledger.resends] == [("TransactionEvent", "tx-1")]
    assert kinds(ledger) == [Kind.DUPLICATE_DIFFERS]


def test_an_end_without_a_start_is_found() -> None:
    ledger = Ledger()

    event_2(ledger, "Ended", 3, at=T2)

    assert kinds(ledger) == [Kind.NEVER_STARTED]


def test_an_event_after_the_end_is_found() -> None:
    ledger = Ledger()
    event_2(ledger, "Started", 0, at=T0)
    event_2(ledger, "Ended", 1, at=T1)

    event_2(ledger, "Updated", 2, at=T2)

    assert kinds(ledger) == [Kind.AFTER_END]


def test_a_second_start_is_found() -> None:
    ledger = Ledger()
    event_2(ledger, "Started", 0, at=T0)

    event_2(ledger, "Started", 1, at=T1)

    assert kinds(ledger) == [Kind.DUPLICATE_DIFFERS]


def test_a_start_that_is_not_the_first_event_is_found() -> None:
    ledger = Ledger()

    event_2(ledger, "Updated", 0, at=T0)
    event_2(ledger, "Started", 1, at=T1)

    assert kinds(ledger) == [Kind.ORDER_INVERSION]


def test_a_step_back_in_time_is_found() -> None:
    ledger = Ledger()
    event_2(ledger, "Started", 0, at=T1)

    event_2(ledger, "Updated", 1, at=T0)

    assert kinds(ledger) == [Kind.CLOCK_BACKWARDS]


def test_two_transactions_open_on_one_evse_are_found() -> None:
    ledger = Ledger()
    event_2(ledger, "Started", 0, at=T0, transaction="tx-1")

    event_2(ledger, "Started", 0, at=T1, transaction="tx-2")

    assert kinds(ledger) == [Kind.START_WHILE_OPEN]


def test_meter_values_outside_transactions_count_for_the_register_of_the_evse() -> None:
    ledger = Ledger()
    event_2(ledger, "Started", 0, at=T0, wh=1000)
    event_2(ledger, "Ended", 1, at=T2, wh=2000)

    payload = {"evseId": 1, "meterValue": [{"timestamp": T3, "sampledValue": [{"value": 1500}]}]}
    ledger.told("CP001", "ocpp2.0.1", "MeterValues", payload, reply={})

    assert kinds(ledger) == [Kind.REGISTER_BACKWARDS]


def test_the_stop_reason_is_local_when_none_is_told() -> None:
    ledger = Ledger()
    event_2(ledger, "Started", 0, at=T0)

    event_2(ledger, "Ended", 1, at=T1)

    assert ledger.transactions[0].stopped_reason == "Local"
