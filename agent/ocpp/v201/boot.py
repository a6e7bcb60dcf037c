"""BootNotification (B01) and Heartbeat (G02)."""

from datetime import datetime

from agent.ocpp.adapter import BootAnswer, BootReason, Call, JsonObject, Registration, StationIdentity
from agent.ocpp.v201.data_types import parse_time

# ChargingStationType and ModemType: longest texts
_MAX_SERIAL_NUMBER = 25
_MAX_MODEL = 20
_MAX_VENDOR = 50
_MAX_FIRMWARE = 50
_MAX_SIM = 20


def boot_notification(identity: StationIdentity, reason: BootReason) -> Call:
    """Who we are and why we start; texts that are too long are cut rather than keeping the station off line."""
    station: JsonObject = {"model": identity.model[:_MAX_MODEL], "vendorName": identity.vendor[:_MAX_VENDOR]}
    if identity.serial_number:
        station["serialNumber"] = identity.serial_number[:_MAX_SERIAL_NUMBER]
    if identity.firmware_version:
        station["firmwareVersion"] = identity.firmware_version[:_MAX_FIRMWARE]
    modem = {name: value[:_MAX_SIM] for name, value in (("iccid", identity.iccid), ("imsi", identity.imsi)) if value}
    if modem:
        station["modem"] = modem
    return Call("BootNotification", {"reason": reason.value, "chargingStation": station})


def boot_answer(payload: JsonObject) -> BootAnswer:
    """Status, interval in seconds (never negative) and the CSMS's time."""
    return BootAnswer(
        status=Registration(payload["status"]),
        interval_s=max(0, int(payload["interval"])),
        current_time=parse_time(payload["currentTime"]),
    )


def heartbeat() -> Call:
    """A Heartbeat has no fields."""
    return Call("Heartbeat", {})


def heartbeat_answer(payload: JsonObject) -> datetime:
    """The CSMS's time."""
    return parse_time(payload["currentTime"])
