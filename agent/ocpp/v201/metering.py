"""Meter values (J01, J02): alone as MeterValues, or as part of a transaction event."""

from collections.abc import Callable, Iterable
from datetime import datetime

from agent.clock import Moment
from agent.ocpp.adapter import Call, JsonObject
from agent.ocpp.v201.data_types import rfc3339
from agent.station.facts import IdleMeterSampled
from agent.station.samples import Measurand, MeterValue, Quantity

# MeasurandEnumType of 2.0.1 and 2.1 has no temperature: it is a variable of a component there.
_WITHOUT_WORD = frozenset({Measurand.TEMPERATURE})
_DEFAULT_UNIT = "Wh"
_DEFAULT_LOCATION = "Outlet"


def encode_meter_values(values: Iterable[MeterValue], *, wall: Callable[[Moment], datetime]) -> list[JsonObject]:
    """MeterValueType of each value that 2.x can tell; an empty list where there is none."""
    encoded: list[JsonObject] = []
    for value in values:
        samples = [
            _sampled_value(quantity, value.context.value)
            for quantity in value.quantities
            if quantity.measurand not in _WITHOUT_WORD
        ]
        if samples:
            encoded.append({"timestamp": rfc3339(wall(value.at)), "sampledValue": samples})
    return encoded


def idle_meter_values(fact: IdleMeterSampled, *, wall: Callable[[Moment], datetime]) -> Call | None:
    """MeterValuesRequest; None where nothing of it can be told."""
    values = encode_meter_values(fact.values, wall=wall)
    return Call("MeterValues", {"evseId": fact.evse_id, "meterValue": values}) if values else None


def _sampled_value(quantity: Quantity, context: str) -> JsonObject:
    sampled: JsonObject = {"value": quantity.value, "context": context, "measurand": quantity.measurand.value}
    if quantity.phase is not None:
        sampled["phase"] = quantity.phase
    if quantity.location != _DEFAULT_LOCATION:
        sampled["location"] = quantity.location
    if quantity.unit not in ("", _DEFAULT_UNIT):
        sampled["unitOfMeasure"] = {"unit": quantity.unit}
    return sampled
