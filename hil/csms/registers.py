"""Register readings out of OCPP meter values: pure, one function a version family."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from hil.csms.frame import Payload

REGISTER: Final = "Energy.Active.Import.Register"


@dataclass(frozen=True, slots=True)
class Reading:
    """One meter value: its time, the import register in Wh where it holds one, its context, and all it holds."""

    at: datetime | None
    register_wh: float | None
    context: str
    samples: tuple[Payload, ...]


def readings_16(meter_values: Iterable[Payload]) -> list[Reading]:
    """The readings of 1.6 meterValue or transactionData."""
    return [_reading(value, wh=_wh_16(value.get("sampledValue", ()))) for value in meter_values]


def readings_2(meter_values: Iterable[Payload]) -> list[Reading]:
    """The readings of 2.x meterValue."""
    return [_reading(value, wh=_wh_2(value.get("sampledValue", ()))) for value in meter_values]


def moment(text: object) -> datetime | None:
    """A date-time with zone, or None."""
    if not isinstance(text, str):
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo is not None else parsed.replace(tzinfo=UTC)


def _reading(value: Payload, *, wh: float | None) -> Reading:
    samples = tuple(value.get("sampledValue", ()))
    context = str(samples[0].get("context", "Sample.Periodic")) if samples else "Sample.Periodic"
    return Reading(moment(value.get("timestamp")), wh, context, samples)


def _wh_16(samples: Iterable[Payload]) -> float | None:
    for sample in samples:
        if _is_register(sample) and sample.get("format", "Raw") == "Raw":
            factor = Decimal(1000) if sample.get("unit", "Wh") == "kWh" else Decimal(1)
            return finite_wh(sample.get("value"), factor)
    return None


def _wh_2(samples: Iterable[Payload]) -> float | None:
    for sample in samples:
        if _is_register(sample):
            unit = sample.get("unitOfMeasure", {})
            factor = Decimal(1000) if unit.get("unit", "Wh") == "kWh" else Decimal(1)
            return finite_wh(sample.get("value"), factor.scaleb(int(unit.get("multiplier", 0))))
    return None


def _is_register(sample: Payload) -> bool:
    # The phases' own registers and those at the inlet or in the car are not what is billed.
    return (
        sample.get("measurand", REGISTER) == REGISTER
        and "phase" not in sample
        and sample.get("location", "Outlet") == "Outlet"
    )


def finite_wh(value: object, factor: Decimal = Decimal(1)) -> float | None:
    """A register value in Wh, or None when it is no number a meter could show."""
    try:
        number = Decimal(str(value)) * factor
    except (ArithmeticError, ValueError):
        return None
    # A float that is infinite could not be compared with others.
    wh = float(number)
    return wh if math.isfinite(wh) else None
