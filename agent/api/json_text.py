"""Frozen data as JSON. Tokens and secrets come out masked, whoever handed them in."""

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from agent.clock import Moment
from agent.log import Secret
from agent.station.id_token import IdToken


def to_json(value: object) -> bytes:
    """`value` as UTF-8 JSON: dataclasses, mappings, sequences, enums, moments. TypeError for anything else."""
    return json.dumps(plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
        "utf-8", "replace"
    )


def plain(value: object) -> Any:
    """The same in the types that JSON knows; a number that is none becomes null."""
    match value:
        case Secret() | IdToken() | Moment() | datetime() | Enum():
            return _as_shown(value)
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case tuple() | list() | set() | frozenset():
            return [plain(each) for each in value]
        case _:
            return _fields(value)


def _as_shown(value: Secret | IdToken | Moment | datetime | Enum) -> Any:
    match value:
        case Secret():
            return str(value)
        case IdToken():
            return value.masked()
        case Moment():
            return stamp(value.wall)
        case datetime():
            return stamp(value)
        case Enum():
            return plain(value.value)


def stamp(at: datetime) -> str:
    """RFC 3339 with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _fields(value: object) -> dict[str, Any]:
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} is nothing the local API shows")
    return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
