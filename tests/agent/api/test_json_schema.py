from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import pytest

from agent.api.body_rules import Range, Text
from agent.api.json_schema import Schemas


class Colour(StrEnum):
    """Of the cable."""

    RED = "red"


@dataclass(frozen=True)
class Inner:
    """Within."""

    number: int


@dataclass(frozen=True)
class Outer:
    """Around
    it."""

    needed: Annotated[str, Text(1, 3)]
    inner: Inner | None = None
    colours: tuple[Colour, ...] = ()
    share: Annotated[float, Range(0, 1)] | None = None


def test_a_dataclass_becomes_a_closed_object() -> None:
    schemas = Schemas(under="#/x")

    reference = schemas.of(Outer, complete=True)

    assert reference == {"$ref": "#/x/Outer"}
    assert schemas.named["Outer"] == {
        "description": "Around it.",
        "type": "object",
        "properties": {
            "needed": {"type": "string", "pattern": "^[!-~]{1,3}$"},
            "inner": {"anyOf": [{"$ref": "#/x/Inner"}, {"type": "null"}]},
            "colours": {"type": "array", "items": {"$ref": "#/x/Colour"}},
            "share": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        },
        "additionalProperties": False,
        "required": ["needed", "inner", "colours", "share"],
    }
    assert schemas.named["Colour"] == {"description": "Of the cable.", "type": "string", "enum": ["red"]}


def test_a_body_requires_only_what_has_no_default() -> None:
    schemas = Schemas(under="#/x")

    schemas.of(Outer, complete=False)

    assert schemas.named["Outer"]["required"] == ["needed"]


def test_a_type_that_json_cannot_describe_is_refused() -> None:
    with pytest.raises(TypeError, match="no JSON Schema for"):
        Schemas(under="#").of(bytes, complete=True)
