from typing import Any

import pytest

from agent.ocpp.v16.adapter import Adapter16
from agent.station.commands import DataTransfer, Done, Outcome


def test_a_vendor_message_is_handed_on_as_it_is(adapter: Adapter16) -> None:
    command = adapter.command("DataTransfer", {"vendorId": "org.example", "messageId": "m", "data": "{}"})

    assert command == DataTransfer(vendor_id="org.example", message_id="m", data="{}")
    assert adapter.command("DataTransfer", {"vendorId": "v"}) == DataTransfer("v", None, None)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_status(adapter: Adapter16, fits_schema: Any, outcome: Outcome) -> None:
    payload = adapter.command_answer(DataTransfer("v", None, None), Done(outcome))

    fits_schema("DataTransferResponse", payload)
    named = {Outcome.ACCEPTED, Outcome.UNKNOWN_VENDOR, Outcome.UNKNOWN_MESSAGE}
    assert payload == {"status": outcome.value if outcome in named else "Rejected"}
