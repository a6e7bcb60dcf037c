"""What a measurement means for the charge: a limit and faults. Pure; one judge for each sensor."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hal.readings import LimitReading
from hal.sysfs.derating import STOPPED_A, Curve, Derating, Threshold

SENSOR_FAILURE = "SensorFailure"
UNDER_VOLTAGE, OVER_VOLTAGE = "UnderVoltage", "OverVoltage"


class Place(StrEnum):
    """Where a temperature is measured."""

    INSIDE = "inside"
    CABLE = "cable"


DERATES = {Place.INSIDE: "HighTemperatureDerate", Place.CABLE: "CableOverTempDerate"}
STOPS = {Place.INSIDE: "HighTemperature", Place.CABLE: "CableOverTempStop"}


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a sensor said now; None for what it does not measure."""

    temperature_c: float | None = None
    voltage_v: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The limit, and the faults that are active with their details."""

    limit: LimitReading
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """`limit_without_a`: the most current per phase while the sensor cannot be believed."""

    curve: Curve
    hysteresis_c: float
    place: Place
    limit_without_a: float
    under_voltage_v: float | None = None
    over_voltage_v: float | None = None
    hysteresis_v: float = 0.0


class Judge:
    """Measurement by measurement. A failure never raises the limit, and a stop stands until the sensor ends it."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._derating = Derating(rules.curve, hysteresis_c=rules.hysteresis_c)
        self._under = Threshold(rules.under_voltage_v, hysteresis=rules.hysteresis_v, is_upper=False)
        self._over = Threshold(rules.over_voltage_v, hysteresis=rules.hysteresis_v, is_upper=True)
        self._limit_a = math.inf
        self._standing: dict[str, str] = {}

    def measured(self, measurement: Measurement) -> Verdict:
        """What a good measurement means."""
        faults: dict[str, str] = {}
        detail = ""
        if measurement.temperature_c is not None:
            self._limit_a = self._derating.limit_a(measurement.temperature_c)
            detail = self._heat(measurement.temperature_c, faults)
        if measurement.voltage_v is not None:
            self._supply(measurement.voltage_v, faults)
        # A fault that forbids energy stands while nobody knows better; one that only warns has nothing to hold back.
        self._standing = {name: why for name, why in faults.items() if name != DERATES[self._rules.place]}
        return Verdict(_limit(self._limit_a, detail), faults)

    def failed(self, reason: str) -> Verdict:
        """What it means that there is no measurement."""
        limit_a = min(self._rules.limit_without_a, self._limit_a)
        return Verdict(_limit(limit_a, reason), {SENSOR_FAILURE: reason, **self._standing})

    def _heat(self, temperature_c: float, faults: dict[str, str]) -> str:
        if math.isinf(self._limit_a):
            return ""
        place = self._rules.place
        detail = f"{place} at {temperature_c:.1f} °C"
        names = STOPS if self._limit_a <= STOPPED_A else DERATES
        faults[names[place]] = detail
        return detail

    def _supply(self, voltage_v: float, faults: dict[str, str]) -> None:
        for name, threshold in ((UNDER_VOLTAGE, self._under), (OVER_VOLTAGE, self._over)):
            if threshold.passed(voltage_v):
                faults[name] = f"{voltage_v:.2f} V"


def _limit(limit_a: float, detail: str) -> LimitReading:
    return LimitReading(None) if math.isinf(limit_a) else LimitReading(limit_a, detail)
