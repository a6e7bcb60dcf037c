"""One variable of the device model: its name, its kind, and which values it takes."""

import math
import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from agent.frozen import dataclass

MAX_INTEGER = 2_147_483_647
"""OCPP 2.x integers have 32 bits."""
MAX_CONFIGURATION_VALUE = 1000  # SetVariableDataType.attributeValue, 2.0.1 part 2

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,9})", re.ASCII)
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,9})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class VariableKey:
    """Component and variable, with instance and EVSE where there are several."""

    component: str
    variable: str
    instance: str | None = None
    evse_id: int | None = None
    connector_id: int | None = None
    component_instance: str | None = None


class DataType(StrEnum):
    """DataEnumType of 2.0.1."""

    STRING = "string"
    DECIMAL = "decimal"
    INTEGER = "integer"
    DATE_TIME = "dateTime"
    BOOLEAN = "boolean"
    OPTION_LIST = "OptionList"
    SEQUENCE_LIST = "SequenceList"
    MEMBER_LIST = "MemberList"


class Mutability(StrEnum):
    """MutabilityEnumType of 2.0.1."""

    READ_ONLY = "ReadOnly"
    WRITE_ONLY = "WriteOnly"
    READ_WRITE = "ReadWrite"


class Scope(StrEnum):
    """What a variable exists once for."""

    STATION = "station"
    EVSE = "EVSE"
    CONNECTOR = "connector"


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """What is fixed about a variable: the row of a table.

    `minimum` and `maximum` bound a number, or the length of a text or list in characters (2.0.1
    VariableCharacteristicsType). A number without `minimum` is at least 0. `fewest` is how many members a list needs.
    `constant` values never change while the station runs.
    """

    key: VariableKey
    data_type: DataType
    default: str
    mutability: Mutability = Mutability.READ_ONLY
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] = ()
    fewest: int = 0
    scope: Scope = Scope.STATION
    reboot_required: bool = False
    constant: bool = False
    persistent: bool = True

    def accepts(self, value: str) -> bool:
        """Whether `value` is written as its type demands and lies within the limits."""
        return _CHECKS[self.data_type](self, value)

    @property
    def wanted(self) -> str:
        """What it takes, in words for whoever wrote something else."""
        lowest, highest = 0 if self.minimum is None else self.minimum, self.maximum
        limits = f" of at least {lowest:g}" if highest is None else f" from {lowest:g} to {highest:g}"
        match self.data_type:
            case DataType.INTEGER | DataType.DECIMAL:
                return f"{'a whole number' if self.data_type is DataType.INTEGER else 'a number'}{limits}"
            case DataType.BOOLEAN:
                return "true or false"
            case DataType.DATE_TIME:
                return "a time such as 2026-03-04T05:06:07Z"
            case DataType.OPTION_LIST:
                return f"one of {', '.join(self.values)}"
            case DataType.MEMBER_LIST | DataType.SEQUENCE_LIST:
                return f"a list without repetitions, separated by commas, of {', '.join(self.values)}"
            case DataType.STRING:
                longest = MAX_CONFIGURATION_VALUE if highest is None else highest
                return f"text of {lowest:g} to {longest:g} characters"


Parsed = int | float | bool | str | tuple[str, ...]


def parse_value(spec: VariableSpec, value: str) -> Parsed:
    """An accepted value as the type the station works with."""
    match spec.data_type:
        case DataType.INTEGER:
            return int(value)
        case DataType.DECIMAL:
            return float(value) if value else 0.0
        case DataType.BOOLEAN:
            return value == "true"
        case DataType.MEMBER_LIST | DataType.SEQUENCE_LIST:
            return split_members(value)
        case DataType.STRING | DataType.OPTION_LIST | DataType.DATE_TIME:
            return value


def split_members(value: str) -> tuple[str, ...]:
    """The members of a comma-separated list; blanks around them do not count."""
    return tuple(member.strip() for member in value.split(",")) if value.strip() else ()


def _within(spec: VariableSpec, number: float) -> bool:
    lowest = 0 if spec.minimum is None else spec.minimum
    return lowest <= number <= (math.inf if spec.maximum is None else spec.maximum)


def _is_integer(spec: VariableSpec, value: str) -> bool:
    return bool(_INTEGER.fullmatch(value)) and abs(int(value)) <= MAX_INTEGER and _within(spec, int(value))


def _is_decimal(spec: VariableSpec, value: str) -> bool:
    return bool(_DECIMAL.fullmatch(value)) and _within(spec, float(value))


def _is_boolean(_spec: VariableSpec, value: str) -> bool:
    return value in {"true", "false"}


def _is_date_time(_spec: VariableSpec, value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _is_text(spec: VariableSpec, value: str) -> bool:
    longest = MAX_CONFIGURATION_VALUE if spec.maximum is None else spec.maximum
    return value.isprintable() and (spec.minimum or 0) <= len(value) <= longest


def _is_option(spec: VariableSpec, value: str) -> bool:
    return value in spec.values


def _is_list(spec: VariableSpec, value: str) -> bool:
    members = split_members(value)
    return (
        _is_text(spec, value)
        and len(members) >= spec.fewest
        and len(set(members)) == len(members)
        and all(member in spec.values for member in members)
    )


_CHECKS: dict[DataType, Callable[[VariableSpec, str], bool]] = {
    DataType.STRING: _is_text,
    DataType.DECIMAL: _is_decimal,
    DataType.INTEGER: _is_integer,
    DataType.DATE_TIME: _is_date_time,
    DataType.BOOLEAN: _is_boolean,
    DataType.OPTION_LIST: _is_option,
    DataType.SEQUENCE_LIST: _is_list,
    DataType.MEMBER_LIST: _is_list,
}
