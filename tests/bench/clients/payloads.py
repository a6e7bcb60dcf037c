"""The messages of the bare clients: as many values as the agent tells, nothing more."""

from datetime import UTC, datetime
from typing import Any

Payload = dict[str, Any]

KEY_16 = "HeartbeatInterval"
VARIABLE_201 = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
SAMPLED = (
    ("Energy.Active.Import.Register", "Wh", None),
    ("Power.Active.Import", "W", None),
    *(("Power.Active.Import", "W", phase) for phase in ("L1", "L2", "L3")),
    *(("Current.Import", "A", phase) for phase in ("L1", "L2", "L3")),
    *(("Voltage", "V", phase) for phase in ("L1-N", "L2-N", "L3-N")),
)
"""What the agent reports of a three-phase meter as it is delivered: measurand, unit, phase."""


def boot(version: str) -> Payload:
    """BootNotification.req."""
    if version == "ocpp1.6":
        return {"chargePointVendor": "Bare", "chargePointModel": "Floor"}
    return {"reason": "PowerUp", "chargingStation": {"vendorName": "Bare", "model": "Floor"}}


def meter_value(version: str, number: int) -> tuple[str, Payload]:
    """One periodic sample of a running transaction: the action and its payload."""
    stamp = now()
    values = [_sampled(version, measurand, unit, phase, number) for measurand, unit, phase in SAMPLED]
    told = [{"timestamp": stamp, "sampledValue": values}]
    if version == "ocpp1.6":
        return "MeterValues", {"connectorId": 1, "transactionId": 1, "meterValue": told}
    return "TransactionEvent", {
        "eventType": "Updated",
        "timestamp": stamp,
        "triggerReason": "MeterValuePeriodic",
        "seqNo": number,
        "transactionInfo": {"transactionId": "0d9f5f4e-0d4c-4d6c-9b0e-bb2b8f9a8d3c", "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": told,
    }


def answer(version: str, action: str) -> Payload:
    """What a client answers to what the bench asks."""
    del version
    if action == "GetConfiguration":
        return {"configurationKey": [{"key": KEY_16, "readonly": False, "value": "86400"}]}
    return {
        "getVariableResult": [
            {**VARIABLE_201, "attributeType": "Actual", "attributeStatus": "Accepted", "attributeValue": "86400"}
        ]
    }


def now() -> str:
    """UTC as OCPP writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sampled(version: str, measurand: str, unit: str, phase: str | None, number: int) -> Payload:
    value: Payload = {
        "value": str(230.0 + number) if version == "ocpp1.6" else 230.0 + number,
        "context": "Sample.Periodic",
        "measurand": measurand,
        "location": "Outlet",
    }
    if version == "ocpp1.6":
        value["unit"] = unit
    else:
        value["unitOfMeasure"] = {"unit": unit}
    if phase is not None:
        value["phase"] = phase
    return value
