"""One scalar of a file as the type that is asked for, or the reason why it cannot be that."""

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from agent.frozen import dataclass
from agent.log import Secret
from agent.settings_hints import Rules
from agent.settings_nodes import Kind, Scalar

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})(\.[0-9]{0,18})?([eE][-+]?[0-9]{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a scalar does not fit; `mend` where the rules' own words would not help."""

    reason: str
    mend: str = ""


def _read_text(node: Scalar, rules: Rules) -> str | Complaint:
    text = node.text
    if node.kind is not Kind.TEXT:
        if rules.get("as_written") and node.kind in {Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN}:
            return _as_written(node)
        return Complaint(f"is read as {node.kind}, not as text", f'put it in quotes: "{text[:40]}"')
    longest = rules.get("longest")
    if longest is not None and len(text) > longest:
        return Complaint(f"has {len(text)} characters, more than {longest}")
    if "pattern" in rules and not re.fullmatch(rules["pattern"], text):
        return Complaint("is not allowed")
    return text


def _as_written(node: Scalar) -> str | Complaint:
    if node.kind is Kind.BOOLEAN:
        return "true" if node.text.lower() in {"true", "yes", "on"} else "false"
    if not _NUMBER.fullmatch(node.text):
        return Complaint(f"is read as {node.kind}, but not as it is written", f'put it in quotes: "{node.text[:40]}"')
    return node.text


def _read_whole(node: Scalar, rules: Rules) -> int | Complaint:
    if not _WHOLE.fullmatch(node.text):
        plain = "is not a plain decimal number" if node.kind is Kind.INTEGER else "is not a whole number"
        return Complaint(plain)
    return _in_range(int(node.text), node, rules)


def _read_float(node: Scalar, rules: Rules) -> float | Complaint:
    if not _NUMBER.fullmatch(node.text):
        plain = "is not a plain decimal number" if node.kind in {Kind.INTEGER, Kind.FLOAT} else "is not a number"
        return Complaint(plain)
    number = float(node.text)
    if not math.isfinite(number):
        return Complaint("is too large")
    return _in_range(number, node, rules)


Number = TypeVar("Number", int, float)


def _in_range(number: Number, node: Scalar, rules: Rules) -> Number | Complaint:
    if not node.is_plain:
        return Complaint("is text, because it is in quotes", f"write it without quotes: {node.text}")
    minimum, maximum = rules.get("minimum"), rules.get("maximum")
    if minimum is not None and number < minimum:
        return Complaint(f"is below {minimum:g}")
    if maximum is not None and number > maximum:
        return Complaint(f"is above {maximum:g}")
    return number


def _read_boolean(node: Scalar, _rules: Rules) -> bool | Complaint:
    if node.kind is Kind.BOOLEAN:
        return node.text.lower() in {"true", "yes", "on"}
    if node.text in {"true", "false"}:
        return Complaint("is text, because it is in quotes", f"write it without quotes: {node.text}")
    return Complaint("is neither true nor false")


def _read_secret(node: Scalar, rules: Rules) -> Secret | Complaint:
    made = _read_text(node, rules)
    if isinstance(made, Complaint):
        return Complaint(made.reason, "put it in quotes" if made.mend else "")
    return Secret(made)


def _read_path(node: Scalar, rules: Rules) -> Path | Complaint:
    made = _read_text(node, rules)
    if isinstance(made, Complaint):
        return made
    if not made or "\0" in made:
        return Complaint("names no file")
    # Relative to the file that names it, so that a service's working directory does not matter.
    return Path(node.where.file).parent / made


SCALARS: dict[Any, Callable[[Scalar, Rules], object]] = {
    str: _read_text,
    int: _read_whole,
    float: _read_float,
    bool: _read_boolean,
    Secret: _read_secret,
    Path: _read_path,
}
"""How each scalar type is read."""
