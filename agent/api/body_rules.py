"""JSON bodies to frozen dataclasses: every mistake is told at once, each with its place."""

import json
import math
from dataclasses import MISSING, fields
from enum import StrEnum
from http import HTTPStatus
from types import NoneType, UnionType
from typing import Annotated, Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from agent.api.problems import BODY_INVALID, ApiProblem, Flaw
from agent.frozen import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Range:
    """A number from `low` to `high`."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Text:
    """A string of printable ASCII without spaces, of so many characters."""

    shortest: int
    longest: int

    @property
    def pattern(self) -> str:
        """As a regular expression."""
        return rf"^[!-~]{{{self.shortest},{self.longest}}}$"

    def fits(self, value: str) -> bool:
        """Whether `value` is such a string."""
        return self.shortest <= len(value) <= self.longest and all("!" <= each <= "~" for each in value)


class _Wrong(Exception):
    """What is wrong with one value."""


def parse_body(raw: bytes, *, shape: type[T]) -> T:
    """A body as the dataclass `shape`. Raises ApiProblem with a flaw for every mistake."""
    found = _object(raw)
    hints = get_type_hints(shape, include_extras=True)
    known = {field.name: field for field in fields(shape)}  # type: ignore[arg-type]  # T is a dataclass; there is no bound to say so
    flaws = [Flaw(pointer(name), "no such field") for name in found if name not in known]
    values: dict[str, Any] = {}
    for name, field in known.items():
        if name in found:
            try:
                values[name] = _value(found[name], hints[name])
            except _Wrong as wrong:
                flaws.append(Flaw(pointer(name), str(wrong)))
        elif field.default is MISSING:
            flaws.append(Flaw(pointer(name), "is missing"))
    if flaws:
        _refuse(*flaws)
    return shape(**values)


def pointer(name: str) -> str:
    """The JSON pointer to a field of the body, as a URI fragment (RFC 6901 sections 3 and 6)."""
    escaped = name[:64].replace("~", "~0").replace("/", "~1")
    return "#/" + "".join(
        each if each.isascii() and (each.isalnum() or each in "-._~") else _percent(each) for each in escaped
    )


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))


def _refuse(*flaws: Flaw) -> NoReturn:
    detail = f"{len(flaws)} mistakes" if len(flaws) > 1 else f"{flaws[0].pointer}: {flaws[0].detail}"
    raise ApiProblem(HTTPStatus.BAD_REQUEST, detail, type=BODY_INVALID, errors=flaws[:32])


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw.decode("utf-8"), parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise ApiProblem(
            HTTPStatus.BAD_REQUEST, "not UTF-8", type=BODY_INVALID, errors=(Flaw("#", "not UTF-8"),)
        ) from error
    except (ValueError, RecursionError) as error:
        # ValueError also for integers of thousands of digits, RecursionError for thousands of brackets.
        why = "not JSON" if isinstance(error, RecursionError) else f"not JSON: {error}"
        raise ApiProblem(HTTPStatus.BAD_REQUEST, why, type=BODY_INVALID, errors=(Flaw("#", why),)) from error
    if not isinstance(found, dict):
        _refuse(Flaw("#", "must be an object"))
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _value(value: Any, hint: Any) -> Any:
    """`value` as the hinted type. Raises _Wrong."""
    if get_origin(hint) in (Union, UnionType):
        if value is None:
            return None
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    rule: Any = None
    if get_origin(hint) is Annotated:
        hint, rule = get_args(hint)
    if issubclass(hint, StrEnum):
        return _member(value, hint)
    return _ruled(_scalar(value, hint), rule)


def _member(value: Any, words: type[StrEnum]) -> StrEnum:
    if not isinstance(value, str) or value not in list(words):
        raise _Wrong(f"must be one of {', '.join(words)}")
    return words(value)


def _scalar(value: Any, kind: type) -> Any:
    if kind is bool and isinstance(value, bool):
        return value
    if kind is str and isinstance(value, str):
        return value
    if kind in (int, float) and isinstance(value, int | float) and not isinstance(value, bool):
        # An integer beyond a double's range is as little a number to us as infinity.
        if abs(value) > 1e15 or not math.isfinite(value):
            raise _Wrong("is out of range")
        if kind is float or value == int(value):
            return kind(value)
    words = {bool: "true or false", str: "a string", int: "a whole number", float: "a number"}
    raise _Wrong(f"must be {words[kind]}")


def _ruled(value: Any, rule: Range | Text | None) -> Any:
    match rule:
        case Range(low, high) if not low <= value <= high:
            raise _Wrong(f"must be from {low:g} to {high:g}")
        case Text(shortest, longest) if not rule.fits(value):
            raise _Wrong(f"must be {shortest} to {longest} printable ASCII characters without spaces")
        case _:
            return value
