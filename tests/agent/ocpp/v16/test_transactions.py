from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import Moment
from agent.ocpp.adapter import Call, TransactionLedger
from agent.ocpp.v16.adapter import Adapter16
from agent.station.facts import (
    ChargingState,
    EnergySampled,
    Fact,
    IdleMeterSampled,
    StopReason,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
    Trigger,
)
from agent.station.id_token import NO_AUTHORIZATION, AuthorizationStatus, IdToken
from agent.station.samples import Context, Measurand, MeterValue, Quantity
from agent.units import Wh

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MOMENT = Moment(wall=NOON, mono_s=1.0, boot="b")
CARD = IdToken("04A2B3C4")
NEW = TransactionLedger("t1")
NUMBERED = TransactionLedger("t1", id_16=7, start_answered=True)
GIVEN_UP = TransactionLedger("t1", id_16=None, start_answered=True)
REGISTER = Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, 1500, "Wh")
POWER = Quantity(Measurand.POWER_ACTIVE_IMPORT, 7360.5, "W")

STARTED = TransactionStarted(
    transaction_id="t1",
    seq_no=0,
    at=MOMENT,
    evse_id=3,
    connector_id=1,
    trigger=Trigger.AUTHORIZED,
    charging_state=ChargingState.CHARGING,
    register_wh=Wh(1000),
    token=CARD,
)
UPDATED = TransactionUpdated(
    transaction_id="t1",
    seq_no=1,
    at=MOMENT,
    evse_id=3,
    connector_id=1,
    trigger=Trigger.CHARGING_STATE_CHANGED,
    charging_state=ChargingState.SUSPENDED_EV,
    register_wh=Wh(1200),
)
SAMPLED = EnergySampled(
    transaction_id="t1",
    seq_no=2,
    at=MOMENT,
    evse_id=3,
    connector_id=1,
    trigger=Trigger.METER_VALUE_PERIODIC,
    charging_state=ChargingState.CHARGING,
    register_wh=Wh(1500),
    values=(MeterValue(MOMENT, Context.SAMPLE_PERIODIC, (REGISTER, POWER)),),
)
ENDED = TransactionEnded(
    transaction_id="t1",
    seq_no=3,
    at=MOMENT,
    evse_id=3,
    connector_id=1,
    trigger=Trigger.STOP_AUTHORIZED,
    charging_state=ChargingState.EV_CONNECTED,
    register_wh=Wh(2000),
    token=CARD,
    stop_reason=StopReason.LOCAL,
)


def wall(moment: Moment) -> datetime:
    return moment.wall


def encode(adapter: Adapter16, fact: Fact, ledger: TransactionLedger | None) -> Call:
    call = adapter.encode_fact(fact, wall=wall, ledger=ledger)
    assert call is not None
    return call


def test_a_transaction_with_a_token_is_told_as_start_transaction(adapter: Adapter16) -> None:
    call = encode(adapter, replace(STARTED, reservation_id=5), NEW)

    assert call.action == "StartTransaction"
    assert call.payload == {
        "connectorId": 3,
        "idTag": "04A2B3C4",
        "meterStart": 1000,
        "timestamp": "2026-05-04T12:00:00.000Z",
        "reservationId": 5,
    }


def test_the_mended_time_is_told_and_not_the_stamp(adapter: Adapter16) -> None:
    call = adapter.encode_fact(STARTED, wall=lambda moment: moment.wall + timedelta(hours=1), ledger=NEW)

    assert call is not None
    assert call.payload["timestamp"] == "2026-05-04T13:00:00.000Z"


def test_a_transaction_without_a_token_waits_for_one(adapter: Adapter16) -> None:
    nobody = adapter.encode_fact(replace(STARTED, token=None), wall=wall, ledger=NEW)
    somebody = encode(adapter, replace(UPDATED, token=CARD), NEW)

    assert nobody is None
    assert somebody.action == "StartTransaction"
    assert somebody.payload["meterStart"] == 1200


@pytest.mark.parametrize("ledger", [NUMBERED, GIVEN_UP])
def test_a_start_is_told_once(adapter: Adapter16, ledger: TransactionLedger) -> None:
    assert adapter.encode_fact(STARTED, wall=wall, ledger=ledger) is None
    assert adapter.encode_fact(replace(UPDATED, token=CARD), wall=wall, ledger=ledger) is None


def test_a_change_without_values_is_not_told(adapter: Adapter16) -> None:
    assert adapter.encode_fact(UPDATED, wall=wall, ledger=NUMBERED) is None


def test_a_sample_is_told_under_the_number_of_its_transaction(adapter: Adapter16) -> None:
    call = encode(adapter, SAMPLED, NUMBERED)

    assert call.action == "MeterValues"
    assert call.payload["connectorId"] == 3
    assert call.payload["transactionId"] == 7
    assert [value["value"] for value in call.payload["meterValue"][0]["sampledValue"]] == ["1500", "7360.5"]


def test_values_measured_before_anybody_was_authorized_belong_to_the_connector(adapter: Adapter16) -> None:
    call = encode(adapter, SAMPLED, NEW)

    assert call.action == "MeterValues"
    assert "transactionId" not in call.payload


def test_after_a_start_that_was_given_up_the_number_is_minus_one(adapter: Adapter16) -> None:
    assert encode(adapter, SAMPLED, GIVEN_UP).payload["transactionId"] == -1
    assert encode(adapter, ENDED, GIVEN_UP).payload["transactionId"] == -1


def test_the_number_0_is_a_number(adapter: Adapter16) -> None:
    ledger = TransactionLedger("t1", id_16=0, start_answered=True)

    assert encode(adapter, ENDED, ledger).payload["transactionId"] == 0


def test_an_end_is_told_as_stop_transaction(adapter: Adapter16) -> None:
    call = encode(adapter, ENDED, NUMBERED)

    assert call.action == "StopTransaction"
    assert call.payload == {
        "transactionId": 7,
        "meterStop": 2000,
        "timestamp": "2026-05-04T12:00:00.000Z",
        "reason": "Local",
        "idTag": "04A2B3C4",
    }


def test_a_transaction_that_1_6_never_heard_of_is_not_stopped(adapter: Adapter16) -> None:
    assert adapter.encode_fact(ENDED, wall=wall, ledger=NEW) is None
    assert adapter.encode_fact(ENDED, wall=wall, ledger=None) is None


@pytest.mark.parametrize("token", [None, IdToken("", NO_AUTHORIZATION)])
def test_a_stop_by_nobody_names_nobody(adapter: Adapter16, token: IdToken | None) -> None:
    assert "idTag" not in encode(adapter, replace(ENDED, token=token), NUMBERED).payload


@pytest.mark.parametrize(
    ("reason", "spelled"),
    [
        (StopReason.DE_AUTHORIZED, "DeAuthorized"),
        (StopReason.EV_DISCONNECTED, "EVDisconnected"),
        (StopReason.IMMEDIATE_RESET, "HardReset"),
        (StopReason.SOFT_RESET, "SoftReset"),
        (StopReason.POWER_LOSS, "PowerLoss"),
        (StopReason.GROUND_FAULT, "Other"),
        (StopReason.STOPPED_BY_EV, "Other"),
    ],
)
def test_a_stop_reason_is_spelled_as_1_6_does(adapter: Adapter16, reason: StopReason, spelled: str) -> None:
    assert encode(adapter, replace(ENDED, stop_reason=reason), NUMBERED).payload["reason"] == spelled


def test_the_register_that_was_asked_for_at_the_end_is_told_even_alone(adapter: Adapter16) -> None:
    ended = replace(ENDED, values=(MeterValue(MOMENT, Context.TRANSACTION_END, (REGISTER,)),))

    (data,) = encode(adapter, ended, NUMBERED).payload["transactionData"]

    assert data["sampledValue"][0]["value"] == "1500"


def test_without_values_there_is_no_transaction_data(adapter: Adapter16) -> None:
    assert "transactionData" not in encode(adapter, ENDED, NUMBERED).payload


def test_begin_and_end_values_are_transaction_data(adapter: Adapter16) -> None:
    begin = MeterValue(MOMENT, Context.TRANSACTION_BEGIN, (REGISTER,))
    end = MeterValue(MOMENT, Context.TRANSACTION_END, (REGISTER,))

    data = encode(adapter, replace(ENDED, values=(begin, end)), NUMBERED).payload["transactionData"]

    assert [value["sampledValue"][0]["context"] for value in data] == ["Transaction.Begin", "Transaction.End"]


def test_without_a_reading_the_register_among_the_values_counts(adapter: Adapter16) -> None:
    values = (MeterValue(MOMENT, Context.TRANSACTION_END, (REGISTER,)),)

    assert encode(adapter, replace(ENDED, register_wh=None, values=values), NUMBERED).payload["meterStop"] == 1500


def test_without_any_reading_the_register_is_told_as_0_and_logged(
    adapter: Adapter16, caplog: pytest.LogCaptureFixture
) -> None:
    call = encode(adapter, replace(ENDED, register_wh=None), NUMBERED)

    assert call.payload["meterStop"] == 0
    assert [record.getMessage() for record in caplog.records] == ["register unknown and told as 0"]


def test_idle_values_are_told_without_a_transaction(adapter: Adapter16) -> None:
    fact = IdleMeterSampled(at=MOMENT, evse_id=3, values=SAMPLED.values)

    call = encode(adapter, fact, None)

    assert (call.action, call.payload["connectorId"]) == ("MeterValues", 3)
    assert "transactionId" not in call.payload


def test_values_that_were_asked_for_name_the_transaction_that_runs(adapter: Adapter16) -> None:
    fact = IdleMeterSampled(at=MOMENT, evse_id=3, values=SAMPLED.values, transaction_id="t1")

    assert encode(adapter, fact, NUMBERED).payload["transactionId"] == 7


def test_values_of_the_main_meter_come_from_connector_0(adapter: Adapter16) -> None:
    fact = IdleMeterSampled(at=MOMENT, evse_id=0, values=SAMPLED.values)

    assert encode(adapter, fact, None).payload["connectorId"] == 0


def test_the_answer_to_a_start_brings_number_and_word_on_the_token(adapter: Adapter16) -> None:
    answer = adapter.fact_answer(STARTED, {"transactionId": 0, "idTagInfo": {"status": "Blocked"}})

    assert answer.id_16 == 0
    assert answer.info is not None
    assert answer.info.status is AuthorizationStatus.BLOCKED


def test_the_answers_to_a_stop_and_to_values_may_be_empty(adapter: Adapter16) -> None:
    assert adapter.fact_answer(ENDED, {}).info is None
    assert adapter.fact_answer(SAMPLED, {}).id_16 is None


def test_every_fact_is_tried_again(adapter: Adapter16) -> None:
    idle = IdleMeterSampled(at=MOMENT, evse_id=1, values=())

    assert all(adapter.is_retryable(fact) for fact in (STARTED, UPDATED, SAMPLED, ENDED, idle))


MOMENTS = st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001  the bounds are naive by hypothesis's contract
    lambda at: Moment(wall=at, mono_s=0.0, boot="b")
)
QUANTITIES = st.builds(
    Quantity,
    measurand=st.sampled_from(Measurand),
    value=st.floats() | st.integers(-(10**9), 10**12),
    unit=st.sampled_from(["Wh", "varh", "W", "var", "A", "V", "Hz", "Celsius", "Percent", ""]),
    phase=st.none() | st.sampled_from(["L1", "L2", "L3", "N", "L1-N", "L2-N", "L3-N", "L1-L2", "L2-L3", "L3-L1"]),
    location=st.sampled_from(["Outlet", "Inlet", "Body", "Cable", "EV"]),
)
VALUES = st.lists(
    st.builds(
        MeterValue,
        at=MOMENTS,
        context=st.sampled_from(Context),
        quantities=st.lists(QUANTITIES, max_size=3).map(tuple),
    ),
    max_size=3,
).map(tuple)
COMMON: dict[str, st.SearchStrategy[Any]] = {
    "transaction_id": st.just("t1"),
    "seq_no": st.integers(0, 10_000),
    "at": MOMENTS,
    "evse_id": st.integers(1, 4),
    "connector_id": st.none() | st.integers(1, 2),
    "trigger": st.sampled_from(Trigger),
    "charging_state": st.sampled_from(ChargingState),
    "register_wh": st.none() | st.integers(0, 10**12).map(Wh),
    "values": VALUES,
    "token": st.none() | st.builds(IdToken, value=st.text(max_size=36), type=st.sampled_from(["Central", "eMAID"])),
    "offline": st.booleans(),
    "remote_start_id": st.none() | st.integers(0, 9),
    "reservation_id": st.none() | st.integers(0, 9),
}
FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(TransactionStarted, **COMMON),
    st.builds(TransactionUpdated, **COMMON),
    st.builds(EnergySampled, **COMMON),
    st.builds(TransactionEnded, **COMMON, stop_reason=st.sampled_from(StopReason)),
    st.builds(
        IdleMeterSampled,
        at=MOMENTS,
        evse_id=st.integers(0, 4),
        values=VALUES,
        transaction_id=st.none() | st.just("t1"),
    ),
)


@given(fact=FACTS, ledger=st.sampled_from([None, NEW, NUMBERED, GIVEN_UP]))
def test_whatever_is_told_of_a_fact_fits_its_schema(
    adapter: Adapter16, fits_schema: Any, fact: Fact, ledger: TransactionLedger | None
) -> None:
    call = adapter.encode_fact(fact, wall=wall, ledger=ledger)

    if call is not None:
        fits_schema(call.action, call.payload)


@given(fact=FACTS, ledger=st.sampled_from([None, NEW, NUMBERED, GIVEN_UP]))
def test_encoding_twice_gives_the_same_message(
    adapter: Adapter16, fact: Fact, ledger: TransactionLedger | None
) -> None:
    once = adapter.encode_fact(fact, wall=wall, ledger=ledger)

    assert adapter.encode_fact(fact, wall=wall, ledger=ledger) == once


@given(fact=FACTS)
def test_start_and_stop_are_never_swallowed_once_the_other_was_told(adapter: Adapter16, fact: Fact) -> None:
    started = adapter.encode_fact(fact, wall=wall, ledger=NEW)
    ended = adapter.encode_fact(fact, wall=wall, ledger=NUMBERED)

    if isinstance(fact, TransactionStarted) and fact.token is not None:
        assert started is not None
        assert started.action == "StartTransaction"
    if isinstance(fact, TransactionEnded):
        assert ended is not None
        assert ended.action == "StopTransaction"
