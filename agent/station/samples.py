"""Meter samples as the station sees them, in the words of OCPP."""

from enum import StrEnum

from agent.clock import Moment
from agent.frozen import dataclass
from agent.units import Wh


class Measurand(StrEnum):
    """The measurands that both versions know and a charger's meter can deliver."""

    ENERGY_ACTIVE_IMPORT_REGISTER = "Energy.Active.Import.Register"
    ENERGY_ACTIVE_EXPORT_REGISTER = "Energy.Active.Export.Register"
    ENERGY_REACTIVE_IMPORT_REGISTER = "Energy.Reactive.Import.Register"
    ENERGY_REACTIVE_EXPORT_REGISTER = "Energy.Reactive.Export.Register"
    ENERGY_ACTIVE_IMPORT_INTERVAL = "Energy.Active.Import.Interval"
    POWER_ACTIVE_IMPORT = "Power.Active.Import"
    POWER_ACTIVE_EXPORT = "Power.Active.Export"
    POWER_REACTIVE_IMPORT = "Power.Reactive.Import"
    POWER_OFFERED = "Power.Offered"
    POWER_FACTOR = "Power.Factor"
    CURRENT_IMPORT = "Current.Import"
    CURRENT_OFFERED = "Current.Offered"
    VOLTAGE = "Voltage"
    FREQUENCY = "Frequency"
    TEMPERATURE = "Temperature"
    SOC = "SoC"


class Context(StrEnum):
    """ReadingContext of both versions."""

    TRANSACTION_BEGIN = "Transaction.Begin"
    TRANSACTION_END = "Transaction.End"
    SAMPLE_PERIODIC = "Sample.Periodic"
    SAMPLE_CLOCK = "Sample.Clock"
    INTERRUPTION_BEGIN = "Interruption.Begin"
    INTERRUPTION_END = "Interruption.End"
    TRIGGER = "Trigger"
    OTHER = "Other"


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measured value: SI unit as OCPP spells it (Wh, W, A, V, Hz, Celsius, Percent, or empty)."""

    measurand: Measurand
    value: int | float
    unit: str
    phase: str | None = None
    location: str = "Outlet"


@dataclass(frozen=True, slots=True)
class MeterSample:
    """All that one EVSE's meter said at one moment; `energy_wh` is the import register that bills."""

    evse_id: int
    at: Moment
    energy_wh: Wh
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True, slots=True)
class MeterValue:
    """What is reported of a sample: the configured measurands, and why it was taken."""

    at: Moment
    context: Context
    quantities: tuple[Quantity, ...]
