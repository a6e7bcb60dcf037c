"""The device model: every setting and every reported value as a variable of a component (OCPP 2.x part 1).

An immutable value: a change makes a new model that shares all but the values.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from enum import StrEnum
from types import MappingProxyType

from agent.frozen import dataclass
from agent.station.standard_variables import AVAILABILITY_STATE, STANDARD_VARIABLES
from agent.station.variable import DataType, Mutability, Parsed, Scope, VariableKey, VariableSpec, parse_value

__all__ = [
    "DeviceModel",
    "GetStatus",
    "Live",
    "ReportedAttribute",
    "ReportedVariable",
    "SetStatus",
    "VariableKey",
    "parse_key",
]

ACTUAL = "Actual"
"""The one attribute type our variables have (AttributeEnumType)."""

Live = Mapping[VariableKey, str]
"""Values that the station works out when they are asked for, such as AvailabilityState."""

Evses = tuple[tuple[int, tuple[int, ...]], ...]
"""EVSE ids, each with the ids of its connectors."""

NO_LIVE: Live = MappingProxyType({})

_NAME = r"([^.\[\]]+)(?:\[([^\]]*)\])?"
_KEY = re.compile(rf"{_NAME}\.{_NAME}")

_IndexKey = tuple[str, str, str, str, int | None, int | None]


class SetStatus(StrEnum):
    """SetVariableStatusEnumType of 2.0.1."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    UNKNOWN_COMPONENT = "UnknownComponent"
    UNKNOWN_VARIABLE = "UnknownVariable"
    NOT_SUPPORTED_ATTRIBUTE_TYPE = "NotSupportedAttributeType"
    REBOOT_REQUIRED = "RebootRequired"


class GetStatus(StrEnum):
    """GetVariableStatusEnumType of 2.0.1."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    UNKNOWN_COMPONENT = "UnknownComponent"
    UNKNOWN_VARIABLE = "UnknownVariable"
    NOT_SUPPORTED_ATTRIBUTE_TYPE = "NotSupportedAttributeType"


@dataclass(frozen=True, slots=True)
class ReportedAttribute:
    """One attribute of a reported variable; `value` is None where it must not be told (WriteOnly)."""

    value: str | None
    type: str = ACTUAL
    mutability: Mutability = Mutability.READ_ONLY
    persistent: bool = True
    constant: bool = False


@dataclass(frozen=True, slots=True)
class ReportedVariable:
    """One row of a report: attributes and characteristics (2.0.1 ReportDataType)."""

    key: VariableKey
    attributes: tuple[ReportedAttribute, ...]
    data_type: DataType
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    supports_monitoring: bool = False


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """What is known of the variables, whatever their values: shared by all models of a station."""

    specs: Mapping[VariableKey, VariableSpec]
    index: Mapping[_IndexKey, VariableKey]
    components: frozenset[_IndexKey]

    def find(self, key: VariableKey) -> VariableKey | None:
        """The key as the table spells it: names of components and variables ignore case (identifierString)."""
        return key if key in self.specs else self.index.get(_indexed(key))

    def missing(self, key: VariableKey) -> str:
        """Which half of an unknown key is the unknown one."""
        return "UnknownVariable" if _component_of(key) in self.components else "UnknownComponent"


@dataclass(frozen=True, slots=True)
class DeviceModel:
    """Every variable of one station with its value. Build it once, then derive with `with_value`."""

    _catalogue: _Catalogue = field(repr=False)
    _values: Mapping[VariableKey, str] = field(repr=False)
    _parsed: Mapping[VariableKey, Parsed] = field(repr=False)

    @classmethod
    def build(
        cls,
        evses: Evses,
        overrides: Mapping[VariableKey | str, str] | None = None,
        *,
        limits: Mapping[VariableKey, float] | None = None,
    ) -> "DeviceModel":
        """A model of this hardware with default values, changed by `overrides` (also read-only ones).

        `limits` gives variables a maximum of their own, such as an EVSE's Power.
        Raises ValueError for an override that names no variable or has a value that variable cannot take.
        """
        specs = {spec.key: spec for spec in _expand(STANDARD_VARIABLES, evses)}
        for key, maximum in (limits or {}).items():
            if key not in specs:
                raise ValueError(f"{_spelled(key)}: no such variable")
            specs[key] = replace(specs[key], maximum=maximum)
        catalogue = _Catalogue(
            specs=specs,
            index={_indexed(key): key for key in specs},
            components=frozenset(_component_of(key) for key in specs),
        )
        values = {key: spec.default for key, spec in specs.items()}
        for named, value in (overrides or {}).items():
            found, checked = _checked(catalogue, named, value)
            values[found] = checked
        return cls(catalogue, values, {key: parse_value(specs[key], value) for key, value in values.items()})

    def with_value(self, key: VariableKey, value: str) -> "DeviceModel":
        """The model with one value changed, whatever its mutability.

        Raises ValueError where the variable or the value is unknown to this model, as after a change of firmware.
        """
        found, value = _checked(self._catalogue, key, value)
        parsed = parse_value(self._catalogue.specs[found], value)
        return DeviceModel(self._catalogue, {**self._values, found: value}, {**self._parsed, found: parsed})

    def integer(self, key: VariableKey) -> int:
        """The value of an integer variable. Raises KeyError or TypeError for any other."""
        value = self._parsed[key]
        if type(value) is not int:
            raise TypeError(f"{_spelled(key)} is no integer")
        return value

    def decimal(self, key: VariableKey) -> float:
        """The value of a decimal or integer variable; 0 while unset."""
        value = self._parsed[key]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{_spelled(key)} is no number")
        return value

    def boolean(self, key: VariableKey) -> bool:
        """The value of a boolean variable."""
        value = self._parsed[key]
        if not isinstance(value, bool):
            raise TypeError(f"{_spelled(key)} is no boolean")
        return value

    def members(self, key: VariableKey) -> tuple[str, ...]:
        """The members of a list variable, in the order given."""
        value = self._parsed[key]
        if not isinstance(value, tuple):
            raise TypeError(f"{_spelled(key)} is no list")
        return value

    def text(self, key: VariableKey) -> str:
        """Any variable's value as it is written, secrets too. Raises KeyError where there is no such variable."""
        return self._values[key]

    def find(self, key: VariableKey) -> VariableKey | None:
        """This model's own spelling of a key, or None where there is no such variable."""
        return self._catalogue.find(key)

    def spec(self, key: VariableKey) -> VariableSpec:
        """What is fixed about a variable. Raises KeyError where there is none."""
        return self._catalogue.specs[key]

    def judge(self, key: VariableKey, value: str, attribute: str | None = None) -> SetStatus:
        """Whether the CSMS may give a variable this value (2.0.1 B05); changes nothing."""
        found = self._catalogue.find(key)
        if found is None:  # B05.FR.04, B05.FR.05
            return SetStatus(self._catalogue.missing(key))
        if attribute not in (None, ACTUAL):  # B05.FR.06
            return SetStatus.NOT_SUPPORTED_ATTRIBUTE_TYPE
        spec = self._catalogue.specs[found]
        if spec.mutability is Mutability.READ_ONLY or not spec.accepts(value):  # B05.FR.07, .08, .09
            return SetStatus.REJECTED
        return SetStatus.REBOOT_REQUIRED if spec.reboot_required else SetStatus.ACCEPTED

    def read(
        self, key: VariableKey, attribute: str | None = None, live: Live = NO_LIVE
    ) -> tuple[GetStatus, str | None]:
        """What the CSMS may know of a variable (2.0.1 B06); the value is None unless Accepted."""
        found = self._catalogue.find(key)
        if found is None:  # B06.FR.06, .07, .15
            return GetStatus(self._catalogue.missing(key)), None
        if attribute not in (None, ACTUAL):  # B06.FR.08
            return GetStatus.NOT_SUPPORTED_ATTRIBUTE_TYPE, None
        if self._catalogue.specs[found].mutability is Mutability.WRITE_ONLY:  # B06.FR.09
            return GetStatus.REJECTED, None
        # B06.FR.13: without a value yet, the empty string
        return GetStatus.ACCEPTED, live.get(found, self._values[found])

    def report(self, base: str, live: Live = NO_LIVE) -> tuple[ReportedVariable, ...] | None:
        """The rows of a ReportBaseEnumType (2.0.1 B07); None for a base that is not known."""
        belongs = _BASES.get(base)
        if belongs is None:  # B07.FR.02
            return None
        return tuple(self._reported(key, spec, live) for key, spec in self._catalogue.specs.items() if belongs(spec))

    def _reported(self, key: VariableKey, spec: VariableSpec, live: Live) -> ReportedVariable:
        secret = spec.mutability is Mutability.WRITE_ONLY
        attribute = ReportedAttribute(
            value=None if secret else live.get(key, self._values[key]),
            mutability=spec.mutability,
            persistent=spec.persistent,
            constant=spec.constant,
        )
        return ReportedVariable(
            key=key,
            attributes=(attribute,),
            data_type=spec.data_type,
            unit=spec.unit,
            minimum=spec.minimum,
            maximum=spec.maximum,
            values=spec.values,
        )


_BASES: dict[str, Callable[[VariableSpec], bool]] = {
    "ConfigurationInventory": lambda spec: spec.mutability is not Mutability.READ_ONLY,  # B07.FR.07
    "FullInventory": lambda _: True,  # B07.FR.08
    "SummaryInventory": lambda spec: spec.key.variable == AVAILABILITY_STATE,  # B07.FR.09
}


def parse_key(written: str) -> VariableKey:
    """Read `Component.Variable`, each with an optional `[instance]`. Raises ValueError for anything else."""
    match = _KEY.fullmatch(written.strip())
    if match is None:
        raise ValueError(f"{written!r} is not of the form Component.Variable or Component[instance].Variable[instance]")
    component, component_instance, variable, instance = match.groups()
    return VariableKey(component, variable, instance or None, component_instance=component_instance or None)


def _expand(table: Iterable[VariableSpec], evses: Evses) -> Iterator[VariableSpec]:
    """The table with one row an EVSE or connector where it exists once for each."""
    for spec in table:
        match spec.scope:
            case Scope.STATION:
                yield spec
            case Scope.EVSE:
                for evse_id, _ in evses:
                    yield replace(spec, key=replace(spec.key, evse_id=evse_id))
            case Scope.CONNECTOR:
                for evse_id, connector_ids in evses:
                    for connector_id in connector_ids:
                        yield replace(spec, key=replace(spec.key, evse_id=evse_id, connector_id=connector_id))


def _checked(catalogue: _Catalogue, named: VariableKey | str, value: str) -> tuple[VariableKey, str]:
    key = parse_key(named) if isinstance(named, str) else named
    found = catalogue.find(key)
    if found is None:
        raise ValueError(f"{_spelled(key)}: no such variable")
    spec = catalogue.specs[found]
    # The default may be the empty string of a variable that is not set, which its type would refuse.
    if value != spec.default and not spec.accepts(value):
        shown = "this value" if spec.mutability is Mutability.WRITE_ONLY else repr(value)
        raise ValueError(f"{_spelled(found)}: {shown} is not allowed; give {spec.wanted}")
    return found, value


def _indexed(key: VariableKey) -> _IndexKey:
    # B06.FR.15: an empty instance counts as none
    return (
        key.component.lower(),
        (key.component_instance or "").lower(),
        key.variable.lower(),
        (key.instance or "").lower(),
        key.evse_id,
        key.connector_id,
    )


def _component_of(key: VariableKey) -> _IndexKey:
    component, component_instance, _, _, evse_id, connector_id = _indexed(key)
    return (component, component_instance, "", "", evse_id, connector_id)


def _spelled(key: VariableKey) -> str:
    component = f"{key.component}[{key.component_instance}]" if key.component_instance else key.component
    variable = f"{key.variable}[{key.instance}]" if key.instance else key.variable
    where = "" if key.evse_id is None else f" (EVSE {key.evse_id})"
    return f"{component}.{variable}{where}"
