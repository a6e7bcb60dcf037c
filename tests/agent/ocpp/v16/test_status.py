from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import Moment
from agent.ocpp.v16.adapter import Adapter16
from agent.station.connector import ConnectorStatus
from agent.station.effects import ReportStatus
from agent.station.faults import FAULTS, Fault

AT = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MOMENT = Moment(wall=AT, mono_s=1.0, boot="b")


def told(adapter: Adapter16, report: ReportStatus) -> dict[str, Any]:
    call = adapter.status_notification(report, at=AT)
    assert call is not None
    return call.payload


def test_a_status_names_the_connector_as_1_6_counts_it(adapter: Adapter16) -> None:
    payload = told(adapter, ReportStatus(3, 1, ConnectorStatus.CHARGING, MOMENT))

    assert payload == {
        "connectorId": 3,
        "errorCode": "NoError",
        "status": "Charging",
        "timestamp": "2026-05-04T12:00:00.000Z",
    }


def test_evse_0_is_connector_0(adapter: Adapter16) -> None:
    payload = told(adapter, ReportStatus(0, 0, ConnectorStatus.UNAVAILABLE, MOMENT))

    assert (payload["connectorId"], payload["status"]) == (0, "Unavailable")


def test_the_charge_point_itself_never_shows_a_status_of_connectors(adapter: Adapter16) -> None:
    payload = told(adapter, ReportStatus(0, 0, ConnectorStatus.CHARGING, MOMENT))

    assert payload["status"] == "Available"


def test_a_fault_is_told_by_its_code(adapter: Adapter16) -> None:
    report = ReportStatus(1, 1, ConnectorStatus.FAULTED, MOMENT, fault=Fault.BOARD_LOST, detail="no heartbeat")

    payload = told(adapter, report)

    assert payload["errorCode"] == "InternalError"
    assert payload["vendorErrorCode"] == "BoardLost"
    assert payload["info"] == "no heartbeat"


@pytest.mark.parametrize(
    ("status", "code"),
    [(ConnectorStatus.FAULTED, "OtherError"), (ConnectorStatus.SUSPENDED_EVSE, "EVCommunicationError")],
)
def test_a_vehicle_error_goes_with_warnings_only(adapter: Adapter16, status: ConnectorStatus, code: str) -> None:
    payload = told(adapter, ReportStatus(1, 1, status, MOMENT, fault=Fault.PILOT))

    assert payload["errorCode"] == code
    assert (payload["vendorErrorCode"], payload["vendorId"]) == ("CX014", "https://chargex.inl.gov")
    assert payload["info"] == "PilotFault"


@pytest.mark.parametrize("fault", list(Fault))
def test_an_other_error_always_says_which(adapter: Adapter16, fault: Fault) -> None:
    payload = told(adapter, ReportStatus(1, 1, ConnectorStatus.FAULTED, MOMENT, fault=fault))

    assert payload["errorCode"] != "OtherError" or payload["vendorErrorCode"] in (fault.value, FAULTS[fault].mrec)


@given(
    evse=st.integers(0, 4),
    connector=st.integers(0, 3),
    status=st.sampled_from(ConnectorStatus),
    fault=st.none() | st.sampled_from(Fault),
    detail=st.text(max_size=80),
)
def test_every_status_fits_the_schema(
    adapter: Adapter16,
    fits_schema: Any,
    evse: int,
    connector: int,
    status: ConnectorStatus,
    fault: Fault | None,
    detail: str,
) -> None:
    payload = told(adapter, ReportStatus(evse, connector, status, MOMENT, fault=fault, detail=detail))

    fits_schema("StatusNotification", payload)
