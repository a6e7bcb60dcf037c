"""ChangeAvailability (G03, G04) and Reset (B11, B12)."""

from agent.ocpp.adapter import AnsweredAtOnce, JsonObject
from agent.ocpp.v201.data_types import decode_evse, encode_done
from agent.station.commands import Answer, ChangeAvailability, Outcome, Reset, ResetKind

_OUTCOMES = frozenset({Outcome.ACCEPTED, Outcome.REJECTED, Outcome.SCHEDULED})
_RESET_KINDS = {kind.value: kind for kind in ResetKind}


def decode_change_availability(payload: JsonObject) -> ChangeAvailability:
    """ChangeAvailabilityRequest; without `evse` it concerns the whole station (G04.FR.01)."""
    evse_id, connector_id = decode_evse(payload)
    return ChangeAvailability(payload["operationalStatus"] == "Operative", evse_id, connector_id)


def encode_change_availability(answer: Answer) -> JsonObject:
    """ChangeAvailabilityResponse."""
    return encode_done(answer, allowed=_OUTCOMES)


def decode_reset(payload: JsonObject) -> Reset:
    """ResetRequest.

    Raises AnsweredAtOnce for a reset that resumes transactions, which is not supported (2.1 B13.FR.01).
    """
    kind = _RESET_KINDS.get(payload["type"])
    if kind is None:
        raise AnsweredAtOnce({"status": Outcome.REJECTED.value, "statusInfo": {"reasonCode": "UnsupportedParam"}})
    return Reset(kind, payload.get("evseId"))


def encode_reset(answer: Answer) -> JsonObject:
    """ResetResponse."""
    return encode_done(answer, allowed=_OUTCOMES)
