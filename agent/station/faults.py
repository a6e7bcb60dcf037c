"""The one catalogue of faults: what each does to a charge, and how both versions and people are told of it.

CX001 to CX026 are the Minimum Required Error Codes of the ChargeX Consortium (INL, inl.gov/chargex/mrec); what has
no code there is ours. Components and variables are those of 2.0.1 part 2, appendix 3.
"""

from enum import StrEnum

from agent.frozen import dataclass
from agent.station.facts import StopReason
from agent.station.fault_names import Fault

__all__ = ["FAULTS", "Clearing", "Fault", "FaultEffect"]


class Clearing(StrEnum):
    """How a fault ends."""

    BY_ITSELF = "when its cause is gone"
    WITH_VEHICLE = "when its cause is gone and the vehicle left"


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultEffect:
    """What a fault means.

    `cuts_power`: no energy while it lasts. `ends_transaction`: a running transaction ends with `stop_reason`.
    `inoperative`: the connector shows Faulted while it lasts. `mrec`: its ChargeX code, empty where it has none.
    `code_16`: ChargePointErrorCode of a 1.6 StatusNotification. `component`, `variable`: of a 2.x NotifyEvent.
    """

    mrec: str
    code_16: str
    component: str
    variable: str
    clears: Clearing
    stop_reason: StopReason
    cuts_power: bool
    ends_transaction: bool
    inoperative: bool


_STOPS = (True, True, True)
"""Cuts power, ends the transaction, takes the connector out of service."""
_PAUSES = (True, False, True)
"""Cuts power while it lasts; the transaction waits."""
_WARNS = (False, False, False)


def _fault(
    mrec: str,
    does: tuple[bool, bool, bool],
    code_16: str,
    variable: str,
    *,
    clears: Clearing = Clearing.BY_ITSELF,
    reason: StopReason = StopReason.OTHER,
) -> FaultEffect:
    """`variable` is Component.Variable."""
    cuts_power, ends_transaction, inoperative = does
    component, _, name = variable.partition(".")
    return FaultEffect(
        mrec=mrec,
        code_16=code_16,
        component=component,
        variable=name,
        clears=clears,
        stop_reason=reason,
        cuts_power=cuts_power,
        ends_transaction=ends_transaction,
        inoperative=inoperative,
    )


_WITH_VEHICLE = Clearing.WITH_VEHICLE

FAULTS: dict[Fault, FaultEffect] = {
    Fault.CONNECTOR_LOCK: _fault(
        "CX001", _STOPS, "ConnectorLockFailure", "ConnectorPlugRetentionLock.Problem", clears=_WITH_VEHICLE
    ),
    Fault.GROUND_FAILURE: _fault("CX002", _STOPS, "GroundFailure", "RCD.Tripped", reason=StopReason.GROUND_FAULT),
    Fault.HIGH_TEMPERATURE: _fault("CX003", _PAUSES, "HighTemperature", "TemperatureSensor.Problem"),
    Fault.HIGH_TEMPERATURE_DERATE: _fault("CX003", _WARNS, "HighTemperature", "TemperatureSensor.Problem"),
    Fault.OVER_CURRENT: _fault(
        "CX004",
        _STOPS,
        "OverCurrentFailure",
        "OverCurrentProtection.Tripped",
        clears=_WITH_VEHICLE,
        reason=StopReason.OVERCURRENT_FAULT,
    ),
    Fault.OVER_VOLTAGE: _fault(
        "CX005", _PAUSES, "OverVoltage", "ElectricalFeed.Problem", reason=StopReason.POWER_QUALITY
    ),
    Fault.UNDER_VOLTAGE: _fault(
        "CX006", _PAUSES, "UnderVoltage", "ElectricalFeed.Problem", reason=StopReason.POWER_QUALITY
    ),
    Fault.WEAK_SIGNAL: _fault("CX007", _WARNS, "WeakSignal", "DataLink.Problem"),
    Fault.EMERGENCY_STOP: _fault(
        "CX008", _STOPS, "OtherError", "EmergencyStopSensor.Tripped", reason=StopReason.EMERGENCY_STOP
    ),
    Fault.AUTHORIZATION_TIMEOUT: _fault("CX009", _WARNS, "OtherError", "AuthCtrlr.Problem", clears=_WITH_VEHICLE),
    Fault.INVALID_VEHICLE_MODE: _fault("CX010", _PAUSES, "OtherError", "ConnectedEV.Problem", clears=_WITH_VEHICLE),
    Fault.CABLE_CHECK: _fault("CX011", _STOPS, "OtherError", "GroundIsolationProtection.Problem", clears=_WITH_VEHICLE),
    Fault.PRE_CHARGE: _fault("CX012", _STOPS, "OtherError", "AcDcConverter.Problem", clears=_WITH_VEHICLE),
    Fault.NO_INTERNET: _fault("CX013", _WARNS, "OtherError", "DataLink.Problem"),
    Fault.PILOT: _fault("CX014", _STOPS, "EVCommunicationError", "CPPWMController.Problem"),
    Fault.DIODE: _fault("CX014", _STOPS, "EVCommunicationError", "CPPWMController.Problem"),
    Fault.POWER_LOSS: _fault("CX015", _PAUSES, "OtherError", "ElectricalFeed.Problem", reason=StopReason.POWER_LOSS),
    Fault.EV_CONTACTOR: _fault("CX016", _STOPS, "OtherError", "ConnectedEV.Problem", clears=_WITH_VEHICLE),
    Fault.WELDED_CONTACTOR: _fault("CX017", _STOPS, "PowerSwitchFailure", "PowerContactor.Problem"),
    Fault.CONTACTOR_FAILURE: _fault(
        "CX017", _STOPS, "PowerSwitchFailure", "PowerContactor.Problem", clears=_WITH_VEHICLE
    ),
    Fault.CABLE_DERATE: _fault("CX018", _WARNS, "HighTemperature", "TemperatureSensor.Problem"),
    Fault.CABLE_STOP: _fault("CX019", _PAUSES, "HighTemperature", "TemperatureSensor.Problem"),
    Fault.PARTIAL_INSERTION: _fault("CX020", _PAUSES, "OtherError", "Connector.Problem"),
    Fault.CAPACITANCE: _fault("CX021", _STOPS, "OtherError", "GroundIsolationProtection.Problem", clears=_WITH_VEHICLE),
    Fault.RESISTANCE: _fault(
        "CX022",
        _STOPS,
        "GroundFailure",
        "GroundIsolationProtection.Problem",
        clears=_WITH_VEHICLE,
        reason=StopReason.GROUND_FAULT,
    ),
    Fault.PROXIMITY: _fault("CX023", _STOPS, "OtherError", "Connector.Problem"),
    Fault.CONNECTOR_VOLTAGE: _fault("CX024", _STOPS, "OverVoltage", "Connector.Problem"),
    Fault.BROKEN_LATCH: _fault("CX025", _STOPS, "ConnectorLockFailure", "Connector.Problem"),
    Fault.CUT_CABLE: _fault("CX026", _STOPS, "OtherError", "CableBreakawaySensor.Tripped"),
    # Energy that nobody can bill must not flow.
    Fault.POWER_METER: _fault("", _STOPS, "PowerMeterFailure", "FiscalMetering.Problem"),
    # A dead reader does not hurt a running charge, and remote starts still work.
    Fault.READER: _fault("", _WARNS, "ReaderFailure", "TokenReader.Problem"),
    Fault.SENSOR: _fault("", _WARNS, "OtherError", "TemperatureSensor.Problem"),
    Fault.BOARD_LOST: _fault("", _STOPS, "InternalError", "Controller.Problem"),
    Fault.DOOR_OPEN: _fault("", _PAUSES, "OtherError", "CaseAccessSensor.Tripped"),
    Fault.OTHER: _fault("", _STOPS, "OtherError", "ChargingStation.Problem"),
}
