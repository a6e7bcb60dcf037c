"""TransactionEvent and GetTransactionStatus."""

import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import Moment
from agent.ocpp.adapter import FactAnswer
from agent.ocpp.v201.transactions import (
    TransactionEvent,
    decode_get_transaction_status,
    encode_transaction_status,
    transaction_event,
    transaction_event_answer,
)
from agent.station.commands import Done, GetTransactionStatus, Outcome, TransactionStatus
from agent.station.facts import (
    ChargingState,
    EnergySampled,
    StopReason,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
    Trigger,
)
from agent.station.id_token import NO_AUTHORIZATION, AuthorizationStatus, IdToken
from agent.station.samples import Context, Measurand, MeterValue, Quantity
from agent.units import Wh
from tests.agent.ocpp.v201.schema_check import Fits, Sent, Wall

EARLIEST = datetime(1971, 1, 2, tzinfo=UTC).replace(tzinfo=None)  # the strategy adds its own zones
LATEST = datetime(2199, 12, 30, tzinfo=UTC).replace(tzinfo=None)
MOMENTS = st.builds(
    Moment,
    wall=st.datetimes(EARLIEST, LATEST, timezones=st.timezones()),
    mono_s=st.floats(0, 1e6),
    boot=st.just("b"),
)
QUANTITIES = st.builds(
    Quantity,
    measurand=st.sampled_from(Measurand),
    value=st.integers(0, 10**9) | st.floats(-1e6, 1e6),
    unit=st.sampled_from(["Wh", "W", "A", "V", "Hz", "Celsius", "Percent", "varh", ""]),
    phase=st.sampled_from([None, "L1", "L2", "L3", "N", "L1-N", "L1-L2"]),
    location=st.sampled_from(["Outlet", "Inlet", "EV", "Cable", "Body"]),
)
VALUES = st.builds(
    MeterValue,
    at=MOMENTS,
    context=st.sampled_from(Context),
    quantities=st.lists(QUANTITIES, max_size=4).map(tuple),
)
TOKENS = st.builds(
    IdToken, st.text("0123456789abcdef", max_size=36), st.sampled_from(["ISO14443", "eMAID", NO_AUTHORIZATION, "Odd"])
)
COMMON = {
    "transaction_id": st.uuids().map(str),
    "seq_no": st.integers(0, 10**6),
    "at": MOMENTS,
    "evse_id": st.integers(1, 8),
    "connector_id": st.none() | st.integers(1, 4),
    "trigger": st.sampled_from(Trigger),
    "charging_state": st.sampled_from(ChargingState),
    "register_wh": st.none() | st.integers(0, 10**9).map(Wh),
    "values": st.lists(VALUES, max_size=3).map(tuple),
    "token": st.none() | TOKENS,
    "offline": st.booleans(),
    "remote_start_id": st.none() | st.integers(0, 2**31 - 1),
    "reservation_id": st.none() | st.integers(0, 2**31 - 1),
}
FACTS: st.SearchStrategy[TransactionEvent] = st.one_of(
    st.builds(TransactionStarted, **COMMON),
    st.builds(TransactionUpdated, **COMMON),
    st.builds(EnergySampled, **COMMON),
    st.builds(TransactionEnded, **COMMON, stop_reason=st.sampled_from(StopReason)),
)


@pytest.fixture(scope="session")
def ended(moment: Moment) -> TransactionEnded:
    energy = Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, 1500, "Wh")
    return TransactionEnded(
        transaction_id="0b5a0a2e-5a5e-4a7e-8a1e-1d3d3b7c2f10",
        seq_no=4,
        at=moment,
        evse_id=1,
        connector_id=1,
        trigger=Trigger.STOP_AUTHORIZED,
        charging_state=ChargingState.EV_CONNECTED,
        register_wh=Wh(1500),
        values=(MeterValue(moment, Context.TRANSACTION_END, (energy,)),),
        token=IdToken("AA12"),
        stop_reason=StopReason.LOCAL,
    )


@given(fact=FACTS)
def test_every_fact_fits_the_schemas(fact: TransactionEvent, sent: Sent, wall: Wall) -> None:
    payload = sent(transaction_event(fact, wall=wall))

    assert payload["seqNo"] == fact.seq_no
    assert payload["transactionInfo"]["transactionId"] == fact.transaction_id
    assert payload.get("offline", False) is fact.offline
    assert ("idToken" in payload) is (fact.token is not None)


@given(fact=FACTS)
def test_a_fact_sent_twice_is_the_same_message(fact: TransactionEvent, wall: Wall) -> None:
    assert transaction_event(fact, wall=wall) == transaction_event(fact, wall=wall)


def test_the_end_of_a_transaction_is_told_whole(ended: TransactionEnded, sent: Sent, wall: Wall) -> None:
    assert sent(transaction_event(ended, wall=wall)) == {
        "eventType": "Ended",
        "timestamp": "2026-03-04T06:06:07.891Z",
        "triggerReason": "StopAuthorized",
        "seqNo": 4,
        "transactionInfo": {
            "transactionId": "0b5a0a2e-5a5e-4a7e-8a1e-1d3d3b7c2f10",
            "chargingState": "EVConnected",
            "stoppedReason": "Local",
        },
        "evse": {"id": 1, "connectorId": 1},
        "idToken": {"idToken": "AA12", "type": "ISO14443"},
        "meterValue": [
            {
                "timestamp": "2026-03-04T06:06:07.891Z",
                "sampledValue": [
                    {"value": 1500, "context": "Transaction.End", "measurand": "Energy.Active.Import.Register"}
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (StopReason.UNLOCK_COMMAND, "Remote"),
        (StopReason.SOFT_RESET, "ImmediateReset"),
        (StopReason.POWER_LOSS, "PowerLoss"),
    ],
)
def test_reasons_that_only_the_older_version_has_are_translated(
    ended: TransactionEnded, wall: Wall, reason: StopReason, told: str
) -> None:
    payload = transaction_event(dataclasses.replace(ended, stop_reason=reason), wall=wall).payload

    assert payload["transactionInfo"]["stoppedReason"] == told


def test_the_answer_may_say_something_of_the_token() -> None:
    answer = transaction_event_answer({"idTokenInfo": {"status": "Blocked"}, "totalCost": 1.5})

    assert answer.info is not None
    assert answer.info.status is AuthorizationStatus.BLOCKED
    assert transaction_event_answer({}) == FactAnswer()


def test_the_status_of_a_transaction_is_asked_with_or_without_its_id() -> None:
    assert decode_get_transaction_status({}) == GetTransactionStatus()
    assert decode_get_transaction_status({"transactionId": "t"}) == GetTransactionStatus("t")


@pytest.mark.parametrize(
    ("answer", "payload"),
    [
        (TransactionStatus(None, messages_in_queue=True), {"messagesInQueue": True}),
        (
            TransactionStatus(ongoing=False, messages_in_queue=False),
            {"messagesInQueue": False, "ongoingIndicator": False},
        ),
    ],
)
def test_the_status_is_told(answer: TransactionStatus, payload: dict[str, bool], fits: Fits) -> None:
    fits("GetTransactionStatusResponse", payload)
    assert encode_transaction_status(answer) == payload


def test_another_answer_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        encode_transaction_status(Done(Outcome.ACCEPTED))
