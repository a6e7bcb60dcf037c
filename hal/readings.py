"""What parts report: frozen values with units in their names."""

from dataclasses import dataclass
from enum import StrEnum


class PilotState(StrEnum):
    """IEC 61851-1 annex A: A no EV, B connected, C wants energy, D with ventilation, E short or no supply, F error."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"


@dataclass(frozen=True, slots=True)
class MeterReading:
    """What one meter said at `mono_s` (the clock given to the driver), None where it does not measure it.

    Energy is in whole watt-hours of the meter's own registers. Per-phase values are (L1, L2, L3), as many as
    the meter has. Power is positive towards the vehicle.
    """

    mono_s: float
    energy_import_wh: int
    energy_export_wh: int | None = None
    power_w: float | None = None
    phase_power_w: tuple[float, ...] = ()
    current_a: tuple[float, ...] = ()
    voltage_v: tuple[float, ...] = ()
    frequency_hz: float | None = None
    power_factor: float | None = None
    soc_percent: float | None = None
    temperature_c: float | None = None


@dataclass(frozen=True, slots=True)
class TokenReading:
    """A token a reader saw: its value as OCPP carries it and its IdTokenEnumType."""

    value: str
    type: str = "ISO14443"


@dataclass(frozen=True, slots=True)
class FaultReading:
    """A fault input moved. `fault` is one of hal.readings.FAULT_NAMES."""

    fault: str
    active: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LimitReading:
    """The most current per phase that a device allows now; None where it limits nothing. `detail` says why."""

    max_current_a: float | None
    detail: str = ""


FAULT_NAMES = (
    "GroundFailure",
    "OverCurrentFailure",
    "UnderVoltage",
    "OverVoltage",
    "HighTemperature",
    "HighTemperatureDerate",
    "WeldedContactor",
    "ContactorFailure",
    "ConnectorLockFailure",
    "PowerMeterFailure",
    "ReaderFailure",
    "DiodeFault",
    "PilotFault",
    "EmergencyStop",
    "BoardLost",
    "WeakSignal",
    "AuthorizationTimeout",
    "InvalidVehicleMode",
    "CableCheckFault",
    "PreChargeFault",
    "NoInternet",
    "PowerLoss",
    "EVContactorFault",
    "CableOverTempDerate",
    "CableOverTempStop",
    "PartialInsertion",
    "CapacitanceFault",
    "ResistanceFault",
    "ProximityFault",
    "ConnectorVoltageHigh",
    "BrokenLatch",
    "CutCable",
    "DoorOpen",
    "SensorFailure",
    "OtherError",
)
"""The conditions that parts and ports report, by the names the local API uses."""
