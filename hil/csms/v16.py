"""The well-behaved CSMS of 1.6: one default answer an action."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from hil.csms.desk import Desk
from hil.csms.frame import Payload
from hil.csms.tokens import id_tag_info, stamp

Default: TypeAlias = Callable[[Desk, str, Payload], dict[str, Any]]


def boot_notification(desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """Accept the station."""
    return {"status": "Accepted", "currentTime": stamp(desk.now()), "interval": desk.heartbeat_interval_s}


def heartbeat(desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """Tell the time."""
    return {"currentTime": stamp(desk.now())}


def authorize(desk: Desk, _identity: str, payload: Payload) -> dict[str, Any]:
    """Look the tag up."""
    return {"idTagInfo": id_tag_info(desk.tokens.find(payload["idTag"]), now=desk.now())}


def start_transaction(desk: Desk, identity: str, payload: Payload) -> dict[str, Any]:
    """Look the tag up and give the transaction its number."""
    return {
        "transactionId": desk.ledger.assign_transaction_id(identity, payload),
        "idTagInfo": id_tag_info(desk.tokens.find(payload["idTag"]), now=desk.now()),
    }


def stop_transaction(desk: Desk, _identity: str, payload: Payload) -> dict[str, Any]:
    """Look the tag up when there is one."""
    if "idTag" not in payload:
        return {}
    return {"idTagInfo": id_tag_info(desk.tokens.find(payload["idTag"]), now=desk.now())}


def acknowledge(_desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """Take note."""
    return {}


def accept(_desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """Say Accepted."""
    return {"status": "Accepted"}


def data_transfer(_desk: Desk, _identity: str, _payload: Payload) -> dict[str, Any]:
    """The bench knows no vendor."""
    return {"status": "UnknownVendorId"}


ANSWERS: Final[Mapping[str, Default]] = {
    "Authorize": authorize,
    "BootNotification": boot_notification,
    "DataTransfer": data_transfer,
    "DiagnosticsStatusNotification": acknowledge,
    "FirmwareStatusNotification": acknowledge,
    "Heartbeat": heartbeat,
    "LogStatusNotification": acknowledge,
    "MeterValues": acknowledge,
    "SecurityEventNotification": acknowledge,
    "SignCertificate": accept,
    "SignedFirmwareStatusNotification": acknowledge,
    "StartTransaction": start_transaction,
    "StatusNotification": acknowledge,
    "StopTransaction": stop_transaction,
}
