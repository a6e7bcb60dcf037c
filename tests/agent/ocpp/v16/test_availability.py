from typing import Any

import pytest

from agent.ocpp.v16.adapter import Adapter16
from agent.ocpp.v16.connectors import NO_SUCH_EVSE
from agent.station.commands import ChangeAvailability, Done, Outcome


@pytest.mark.parametrize(
    ("number", "kind", "command"),
    [
        (0, "Inoperative", ChangeAvailability(operative=False)),
        (2, "Operative", ChangeAvailability(operative=True, evse_id=1, connector_id=2)),
        (3, "Inoperative", ChangeAvailability(operative=False, evse_id=3, connector_id=1)),
        (9, "Inoperative", ChangeAvailability(operative=False, evse_id=NO_SUCH_EVSE, connector_id=9)),
    ],
)
def test_a_connector_or_the_whole_station_is_changed(
    adapter: Adapter16, number: int, kind: str, command: ChangeAvailability
) -> None:
    assert adapter.command("ChangeAvailability", {"connectorId": number, "type": kind}) == command


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_status(adapter: Adapter16, fits_schema: Any, outcome: Outcome) -> None:
    payload = adapter.command_answer(ChangeAvailability(operative=True), Done(outcome))

    fits_schema("ChangeAvailabilityResponse", payload)
    expected = {Outcome.ACCEPTED: "Accepted", Outcome.SCHEDULED: "Scheduled"}.get(outcome, "Rejected")
    assert payload == {"status": expected}
