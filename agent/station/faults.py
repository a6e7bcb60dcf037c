"""Faults by name: what each one does to a charge."""

from enum import StrEnum

from agent.frozen import dataclass
from agent.station.facts import StopReason


class Fault(StrEnum):
    """The conditions a port or a driver can report."""

    GROUND_FAILURE = "GroundFailure"
    OVER_CURRENT = "OverCurrentFailure"
    UNDER_VOLTAGE = "UnderVoltage"
    OVER_VOLTAGE = "OverVoltage"
    HIGH_TEMPERATURE = "HighTemperature"
    WELDED_CONTACTOR = "WeldedContactor"
    CONTACTOR_FAILURE = "ContactorFailure"
    CONNECTOR_LOCK = "ConnectorLockFailure"
    POWER_METER = "PowerMeterFailure"
    READER = "ReaderFailure"
    DIODE = "DiodeFault"
    PILOT = "PilotFault"
    EMERGENCY_STOP = "EmergencyStop"
    BOARD_LOST = "BoardLost"
    OTHER = "OtherError"


@dataclass(frozen=True, slots=True)
class FaultEffect:
    """What a fault means.

    `cuts_power`: no energy while it lasts. `ends_transaction`: a running transaction ends with `stop_reason`.
    `inoperative`: the connector shows Faulted while it lasts.
    `code_16` and `vendor_code`: ChargePointErrorCode and vendorErrorCode of a 1.6 StatusNotification.
    """

    cuts_power: bool
    ends_transaction: bool
    inoperative: bool
    stop_reason: StopReason
    code_16: str
    vendor_code: str = ""


def _stops(stop_reason: StopReason, code_16: str, vendor_code: str = "") -> FaultEffect:
    """A fault that cuts power, ends the transaction and takes the connector out of service."""
    return FaultEffect(
        cuts_power=True,
        ends_transaction=True,
        inoperative=True,
        stop_reason=stop_reason,
        code_16=code_16,
        vendor_code=vendor_code,
    )


def _pauses(stop_reason: StopReason, code_16: str) -> FaultEffect:
    """A fault that cuts power while it lasts and lets the transaction wait."""
    return FaultEffect(
        cuts_power=True, ends_transaction=False, inoperative=True, stop_reason=stop_reason, code_16=code_16
    )


FAULTS: dict[Fault, FaultEffect] = {
    Fault.GROUND_FAILURE: _stops(StopReason.GROUND_FAULT, "GroundFailure"),
    Fault.OVER_CURRENT: _stops(StopReason.OVERCURRENT_FAULT, "OverCurrentFailure"),
    Fault.UNDER_VOLTAGE: _pauses(StopReason.POWER_QUALITY, "UnderVoltage"),
    Fault.OVER_VOLTAGE: _pauses(StopReason.POWER_QUALITY, "OverVoltage"),
    Fault.HIGH_TEMPERATURE: _pauses(StopReason.OTHER, "HighTemperature"),
    Fault.WELDED_CONTACTOR: _stops(StopReason.OTHER, "PowerSwitchFailure"),
    Fault.CONTACTOR_FAILURE: _stops(StopReason.OTHER, "PowerSwitchFailure", "ContactorFailure"),
    Fault.CONNECTOR_LOCK: _stops(StopReason.OTHER, "ConnectorLockFailure"),
    # Energy that nobody can bill must not flow.
    Fault.POWER_METER: _stops(StopReason.OTHER, "PowerMeterFailure"),
    # A dead reader does not hurt a running charge, and remote starts still work.
    Fault.READER: FaultEffect(
        cuts_power=False,
        ends_transaction=False,
        inoperative=False,
        stop_reason=StopReason.OTHER,
        code_16="ReaderFailure",
    ),
    Fault.DIODE: _stops(StopReason.OTHER, "EVCommunicationError"),
    Fault.PILOT: _stops(StopReason.OTHER, "EVCommunicationError", "PilotFault"),
    Fault.EMERGENCY_STOP: _stops(StopReason.EMERGENCY_STOP, "OtherError", "EmergencyStop"),
    Fault.BOARD_LOST: _stops(StopReason.OTHER, "InternalError", "BoardLost"),
    Fault.OTHER: _stops(StopReason.OTHER, "OtherError"),
}
