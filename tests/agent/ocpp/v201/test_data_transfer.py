"""DataTransfer."""

import pytest

from agent.ocpp.v201.data_transfer import decode_data_transfer, encode_data_transfer
from agent.station.commands import DataTransfer, Done, Outcome
from tests.agent.ocpp.v201.schema_check import Fits


@pytest.mark.parametrize(
    ("data", "kept"), [("text", "text"), ({"a": 1}, '{"a": 1}'), ([1], "[1]"), (None, None), (5, "5")]
)
def test_data_of_any_kind_is_kept_as_text(data: object, kept: str | None) -> None:
    command = decode_data_transfer({"vendorId": "v", "messageId": "m", "data": data})

    assert command == DataTransfer("v", "m", kept)


def test_only_the_vendor_is_needed() -> None:
    assert decode_data_transfer({"vendorId": "v"}) == DataTransfer("v", None, None)


@pytest.mark.parametrize(
    "outcome", [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.UNKNOWN_MESSAGE, Outcome.UNKNOWN_VENDOR]
)
def test_every_outcome_has_a_word(outcome: Outcome, fits: Fits) -> None:
    payload = encode_data_transfer(Done(outcome))

    fits("DataTransferResponse", payload)
    assert payload == {"status": outcome.value}
