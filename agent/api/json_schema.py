"""Frozen dataclasses as JSON Schema (2020-12), for the OpenAPI description."""

from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from agent.api.body_rules import Range, Text

_SCALARS: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    datetime: {"type": "string", "format": "date-time"},
}


class Schemas:
    """Collects the named schemas that others refer to."""

    def __init__(self, *, under: str) -> None:
        self._under = under
        self.named: dict[str, dict[str, Any]] = {}

    def of(self, hint: Any, *, complete: bool) -> dict[str, Any]:
        """The schema of a type; with `complete` every field is there, as in our answers."""
        if get_origin(hint) in (Union, UnionType):
            (inner,) = (each for each in get_args(hint) if each is not NoneType)
            return _or_null(self.of(inner, complete=complete))
        if get_origin(hint) is Annotated:
            inner, rule = get_args(hint)
            return {**self.of(inner, complete=complete), **_rule(rule)}
        if get_origin(hint) is tuple:
            return {"type": "array", "items": self.of(get_args(hint)[0], complete=complete)}
        if hint in _SCALARS:
            return dict(_SCALARS[hint])
        if issubclass(hint, StrEnum):
            return self._named(hint, {"type": "string", "enum": [word.value for word in hint]})
        if isinstance(hint, type) and is_dataclass(hint):
            return self._object(hint, complete=complete)
        raise TypeError(f"no JSON Schema for {hint!r}")

    def _object(self, shape: type, *, complete: bool) -> dict[str, Any]:
        if shape.__name__ in self.named:
            return self._reference(shape)
        hints = get_type_hints(shape, include_extras=True)
        properties: dict[str, Any] = {}
        required: list[str] = []
        for field in fields(shape):
            schema = self.of(hints[field.name], complete=complete)
            if complete or field.default is MISSING:
                required.append(field.name)
            elif field.default is not None:
                schema = {**schema, "default": field.default}
            properties[field.name] = schema
        body: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
        return self._named(shape, body | ({"required": required} if required else {}))

    def _named(self, kind: type, schema: dict[str, Any]) -> dict[str, Any]:
        self.named[kind.__name__] = {"description": _said(kind), **schema}
        return self._reference(kind)

    def _reference(self, kind: type) -> dict[str, Any]:
        return {"$ref": f"{self._under}/{kind.__name__}"}


def _said(kind: type) -> str:
    """A docstring as one paragraph."""
    return " ".join((kind.__doc__ or "").split())


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def _rule(rule: Range | Text) -> dict[str, Any]:
    match rule:
        case Range(low, high):
            return {"minimum": low, "maximum": high}
        case Text():
            return {"pattern": rule.pattern}
