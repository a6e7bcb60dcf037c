"""What a type hint of a settings dataclass asks for: its shape, its fields, and how to say it to people."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum, auto
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from agent.log import Secret

Hint = Any
"""A type hint; typing has no name for what all of them are."""
Rules = Mapping[str, Any]
"""A field's metadata."""
NO_RULES: Final[Rules] = {}


class Shape(Enum):
    """How a hint is written in a file."""

    UNION = auto()
    CHOICE = auto()
    LIST = auto()
    TABLE = auto()
    OWN = auto()
    SECTION = auto()
    SCALAR = auto()


_SHAPES: Final[dict[Any, Shape]] = {
    Union: Shape.UNION,
    UnionType: Shape.UNION,
    Literal: Shape.CHOICE,
    tuple: Shape.LIST,
    dict: Shape.TABLE,
    Mapping: Shape.TABLE,
}


def shape_of(hint: Hint) -> Shape:
    """The shape; whatever is none of the others counts as a scalar."""
    shape = _SHAPES.get(get_origin(hint))
    if shape is not None:
        return shape
    if hasattr(hint, "parse_node"):
        return Shape.OWN
    if is_dataclass(hint):
        return Shape.SECTION
    return Shape.CHOICE if is_enum(hint) else Shape.SCALAR


def is_enum(hint: Hint) -> bool:
    """Whether the hint is an enumeration."""
    return isinstance(hint, type) and issubclass(hint, Enum)


def plain(hint: Hint) -> Hint:
    """The hint itself, or what a NewType stands for."""
    return getattr(hint, "__supertype__", hint)


def options_of(hint: Hint) -> tuple[Hint, ...]:
    """The members of a union beside None."""
    return tuple(option for option in get_args(hint) if option is not NoneType)


def choices_of(hint: Hint) -> tuple[Any, ...]:
    """The values of a Literal or an enumeration."""
    return tuple(member.value for member in hint) if is_enum(hint) else get_args(hint)


@cache
def fields_of(cls: type) -> tuple[tuple[Field[Any], Hint], ...]:
    """The fields that a file may hold, with their type hints resolved."""
    own = [one for one in fields(cls) if one.init and not one.metadata.get("internal")]
    # get_type_hints costs ten times as much as the rest; annotations are strings only under a __future__ import.
    if any(isinstance(one.type, str) for one in own):
        hints = get_type_hints(cls)
        return tuple((one, hints[one.name]) for one in own)
    return tuple((one, one.type) for one in own)


def is_required(one: Field[Any]) -> bool:
    """Whether a file must give this field."""
    return one.default is MISSING and one.default_factory is MISSING


def mend(hint: Hint, rules: Rules) -> str:
    """What to give instead."""
    return f"give {wanted(hint, rules)}{doc_of(rules)}"


def doc_of(rules: Rules) -> str:
    """What a field means, in brackets."""
    return f" ({rules['doc'].rstrip('.')})" if rules.get("doc") else ""


def wanted(hint: Hint, rules: Rules) -> str:
    """What a type takes, in words."""
    hint = plain(hint)
    match shape_of(hint):
        case Shape.UNION:
            return " or ".join(wanted(option, rules) for option in options_of(hint))
        case Shape.CHOICE:
            return f"one of {', '.join(str(choice) for choice in choices_of(hint))}"
        case Shape.LIST:
            return "a list"
        case Shape.SCALAR:
            return _wanted_scalar(hint, rules)
        case Shape.TABLE | Shape.SECTION | Shape.OWN:
            return "a mapping (key: value)"


def _wanted_scalar(hint: Hint, rules: Rules) -> str:
    if hint in {int, float}:
        return _wanted_number("a whole number" if hint is int else "a number", rules)
    if hint is bool:
        return "true or false"
    if hint is Path:
        return "the name of a file"
    longest = f"text of at most {rules['longest']} characters" if "longest" in rules else "text"
    return str(rules.get("pattern_says", longest))


def _wanted_number(noun: str, rules: Rules) -> str:
    minimum, maximum = rules.get("minimum"), rules.get("maximum")
    unit = f" {rules['unit']}" if rules.get("unit") else ""
    if minimum is not None and maximum is not None:
        return f"{noun} from {minimum:g} to {maximum:g}{unit}"
    if minimum is not None:
        return f"{noun} of at least {minimum:g}{unit}"
    if maximum is not None:
        return f"{noun} of at most {maximum:g}{unit}"
    return f"{noun} in{unit}" if unit else noun


def holds_secret(hint: Hint) -> bool:
    """Whether the value must not be shown."""
    return hint is Secret or Secret in get_args(hint)
