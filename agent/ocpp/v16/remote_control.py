"""RemoteStart/StopTransaction, Reset, TriggerMessage, UnlockConnector (1.6 sections 5.11, 5.12, 5.14, 5.17, 5.18)."""

from agent.ocpp.adapter import JsonObject, Topology, WrongPayload
from agent.ocpp.v16.action import ACCEPTED_OR_REJECTED, Action, status_encoder
from agent.ocpp.v16.connectors import located
from agent.ocpp.v16.smart_charging import profile_of
from agent.station.commands import (
    Answer,
    Command,
    Outcome,
    RequestStart,
    RequestStop,
    Reset,
    ResetKind,
    TriggeredMessage,
    TriggerMessage,
    UnlockConnector,
)
from agent.station.id_token import IdToken

# 5.17: a connectorId that means nothing to the message is ignored.
_WITHOUT_CONNECTOR = frozenset({TriggeredMessage.BOOT_NOTIFICATION, TriggeredMessage.HEARTBEAT})

# 1.6 section 7.32; DiagnosticsStatusNotification and FirmwareStatusNotification are not sent.
_TRIGGERED = {
    message.value: message
    for message in (
        TriggeredMessage.BOOT_NOTIFICATION,
        TriggeredMessage.HEARTBEAT,
        TriggeredMessage.METER_VALUES,
        TriggeredMessage.STATUS_NOTIFICATION,
    )
}


def decode_remote_start(payload: JsonObject, topology: Topology) -> RequestStart:
    """The idTag becomes a token of type Central: the CSMS named it, no reader saw it.

    Raises WrongPayload for a charging profile that names a transaction (errata 3.41) or unreadable times.
    """
    number, profile = payload.get("connectorId"), payload.get("chargingProfile")
    if profile is not None and "transactionId" in profile:
        raise WrongPayload("PropertyConstraintViolation", "the transaction is not known yet: leave transactionId out")
    return RequestStart(
        token=IdToken(payload["idTag"], "Central"),
        evse_id=None if number is None else located(int(number), topology)[0],
        profile=None if profile is None else profile_of(profile),
    )


def decode_remote_stop(payload: JsonObject, _topology: Topology) -> RequestStop:
    """1.6 knows the transaction by its number only."""
    return RequestStop(transaction_id="", id_16=int(payload["transactionId"]))


def decode_reset(payload: JsonObject, _topology: Topology) -> Reset:
    """Both kinds stop transactions first; Soft restarts the application, Hard the controller (errata 3.36)."""
    return Reset(kind=ResetKind.IMMEDIATE, reboot=payload["type"] == "Hard")


def decode_trigger(payload: JsonObject, topology: Topology) -> TriggerMessage:
    """connectorId 0 is the charge point itself; without one, all of them are meant (5.17)."""
    message = _TRIGGERED.get(payload["requestedMessage"], TriggeredMessage.OTHER)
    number = payload.get("connectorId")
    evse_id: int | None
    connector_id: int | None
    if number is None or message in _WITHOUT_CONNECTOR:
        evse_id, connector_id = None, None
    elif number == 0:
        evse_id, connector_id = 0, None
    else:
        evse_id, connector_id = located(int(number), topology)
    return TriggerMessage(
        message=message,
        evse_id=evse_id,
        connector_id=connector_id,
        boot_when_accepted=True,
        sampled_measurands=True,
    )


def encode_trigger(command: Command, answer: Answer, topology: Topology) -> JsonObject:
    """NotImplemented for messages that are never sent, whatever the station made of them."""
    if isinstance(command, TriggerMessage) and command.message is TriggeredMessage.OTHER:
        return {"status": "NotImplemented"}
    return _trigger_status(command, answer, topology)


def decode_unlock(payload: JsonObject, topology: Topology) -> UnlockConnector:
    """A running transaction is stopped first (5.18)."""
    evse_id, connector_id = located(int(payload["connectorId"]), topology)
    return UnlockConnector(evse_id=evse_id, connector_id=connector_id, stops_transaction=True)


_trigger_status = status_encoder(
    {Outcome.ACCEPTED: "Accepted", Outcome.NOT_IMPLEMENTED: "NotImplemented"}, otherwise="Rejected"
)
# NotSupported: no lock, or no such connector (errata 3.87). A lock that was tried, or may not be, has failed.
_unlock_status = status_encoder(
    {
        Outcome.UNLOCKED: "Unlocked",
        Outcome.ACCEPTED: "Unlocked",
        Outcome.UNLOCK_FAILED: "UnlockFailed",
        Outcome.FAILED: "UnlockFailed",
        Outcome.ONGOING_AUTHORIZED_TRANSACTION: "UnlockFailed",
    },
    otherwise="NotSupported",
)

ACTIONS = {
    "RemoteStartTransaction": Action(RequestStart, decode_remote_start, ACCEPTED_OR_REJECTED),
    "RemoteStopTransaction": Action(RequestStop, decode_remote_stop, ACCEPTED_OR_REJECTED),
    "Reset": Action(Reset, decode_reset, ACCEPTED_OR_REJECTED),
    "TriggerMessage": Action(TriggerMessage, decode_trigger, encode_trigger),
    "UnlockConnector": Action(UnlockConnector, decode_unlock, _unlock_status),
}
