"""MeterValues (1.6 sections 4.7, 7.33, 7.43)."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from agent.clock import Moment
from agent.ocpp.adapter import Call, JsonObject
from agent.ocpp.v16.timestamps import format_time
from agent.station.samples import Measurand, MeterValue, Quantity

# UnitOfMeasure (1.6 section 7.45). There is none for frequency: it is Hertz by definition (errata 3.86), and the
# schema of StopTransaction refuses the word. Celsius is misspelled on purpose: all schemas that CSMSs run know that
# spelling, and charge points are advised to keep to it (errata of OCPP-J, 2.1).
_UNITS = {unit: unit for unit in ("Wh", "kWh", "varh", "kvarh", "W", "kW", "VA", "kVA", "var", "kvar", "A", "V", "K")}
_UNITS |= {"Celsius": "Celcius"}  # codespell:ignore celcius
_UNITS |= {"Fahrenheit": "Fahrenheit", "Percent": "Percent"}

_DEFAULT_LOCATION = "Outlet"


def meter_values(
    values: Sequence[MeterValue],
    *,
    connector: int,
    transaction: int | None,
    wall: Callable[[Moment], datetime],
) -> Call | None:
    """One MeterValues of everything measured; None where there is nothing to tell.

    `transaction` is left out at connector 0, the main meter (errata 3.16).
    """
    told = meter_value_list(values, wall=wall)
    if not told:
        return None
    payload: JsonObject = {"connectorId": connector, "meterValue": told}
    if transaction is not None and connector > 0:
        payload["transactionId"] = transaction
    return Call("MeterValues", payload)


def meter_value_list(values: Sequence[MeterValue], *, wall: Callable[[Moment], datetime]) -> list[JsonObject]:
    """Samples as MeterValue objects; a sample without any usable quantity is left out."""
    told: list[JsonObject] = []
    for value in values:
        sampled = [_sampled(quantity, value) for quantity in value.quantities if math.isfinite(quantity.value)]
        if sampled:
            told.append({"timestamp": format_time(wall(value.at)), "sampledValue": sampled})
    return told


def import_register_wh(values: Sequence[MeterValue]) -> int | None:
    """The newest reading of the import register among these values, in Wh."""
    for value in reversed(values):
        for quantity in value.quantities:
            if _bills(quantity) and quantity.unit == "Wh" and math.isfinite(quantity.value):
                return round(quantity.value)
    return None


def _bills(quantity: Quantity) -> bool:
    """Whether this is the register that bills: energy imported over all phases, at the outlet."""
    return (
        quantity.measurand is Measurand.ENERGY_ACTIVE_IMPORT_REGISTER
        and quantity.phase is None
        and quantity.location == _DEFAULT_LOCATION
    )


def _sampled(quantity: Quantity, value: MeterValue) -> JsonObject:
    # Context, measurand and unit are spelled out even where they are 1.6's defaults: not every CSMS knows those.
    told: JsonObject = {
        # never with an exponent: the value is a decimal number (1.6 section 7.43)
        "value": format(Decimal(str(quantity.value)), "f"),
        "context": value.context.value,
        "measurand": quantity.measurand.value,
    }
    if quantity.phase is not None:
        told["phase"] = quantity.phase
    if quantity.location != _DEFAULT_LOCATION:
        told["location"] = quantity.location
    if quantity.unit in _UNITS:
        told["unit"] = _UNITS[quantity.unit]
    return told
