"""StatusNotification (G01)."""

from datetime import datetime

from agent.ocpp.adapter import Call
from agent.ocpp.v201.data_types import rfc3339
from agent.station.connector import ConnectorStatus
from agent.station.effects import ReportStatus

STATUS = {
    ConnectorStatus.AVAILABLE: "Available",
    ConnectorStatus.PREPARING: "Occupied",
    ConnectorStatus.CHARGING: "Occupied",
    ConnectorStatus.SUSPENDED_EVSE: "Occupied",
    ConnectorStatus.SUSPENDED_EV: "Occupied",
    ConnectorStatus.FINISHING: "Occupied",
    ConnectorStatus.RESERVED: "Reserved",
    ConnectorStatus.UNAVAILABLE: "Unavailable",
    ConnectorStatus.FAULTED: "Faulted",
}
"""ConnectorStatusEnumType of each status of ours."""


def status_notification(report: ReportStatus, *, at: datetime) -> Call | None:
    """StatusNotificationRequest; None for the station as a whole, of which 2.x has no status message."""
    if report.evse_id < 1 or report.connector_id < 1:
        return None
    return Call(
        "StatusNotification",
        {
            "timestamp": rfc3339(at),
            "connectorStatus": STATUS[report.status],
            "evseId": report.evse_id,
            "connectorId": report.connector_id,
        },
    )
