"""Values that know where they were written, and the mistakes found in them."""

import re
from dataclasses import field
from enum import StrEnum

from agent.errors import Problem, SettingsError
from agent.frozen import dataclass

MAX_PROBLEMS = 100
"""Nobody mends more in one go."""

_STEP = re.compile(r'\[(?P<index>[0-9]{1,6})\]|\["(?P<quoted>[^"]+)"\]|\.?(?P<name>[^.\[\]"]+)')

KeyPath = tuple[str | int, ...]


class Kind(StrEnum):
    """What YAML 1.1 takes a scalar for."""

    TEXT = "text"
    INTEGER = "a whole number"
    FLOAT = "a number"
    BOOLEAN = "true or false"
    NULL = "nothing"
    TIMESTAMP = "a date"


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as it was written. The text may be a password, so it is not in the repr."""

    text: str = field(repr=False)
    kind: Kind
    is_plain: bool
    where: Where


@dataclass(frozen=True, slots=True)
class ListNode:
    """A sequence."""

    items: tuple["Node", ...]
    where: Where


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping, in the order of the file; no key twice."""

    entries: tuple[tuple[Scalar, "Node"], ...]
    where: Where

    def get(self, key: str) -> "Node | None":
        """The value of a key."""
        return next((value for name, value in self.entries if name.text == key), None)

    def without(self, *keys: str) -> "MapNode":
        """The same mapping, some keys left out."""
        return MapNode(tuple(entry for entry in self.entries if entry[0].text not in keys), self.where)


Node = Scalar | ListNode | MapNode


class Problems:
    """Collects mistakes, and names them in the order of the file."""

    def __init__(self) -> None:
        self._found: list[tuple[Where, KeyPath, str]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, where: Where, path: KeyPath, message: str) -> None:
        """Note a mistake; those after the first hundred are only counted."""
        self._found.append((where, path, message))

    def listed(self) -> tuple[Problem, ...]:
        """All of them, by line."""
        # One mistake behind an alias is met as often as the alias is used.
        in_order = sorted(dict.fromkeys(self._found), key=lambda found: (found[0].line, found[0].column))
        listed = [Problem(str(where), path_text(path), message) for where, path, message in in_order[:MAX_PROBLEMS]]
        if len(in_order) > MAX_PROBLEMS:
            listed.append(Problem(in_order[0][0].file, "", f"{len(in_order) - MAX_PROBLEMS} more mistakes"))
        return tuple(listed)

    def raise_if_any(self) -> None:
        """Raise SettingsError with all of them."""
        if self._found:
            raise SettingsError(problems=self.listed())


def shown(text: str) -> str:
    """A text for a message: quoted, on one line, not endless."""
    short = text if len(text) <= 40 else f"{text[:37]}..."
    return f'"{short}"' if short.isprintable() else ascii(short)


def path_text(path: KeyPath) -> str:
    """A path as people write it: evses[0].hal.meter, ocpp_variables["TxCtrlr.TxStartPoint"]."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step.replace("_", "a").replace("-", "a").isalnum() and len(step) <= 40:
            text += f".{step}" if text else step
        else:
            text += f"[{shown(step)}]"
    return text


def keys_of(text: str) -> KeyPath:
    """The path that `path_text` wrote; what cannot be read as one leads nowhere, like a key that is not there."""
    steps = _STEP.finditer(text)
    return tuple(int(step["index"]) if step["index"] else step["name"] or step["quoted"] for step in steps)


def find(root: Node, path: KeyPath) -> tuple[Where, KeyPath]:
    """Where a path leads, or where the last part of it that exists does; and how far it could be followed."""
    node, where = root, root.where
    for done, step in enumerate(path):
        after: Node | None = None
        if isinstance(node, MapNode) and isinstance(step, str):
            after = node.get(step)
        elif isinstance(node, ListNode) and isinstance(step, int) and 0 <= step < len(node.items):
            after = node.items[step]
        if after is None:
            return where, path[:done]
        node, where = after, after.where
    return where, path


def is_null(node: Node) -> bool:
    """Whether nothing was written."""
    return isinstance(node, Scalar) and node.kind is Kind.NULL


def described(node: Node) -> str:
    """A value as a message shows it."""
    if isinstance(node, Scalar):
        if is_null(node):
            return "nothing"
        return shown(node.text) if node.kind is Kind.TEXT else node.text[:40]
    return "a list" if isinstance(node, ListNode) else "a mapping"


def text_of(node: Node) -> str:
    """What was written, to be compared with names; empty for a list or mapping."""
    return node.text[:64] if isinstance(node, Scalar) else ""
