"""BootNotification and Heartbeat (1.6 sections 4.2 and 4.6)."""

from datetime import datetime

from agent.ocpp.adapter import BootAnswer, Call, JsonObject, Registration, StationIdentity, WrongPayload
from agent.ocpp.v16.timestamps import parse_time

# 1.6 section 6.3: CiString20Type, CiString25Type, CiString50Type
_FIELDS: tuple[tuple[str, str, int], ...] = (
    ("chargePointVendor", "vendor", 20),
    ("chargePointModel", "model", 20),
    ("chargePointSerialNumber", "serial_number", 25),
    ("firmwareVersion", "firmware_version", 50),
    ("iccid", "iccid", 20),
    ("imsi", "imsi", 20),
    ("meterType", "meter_type", 25),
    ("meterSerialNumber", "meter_serial_number", 25),
)


def boot_notification(identity: StationIdentity) -> Call:
    """Who this station is; texts longer than 1.6 allows are cut, for a refused boot would serve nobody."""
    told = {name: getattr(identity, field) for name, field, _ in _FIELDS}
    return Call(
        "BootNotification", {name: told[name][:longest] for name, _, longest in _FIELDS if told[name] is not None}
    )


def boot_answer(payload: JsonObject) -> BootAnswer:
    """Raises WrongPayload where the time cannot be read."""
    return BootAnswer(
        status=Registration(payload["status"]),
        interval_s=max(0, int(payload["interval"])),
        current_time=_current_time(payload),
    )


def heartbeat() -> Call:
    """The sign of life that brings back the time."""
    return Call("Heartbeat", {})


def heartbeat_answer(payload: JsonObject) -> datetime:
    """The CSMS's UTC. Raises WrongPayload where it cannot be read."""
    return _current_time(payload)


def _current_time(payload: JsonObject) -> datetime:
    try:
        return parse_time(payload["currentTime"])
    except ValueError as error:
        raise WrongPayload("PropertyConstraintViolation", "currentTime is not an ISO 8601 time") from error
