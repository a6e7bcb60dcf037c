"""DataTransfer from the CSMS (1.6 section 5.6)."""

from agent.ocpp.adapter import JsonObject, Topology
from agent.ocpp.v16.action import Action, status_encoder
from agent.station.commands import DataTransfer, Outcome


def decode_data_transfer(payload: JsonObject, _topology: Topology) -> DataTransfer:
    """A vendor's own message."""
    return DataTransfer(vendor_id=payload["vendorId"], message_id=payload.get("messageId"), data=payload.get("data"))


ACTIONS = {
    "DataTransfer": Action(
        DataTransfer,
        decode_data_transfer,
        status_encoder(
            {
                Outcome.ACCEPTED: "Accepted",
                Outcome.UNKNOWN_VENDOR: "UnknownVendorId",
                Outcome.UNKNOWN_MESSAGE: "UnknownMessageId",
            },
            otherwise="Rejected",
        ),
    ),
}
