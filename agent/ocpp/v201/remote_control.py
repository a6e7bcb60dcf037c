"""Remote start and stop (F01 to F03), UnlockConnector (F05) and TriggerMessage (F06)."""

from agent.ocpp.adapter import AnsweredAtOnce, JsonObject
from agent.ocpp.v201.data_types import ACCEPTED_OR_REJECTED, decode_evse, decode_token, encode_done
from agent.station.commands import (
    Answer,
    Done,
    Outcome,
    RequestStart,
    RequestStop,
    TriggeredMessage,
    TriggerMessage,
    UnlockConnector,
)

_TRIGGERED = {message.value: message for message in TriggeredMessage}
_TRIGGER_OUTCOMES = frozenset({Outcome.ACCEPTED, Outcome.REJECTED, Outcome.NOT_IMPLEMENTED})
_UNLOCK_OUTCOMES = frozenset(
    {
        Outcome.UNLOCKED,
        Outcome.UNLOCK_FAILED,
        Outcome.ONGOING_AUTHORIZED_TRANSACTION,
        Outcome.UNKNOWN_CONNECTOR,
    }
)


def decode_request_start(payload: JsonObject) -> RequestStart:
    """RequestStartTransactionRequest; without smart charging its chargingProfile is ignored (F01.FR.12)."""
    group = payload.get("groupIdToken")
    return RequestStart(
        token=decode_token(payload["idToken"]),
        evse_id=payload.get("evseId"),
        remote_start_id=payload["remoteStartId"],
        group=None if group is None else decode_token(group),
    )


def encode_request_start(answer: Answer) -> JsonObject:
    """RequestStartTransactionResponse, with the transaction that already runs (F01.FR.13)."""
    payload = encode_done(answer, allowed=ACCEPTED_OR_REJECTED)
    if isinstance(answer, Done) and answer.transaction_id is not None:
        payload["transactionId"] = answer.transaction_id
    return payload


def decode_request_stop(payload: JsonObject) -> RequestStop:
    """RequestStopTransactionRequest."""
    return RequestStop(payload["transactionId"])


def encode_request_stop(answer: Answer) -> JsonObject:
    """RequestStopTransactionResponse."""
    return encode_done(answer, allowed=ACCEPTED_OR_REJECTED)


def decode_unlock(payload: JsonObject) -> UnlockConnector:
    """UnlockConnectorRequest."""
    return UnlockConnector(payload["evseId"], payload["connectorId"])


def encode_unlock(answer: Answer) -> JsonObject:
    """UnlockConnectorResponse."""
    return encode_done(answer, allowed=_UNLOCK_OUTCOMES, otherwise=Outcome.UNLOCK_FAILED)


def decode_trigger(payload: JsonObject) -> TriggerMessage:
    """TriggerMessageRequest.

    Raises AnsweredAtOnce for a message that is not implemented here (F06.FR.08).
    """
    message = _TRIGGERED.get(payload["requestedMessage"])
    if message is None:
        raise AnsweredAtOnce({"status": Outcome.NOT_IMPLEMENTED.value})
    evse_id, connector_id = decode_evse(payload)
    # EVSE 0 is the station itself, which has none of these messages of its own: all EVSEs are meant (F06.FR.11).
    return TriggerMessage(message, evse_id or None, connector_id)


def encode_trigger(answer: Answer) -> JsonObject:
    """TriggerMessageResponse."""
    return encode_done(answer, allowed=_TRIGGER_OUTCOMES)
