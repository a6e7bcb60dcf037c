"""ChangeAvailability and Reset."""

import pytest

from agent.ocpp.adapter import AnsweredAtOnce, JsonObject
from agent.ocpp.v201 import availability
from agent.station.commands import ChangeAvailability, Done, Outcome, Reset, ResetKind
from tests.agent.ocpp.v201.schema_check import Fits


@pytest.mark.parametrize(
    ("payload", "command"),
    [
        ({"operationalStatus": "Inoperative"}, ChangeAvailability(operative=False)),
        ({"operationalStatus": "Operative", "evse": {"id": 1}}, ChangeAvailability(operative=True, evse_id=1)),
        (
            {"operationalStatus": "Operative", "evse": {"id": 1, "connectorId": 2}},
            ChangeAvailability(operative=True, evse_id=1, connector_id=2),
        ),
    ],
)
def test_availability_changes_for_the_station_an_evse_or_a_connector(
    payload: JsonObject, command: ChangeAvailability
) -> None:
    assert availability.decode_change_availability(payload) == command


@pytest.mark.parametrize(
    ("payload", "command"),
    [
        ({"type": "Immediate"}, Reset(ResetKind.IMMEDIATE)),
        ({"type": "OnIdle", "evseId": 2}, Reset(ResetKind.ON_IDLE, 2)),
    ],
)
def test_a_reset_is_understood(payload: JsonObject, command: Reset) -> None:
    assert availability.decode_reset(payload) == command


def test_a_reset_that_resumes_is_refused(fits: Fits) -> None:
    with pytest.raises(AnsweredAtOnce) as raised:
        availability.decode_reset({"type": "ImmediateAndResume"})

    fits("ResetResponse", raised.value.payload)
    assert raised.value.payload["status"] == "Rejected"


@pytest.mark.parametrize("outcome", [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.SCHEDULED])
def test_both_can_be_scheduled(outcome: Outcome, fits: Fits) -> None:
    for name, payload in (
        ("ChangeAvailabilityResponse", availability.encode_change_availability(Done(outcome, "TxInProgress"))),
        ("ResetResponse", availability.encode_reset(Done(outcome, "TxInProgress"))),
    ):
        fits(name, payload)
        assert payload == {"status": outcome.value, "statusInfo": {"reasonCode": "TxInProgress"}}
