"""The well-behaved CSMS of 2.0.1, and what 2.1 adds: one default answer an action."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from hil.csms.desk import Desk
from hil.csms.frame import Payload
from hil.csms.tokens import id_token_info, stamp

Default: TypeAlias = Callable[[Desk, str, Payload], dict[str, Any]]


def boot_notification(desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """Accept the station."""
    return {"status": "Accepted", "currentTime": stamp(desk.now()), "interval": desk.heartbeat_interval_s}


def heartbeat(desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """Tell the time."""
    return {"currentTime": stamp(desk.now())}


def authorize(desk: Desk, _identity: str, payload: Payload) -> dict[str, Any]:
    """Look the token up; a contract certificate is found good."""
    reply: dict[str, Any] = {"idTokenInfo": _info(desk, payload["idToken"])}
    if "certificate" in payload or "iso15118CertificateHashData" in payload:
        reply["certificateStatus"] = "Accepted"
    return reply


def transaction_event(desk: Desk, _identity: str, payload: Payload) -> dict[str, Any]:
    """Look the token up when there is one."""
    return {"idTokenInfo": _info(desk, payload["idToken"])} if "idToken" in payload else {}


def acknowledge(_desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """Take note."""
    return {}


def accept(_desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """Say Accepted."""
    return {"status": "Accepted"}


def data_transfer(_desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """The bench knows no vendor."""
    return {"status": "UnknownVendorId"}


def ev_certificate(_desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """There is no contract certificate pool behind the bench."""
    return {"status": "Failed", "exiResponse": ""}


def certificate_status(_desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """There is no OCSP responder behind the bench."""
    return {"status": "Failed"}


def _info(desk: Desk, id_token: Payload) -> dict[str, Any]:
    if id_token.get("type") == "NoAuthorization":  # C02: energy without a token, the value may be empty
        return {"status": "Accepted"}
    return id_token_info(desk.tokens.find(str(id_token["idToken"])), now=desk.now())


ANSWERS: Final[Mapping[str, Default]] = {
    "Authorize": authorize,
    "BootNotification": boot_notification,
    "ClearedChargingLimit": acknowledge,
    "DataTransfer": data_transfer,
    "FirmwareStatusNotification": acknowledge,
    "Get15118EVCertificate": ev_certificate,
    "GetCertificateStatus": certificate_status,
    "Heartbeat": heartbeat,
    "LogStatusNotification": acknowledge,
    "MeterValues": acknowledge,
    "NotifyChargingLimit": acknowledge,
    "NotifyCustomerInformation": acknowledge,
    "NotifyDisplayMessages": acknowledge,
    "NotifyEVChargingNeeds": accept,
    "NotifyEVChargingSchedule": accept,
    "NotifyEvent": acknowledge,
    "NotifyMonitoringReport": acknowledge,
    "NotifyReport": acknowledge,
    "PublishFirmwareStatusNotification": acknowledge,
    "ReportChargingProfiles": acknowledge,
    "ReservationStatusUpdate": acknowledge,
    "SecurityEventNotification": acknowledge,
    "SignCertificate": accept,
    "StatusNotification": acknowledge,
    "TransactionEvent": transaction_event,
}

ANSWERS_21: Final[Mapping[str, Default]] = {
    **ANSWERS,
    "BatterySwap": acknowledge,
    "ClosePeriodicEventStream": acknowledge,
    "NotifyDERAlarm": acknowledge,
    "NotifyDERStartStop": acknowledge,
    "NotifyPriorityCharging": acknowledge,
    "NotifySettlement": acknowledge,
    "OpenPeriodicEventStream": accept,
    "ReportDERControl": acknowledge,
}
