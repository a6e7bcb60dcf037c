"""TransactionEvent (E01 to E15) and GetTransactionStatus (E14)."""

from collections.abc import Callable
from datetime import datetime
from typing import assert_never

from agent.clock import Moment
from agent.ocpp.adapter import Call, FactAnswer, JsonObject
from agent.ocpp.v201.data_types import decode_token_info, encode_evse, encode_token, rfc3339
from agent.ocpp.v201.metering import encode_meter_values
from agent.station.commands import Answer, GetTransactionStatus, TransactionStatus
from agent.station.facts import (
    EnergySampled,
    StopReason,
    TransactionEnded,
    TransactionStarted,
    TransactionUpdated,
)

TransactionEvent = TransactionStarted | TransactionUpdated | EnergySampled | TransactionEnded

_STOPPED_REASON = {
    # Words of 1.6 that ReasonEnumType lacks: the transaction ended while 1.6 was spoken.
    StopReason.UNLOCK_COMMAND: StopReason.REMOTE,
    StopReason.SOFT_RESET: StopReason.IMMEDIATE_RESET,
}


def transaction_event(fact: TransactionEvent, *, wall: Callable[[Moment], datetime]) -> Call:
    """TransactionEventRequest of one fact."""
    payload: JsonObject = {
        "eventType": _event_type(fact),
        "timestamp": rfc3339(wall(fact.at)),
        "triggerReason": fact.trigger.value,
        "seqNo": fact.seq_no,
        "transactionInfo": _transaction_info(fact),
        "evse": encode_evse(fact.evse_id, fact.connector_id),  # E01.FR.16
    }
    if fact.offline:  # E04.FR.03
        payload["offline"] = True
    if fact.reservation_id is not None:
        payload["reservationId"] = fact.reservation_id
    if fact.token is not None:
        payload["idToken"] = encode_token(fact.token)
    values = encode_meter_values(fact.values, wall=wall)
    if values:
        payload["meterValue"] = values
    return Call("TransactionEvent", payload)


def transaction_event_answer(payload: JsonObject) -> FactAnswer:
    """TransactionEventResponse: what the CSMS says of the token that the event carried."""
    info = payload.get("idTokenInfo")
    return FactAnswer() if info is None else FactAnswer(info=decode_token_info(info))


def decode_get_transaction_status(payload: JsonObject) -> GetTransactionStatus:
    """GetTransactionStatusRequest."""
    return GetTransactionStatus(payload.get("transactionId"))


def encode_transaction_status(answer: Answer) -> JsonObject:
    """GetTransactionStatusResponse; no ongoingIndicator where no transaction was named (E14.FR.06)."""
    if not isinstance(answer, TransactionStatus):
        raise TypeError(f"{type(answer).__name__} does not answer GetTransactionStatus")
    payload: JsonObject = {"messagesInQueue": answer.messages_in_queue}
    if answer.ongoing is not None:
        payload["ongoingIndicator"] = answer.ongoing
    return payload


def _transaction_info(fact: TransactionEvent) -> JsonObject:
    info: JsonObject = {"transactionId": fact.transaction_id, "chargingState": fact.charging_state.value}
    if fact.remote_start_id is not None:  # F01.FR.25, F02.FR.01
        info["remoteStartId"] = fact.remote_start_id
    if isinstance(fact, TransactionEnded):  # E07.FR.05, E07.FR.06
        info["stoppedReason"] = _STOPPED_REASON.get(fact.stop_reason, fact.stop_reason).value
    return info


def _event_type(fact: TransactionEvent) -> str:
    match fact:
        case TransactionStarted():
            return "Started"
        case TransactionUpdated() | EnergySampled():
            return "Updated"
        case TransactionEnded():
            return "Ended"
    assert_never(fact)
