"""NotifyEvent of faults."""

import pytest

from agent.clock import Moment
from agent.ocpp.v201.faults import notify_event
from agent.station.facts import FaultNoted
from agent.station.faults import FAULTS, Fault
from tests.agent.ocpp.v201.schema_check import Sent, Wall


def test_a_fault_that_began_tells_component_code_and_place(moment: Moment, wall: Wall, sent: Sent) -> None:
    fact = FaultNoted(
        at=moment,
        evse_id=2,
        fault=Fault.GROUND_FAILURE,
        active=True,
        event_id=7,
        detail="RCD of EVSE 2",
        transaction_id="tx-1",
    )

    payload = sent(notify_event(fact, wall=wall))

    assert payload == {
        "generatedAt": "2026-03-04T06:06:07.891Z",
        "seqNo": 0,
        "eventData": [
            {
                "eventId": 7,
                "timestamp": "2026-03-04T06:06:07.891Z",
                "trigger": "Alerting",
                "actualValue": "true",
                "techCode": "CX002",
                "techInfo": "GroundFailure: RCD of EVSE 2",
                "cleared": False,
                "transactionId": "tx-1",
                "eventNotificationType": "HardWiredNotification",
                "component": {"name": "RCD", "evse": {"id": 2}},
                "variable": {"name": "Tripped"},
            }
        ],
    }


def test_a_fault_that_ended_is_cleared(moment: Moment, wall: Wall, sent: Sent) -> None:
    fact = FaultNoted(at=moment, evse_id=0, fault=Fault.READER, active=False, event_id=8)

    (event,) = sent(notify_event(fact, wall=wall))["eventData"]

    assert (event["cleared"], event["actualValue"]) == (True, "false")
    assert event["component"] == {"name": "TokenReader"}
    assert (event["techCode"], event["techInfo"]) == ("ReaderFailure", "ReaderFailure")


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_fits_the_schema_however_long_its_detail(
    fault: Fault, moment: Moment, wall: Wall, sent: Sent
) -> None:
    fact = FaultNoted(at=moment, evse_id=1, fault=fault, active=True, event_id=1, detail="x" * 2000)

    (event,) = sent(notify_event(fact, wall=wall))["eventData"]

    assert event["techCode"] in (FAULTS[fault].mrec, fault.value)
