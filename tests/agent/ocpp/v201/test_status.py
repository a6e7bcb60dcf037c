"""StatusNotification."""

import dataclasses
from datetime import datetime

import pytest

from agent.clock import Moment
from agent.ocpp.v201.status import STATUS, status_notification
from agent.station.connector import ConnectorStatus
from agent.station.effects import ReportStatus
from tests.agent.ocpp.v201.schema_check import Sent


@pytest.mark.parametrize("status", ConnectorStatus)
def test_every_status_has_a_word(status: ConnectorStatus, moment: Moment, at: datetime, sent: Sent) -> None:
    payload = sent(status_notification(ReportStatus(2, 1, status, moment), at=at))

    assert payload == {
        "timestamp": "2026-03-04T05:06:07.891Z",
        "connectorStatus": STATUS[status],
        "evseId": 2,
        "connectorId": 1,
    }


def test_the_station_as_a_whole_has_no_status_message(moment: Moment, at: datetime) -> None:
    report = ReportStatus(0, 0, ConnectorStatus.AVAILABLE, moment)

    assert status_notification(report, at=at) is None
    assert status_notification(dataclasses.replace(report, evse_id=1), at=at) is None
