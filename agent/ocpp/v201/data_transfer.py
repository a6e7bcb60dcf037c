"""DataTransfer (P01)."""

import json

from agent.ocpp.adapter import JsonObject
from agent.ocpp.v201.data_types import encode_done
from agent.station.commands import Answer, DataTransfer, Outcome

_OUTCOMES = frozenset({Outcome.ACCEPTED, Outcome.REJECTED, Outcome.UNKNOWN_MESSAGE, Outcome.UNKNOWN_VENDOR})


def decode_data_transfer(payload: JsonObject) -> DataTransfer:
    """DataTransferRequest; data that is no string stays the JSON text it was."""
    data = payload.get("data")
    return DataTransfer(
        vendor_id=payload["vendorId"],
        message_id=payload.get("messageId"),
        data=data if data is None or isinstance(data, str) else json.dumps(data),
    )


def encode_data_transfer(answer: Answer) -> JsonObject:
    """DataTransferResponse."""
    return encode_done(answer, allowed=_OUTCOMES)
