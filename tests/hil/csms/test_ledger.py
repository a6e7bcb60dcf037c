"""The accounts as a whole: energy, open transactions, registers."""

import pytest

from hil.csms.books import Kind
from hil.csms.ledger import Ledger
from tests.hil.csms.told import T0, T1, T2, T3, event_2, start_16, stop_16, values_16


def kinds(ledger: Ledger) -> list[Kind]:
    return [finding.kind for finding in ledger.findings()]


def test_a_sound_16_transaction_has_its_energy_and_no_finding() -> None:
    ledger = Ledger(first_transaction_id=40)

    number = start_16(ledger)
    values_16(ledger, number)
    stop_16(ledger, number, reason="EVDisconnected")

    transaction = ledger.transaction("CP001", 40)
    assert transaction is not None
    assert (transaction.begin_wh, transaction.end_wh, ledger.energy_wh(transaction)) == (1000, 3000, 2000)
    assert transaction.stopped_reason == "EVDisconnected"
    assert [reading.register_wh for reading in transaction.readings] == [2000]
    assert ledger.findings() == []


def test_a_sound_2_transaction_has_its_energy_and_no_finding() -> None:
    ledger = Ledger()

    event_2(ledger, "Started", 0, at=T0, wh=1000)
    event_2(ledger, "Updated", 1, at=T1, wh=1500.5)
    event_2(ledger, "Ended", 2, at=T2, wh=2500.5)

    transaction = ledger.transactions[0]
    assert ledger.energy_wh(transaction) == pytest.approx(1500.5)
    assert (transaction.evse, transaction.connector, transaction.id_token) == (1, 1, "T1")
    assert transaction.seq_nos == [0, 1, 2]
    assert ledger.findings() == []


def test_energy_is_unknown_until_the_end_is_told() -> None:
    ledger = Ledger()

    start_16(ledger)

    assert ledger.energy_wh(ledger.transactions[0]) is None


def test_an_open_transaction_is_a_finding_unless_asked_otherwise() -> None:
    ledger = Ledger()

    start_16(ledger)

    assert kinds(ledger) == [Kind.STILL_OPEN]
    assert ledger.findings(open_is_a_finding=False) == []


def test_a_register_that_goes_back_within_a_transaction_is_found() -> None:
    ledger = Ledger()

    number = start_16(ledger, wh=1000)
    values_16(ledger, number, wh=4000)
    stop_16(ledger, number, wh=3000)

    assert kinds(ledger) == [Kind.REGISTER_BACKWARDS]


def test_a_register_that_goes_back_between_transactions_is_found() -> None:
    ledger = Ledger()

    stop_16(ledger, start_16(ledger, at=T0, wh=1000), at=T1, wh=3000)
    stop_16(ledger, start_16(ledger, at=T2, wh=2000), at=T3, wh=4000)

    assert kinds(ledger) == [Kind.REGISTER_BACKWARDS]


def test_registers_of_different_evses_are_not_compared() -> None:
    ledger = Ledger()

    stop_16(ledger, start_16(ledger, at=T0, wh=5000, connector=1), at=T1, wh=6000)
    stop_16(ledger, start_16(ledger, at=T2, wh=100, connector=2), at=T3, wh=200)

    assert ledger.findings() == []


def test_actions_that_say_nothing_about_transactions_are_passed_over() -> None:
    ledger = Ledger()

    ledger.told("CP001", "ocpp1.6", "Heartbeat", {}, reply={})

    assert ledger.transactions == []
    assert ledger.findings() == []
