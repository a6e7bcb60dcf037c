"""NotifyEvent of faults (N07, G05): hard-wired, queued while offline, told once when each begins and ends."""

from collections.abc import Callable
from datetime import datetime

from agent.clock import Moment
from agent.ocpp.adapter import Call, JsonObject
from agent.ocpp.v201.data_types import rfc3339
from agent.station.facts import FaultNoted
from agent.station.faults import FAULTS

MAX_TECH_INFO = 500  # EventDataType.techInfo


def notify_event(fact: FaultNoted, *, wall: Callable[[Moment], datetime]) -> Call:
    """NotifyEventRequest with one event; its techCode is the ChargeX code, or our name where there is none."""
    effect = FAULTS[fact.fault]
    at = rfc3339(wall(fact.at))
    component: JsonObject = {"name": effect.component}
    if fact.evse_id > 0:
        component["evse"] = {"id": fact.evse_id}
    event: JsonObject = {
        "eventId": fact.event_id,
        "timestamp": at,
        "trigger": "Alerting",  # what EventTriggerEnumType says of hard-wired notifications
        "actualValue": str(fact.active).lower(),
        "techCode": effect.mrec or fact.fault.value,
        "techInfo": (f"{fact.fault}: {fact.detail}" if fact.detail else str(fact.fault))[:MAX_TECH_INFO],
        "cleared": not fact.active,  # N07.FR.02, N07.FR.14
        "eventNotificationType": "HardWiredNotification",
        "component": component,
        "variable": {"name": effect.variable},
    }
    if fact.transaction_id is not None:
        event["transactionId"] = fact.transaction_id
    return Call("NotifyEvent", {"generatedAt": at, "seqNo": 0, "eventData": [event]})  # N07.FR.07
