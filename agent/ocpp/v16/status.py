"""StatusNotification (1.6 section 4.9)."""

from datetime import datetime

from agent.ocpp.adapter import Call, JsonObject, Topology
from agent.ocpp.v16.timestamps import format_time
from agent.station.connector import ConnectorStatus
from agent.station.effects import ReportStatus
from agent.station.faults import FAULTS, Fault

MAX_INFO = 50  # 1.6 section 6.47: CiString50Type
MREC_VENDOR = "https://chargex.inl.gov"
"""Whose vendorErrorCode CX001 to CX026 are."""

# 1.6 section 4.9: connectorId 0 knows three words; whatever else goes on happens at the connectors.
_STATION_STATUSES = frozenset({ConnectorStatus.AVAILABLE, ConnectorStatus.UNAVAILABLE, ConnectorStatus.FAULTED})

# 1.6 section 4.9: EVCommunicationError is a warning and goes with these only.
_EV_ERROR_STATUSES = frozenset(
    {
        ConnectorStatus.PREPARING,
        ConnectorStatus.SUSPENDED_EV,
        ConnectorStatus.SUSPENDED_EVSE,
        ConnectorStatus.FINISHING,
    }
)


def status_notification(report: ReportStatus, *, at: datetime, topology: Topology) -> Call:
    """A connector's status with the fault behind it; EVSE 0 is connector 0, the charge point itself."""
    number = topology.connector_number(report.evse_id, report.connector_id)
    known = number > 0 or report.status in _STATION_STATUSES
    payload: JsonObject = {
        "connectorId": number,
        "status": (report.status if known else ConnectorStatus.AVAILABLE).value,
        **_error(report.fault, status=report.status),
        "timestamp": format_time(at),
    }
    if report.detail or report.fault is not None:
        payload["info"] = (report.detail or str(report.fault))[:MAX_INFO]
    return Call("StatusNotification", payload)


def _error(fault: Fault | None, *, status: ConnectorStatus) -> JsonObject:
    if fault is None:
        return {"errorCode": "NoError"}
    effect = FAULTS[fault]
    code = effect.code_16
    if code == "EVCommunicationError" and status not in _EV_ERROR_STATUSES:
        code = "OtherError"
    if effect.mrec:
        return {"errorCode": code, "vendorErrorCode": effect.mrec, "vendorId": MREC_VENDOR}
    # 1.6 section 7.6: more information in vendorErrorCode
    says_all = code == fault.value and code != "OtherError"
    return {"errorCode": code} if says_all else {"errorCode": code, "vendorErrorCode": fault.value}
