"""The data types shared by several messages."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.ocpp.adapter import WrongPayload
from agent.ocpp.v201.data_types import (
    ACCEPTED_OR_REJECTED,
    decode_evse,
    decode_token,
    decode_token_info,
    decode_variable,
    encode_done,
    encode_token,
    encode_variable,
    parse_time,
    rfc3339,
)
from agent.station.commands import Done, LocalListVersion, Outcome
from agent.station.device_model import VariableKey
from agent.station.id_token import AuthorizationStatus, IdToken


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    local = datetime(2026, 3, 4, 5, 6, 7, 891_999, tzinfo=timezone(timedelta(hours=2)))

    assert rfc3339(local) == "2026-03-04T03:06:07.891Z"


@given(st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2199, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds of the strategy are naive
def test_a_written_time_reads_back_to_the_millisecond(moment: datetime) -> None:
    assert abs(parse_time(rfc3339(moment)) - moment) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    "written",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00",
        "2026-01-01T01:00:00+01:00",
        "2026-01-01T00:00:00.000Z",
        "2026-01-01t00:00:00z",
    ],
)
def test_a_time_of_the_csms_is_read_as_utc(written: str) -> None:
    assert parse_time(written) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("written", ["", "tomorrow", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:00"])
def test_a_time_that_is_none_is_a_wrong_payload(written: str) -> None:
    with pytest.raises(WrongPayload) as raised:
        parse_time(written)

    assert raised.value.code == "PropertyConstraintViolation"


def test_a_token_keeps_its_type() -> None:
    payload = {"idToken": "AA12", "type": "eMAID"}

    assert encode_token(decode_token(payload)) == payload


def test_a_token_type_that_is_not_known_is_told_as_central() -> None:
    assert encode_token(IdToken("AA12", "DirectPayment")) == {"idToken": "AA12", "type": "Central"}


def test_token_info_has_expiry_and_group() -> None:
    info = decode_token_info(
        {
            "status": "Accepted",
            "cacheExpiryDateTime": "2026-01-01T00:00:00Z",
            "groupIdToken": {"idToken": "G", "type": "Central"},
            "chargingPriority": 3,
        }
    )

    assert info.status is AuthorizationStatus.ACCEPTED
    assert info.expires_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert info.group == IdToken("G")


def test_an_absent_evse_is_none() -> None:
    assert decode_evse({}) == (None, None)
    assert decode_evse({"evse": {"id": 2}}) == (2, None)
    assert decode_evse({"evse": {"id": 2, "connectorId": 1}}) == (2, 1)


@pytest.mark.parametrize(
    "key",
    [
        VariableKey("A", "B"),
        VariableKey("A", "B", "x", component_instance="y"),
        VariableKey("A", "B", "", component_instance=""),
        VariableKey("A", "B", evse_id=1),
        VariableKey("A", "B", evse_id=1, connector_id=2),
    ],
)
def test_a_variable_is_told_as_it_was_asked(key: VariableKey) -> None:
    assert decode_variable(encode_variable(key)) == key


def test_an_outcome_without_a_word_is_told_as_rejected_with_its_reason() -> None:
    payload = encode_done(Done(Outcome.NOT_SUPPORTED, "R" * 30), allowed=ACCEPTED_OR_REJECTED)

    assert payload == {"status": "Rejected", "statusInfo": {"reasonCode": "R" * 20}}


def test_an_answer_of_another_kind_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        encode_done(LocalListVersion(1), allowed=ACCEPTED_OR_REJECTED)
