"""ChangeAvailability (1.6 section 5.2)."""

from agent.ocpp.adapter import JsonObject, Topology
from agent.ocpp.v16.action import Action, status_encoder
from agent.ocpp.v16.connectors import located
from agent.station.commands import ChangeAvailability, Outcome


def decode_change_availability(payload: JsonObject, topology: Topology) -> ChangeAvailability:
    """connectorId 0 is the whole station."""
    operative = payload["type"] == "Operative"
    number = int(payload["connectorId"])
    if number == 0:
        return ChangeAvailability(operative=operative)
    evse_id, connector_id = located(number, topology)
    return ChangeAvailability(operative=operative, evse_id=evse_id, connector_id=connector_id)


ACTIONS = {
    "ChangeAvailability": Action(
        ChangeAvailability,
        decode_change_availability,
        status_encoder({Outcome.ACCEPTED: "Accepted", Outcome.SCHEDULED: "Scheduled"}, otherwise="Rejected"),
    ),
}
