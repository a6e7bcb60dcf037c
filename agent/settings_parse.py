"""From a tree of values to dataclasses, by their type hints; every mistake is noted with its place and how to mend it.

A field's metadata may hold: `doc`; `minimum`, `maximum`, `unit` for numbers; `pattern` with `pattern_says`, and
`longest`, for texts; `fewest`, `most` for lists; `as_written` for a dict of texts that takes numbers and booleans
too; `internal` for a field that no file holds. A class with a `parse_node` method reads itself.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from enum import Enum
from types import NoneType
from typing import Any, Final, TypeVar, cast, get_args

from agent.frozen import dataclass
from agent.log import Secret
from agent.settings_hints import (
    NO_RULES,
    Hint,
    Rules,
    Shape,
    choices_of,
    doc_of,
    fields_of,
    holds_secret,
    is_enum,
    is_required,
    mend,
    options_of,
    plain,
    shape_of,
)
from agent.settings_nodes import (
    KeyPath,
    Kind,
    ListNode,
    MapNode,
    Node,
    Problems,
    Scalar,
    described,
    find,
    is_null,
    shown,
    text_of,
)
from agent.settings_scalars import SCALARS, Complaint

T = TypeVar("T")

_GUESSED_PROBLEMS = 30
"""Comparing names is slow; a file with more mistakes than this is not a misspelt one."""
_CHOICE_KINDS = {int: Kind.INTEGER, bool: Kind.BOOLEAN}


class Invalid(Enum):
    """What stands for a value whose problem is noted."""

    INVALID = "invalid"


INVALID: Final = Invalid.INVALID


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check of a whole section says: the path below that section, and how to mend it."""

    path: KeyPath
    message: str
    is_warning: bool = False


Checks = Mapping[type, Callable[[Any], Iterable[Finding]]]


def parse_into(cls: type[T], node: Node, *, path: KeyPath = ()) -> T:
    """An instance of the dataclass `cls` from a mapping; `path` is its place in the file. Raises SettingsError."""
    problems = Problems()
    parsed = Parser(problems).parse(cls, node, path)
    problems.raise_if_any()
    return cast("T", parsed)


class Parser:
    """Parses values by type hints into `problems`; `checks` look at a section once it is made."""

    def __init__(self, problems: Problems, *, checks: Checks | None = None) -> None:
        self.problems = problems
        self.warnings = Problems()
        self._checks = checks or {}

    def parse(self, hint: Hint, node: Node, path: KeyPath, rules: Rules = NO_RULES) -> Any:  # noqa: ANN401 - as the hint says
        """The value, or INVALID with its problem noted."""
        hint = plain(hint)
        shape = shape_of(hint)
        if shape is Shape.OWN:
            return hint.parse_node(node, path, self)
        return _READERS[shape](self, hint, node, path, rules)

    def refuse(self, node: Node, path: KeyPath, message: str) -> Invalid:
        """Note a problem at a value."""
        self.problems.add(node.where, path, message)
        return INVALID

    def values(self, cls: type, node: Node, path: KeyPath) -> dict[str, Any] | Invalid:
        """What a mapping gives for the fields of `cls`, without those that are wrong, missing or left out."""
        if not isinstance(node, MapNode):
            return self._unexpected(cls, node, path, NO_RULES)
        known = {one.name: (one, hint) for one, hint in fields_of(cls)}
        parsed: dict[str, Any] = {}
        for key, value in node.entries:
            if key.text not in known:
                self.refuse(key, path, f"unknown key {shown(key.text)}{self.hint_at(key.text, known)}")
                continue
            one, hint = known[key.text]
            made = self.parse(hint, value, (*path, key.text), one.metadata)
            if made is not INVALID:
                parsed[key.text] = made
        given = {key.text for key, _ in node.entries}
        for name, (one, hint) in known.items():
            if is_required(one) and name not in given:
                self.refuse(node, (*path, name), f"missing; {mend(hint, one.metadata)}")
        return parsed

    def check(self, cls: type, parsed: object, node: Node, path: KeyPath) -> None:
        """Let the section's own check look at it."""
        look = self._checks.get(cls)
        for finding in look(parsed) if look else ():
            where, _ = find(node, finding.path)
            problems = self.warnings if finding.is_warning else self.problems
            problems.add(where, (*path, *finding.path), finding.message)

    def hint_at(self, name: str, known: Iterable[str]) -> str:
        """What may have been meant by a name nobody knows."""
        names = list(known)
        close = get_close_matches(name[:64], names, n=1) if len(self.problems) < _GUESSED_PROBLEMS else []
        if close:
            return f"; did you mean {close[0]}?"
        return f"; known here: {', '.join(names)}" if names else "; none is known here, remove it"

    def _section(self, cls: type, node: Node, path: KeyPath, _rules: Rules) -> object:
        before = len(self.problems)
        parsed = self.values(cls, node, path)
        if parsed is INVALID or len(self.problems) > before:
            return INVALID
        try:
            made: object = cls(**parsed)
        except ValueError as error:  # a driver's settings may refuse a combination themselves
            return self.refuse(node, path, str(error))
        self.check(cls, made, node, path)
        return made

    def _union(self, hint: Hint, node: Node, path: KeyPath, rules: Rules) -> object:
        options = options_of(hint)
        if is_null(node) and NoneType in get_args(hint):
            return None
        if len(options) == 1:
            return self.parse(options[0], node, path, rules)
        for option in options:
            trial = Parser(Problems(), checks=self._checks)
            made = trial.parse(option, node, path, rules)
            if not trial.problems:
                return made
        return self._unexpected(hint, node, path, rules)

    def _choice(self, hint: Hint, node: Node, path: KeyPath, rules: Rules) -> object:
        if not isinstance(node, Scalar) or is_null(node):
            return self._unexpected(hint, node, path, rules)
        choices = choices_of(hint)
        for choice in choices:
            # A word such as `off` is meant as a word where a word is asked for.
            kinds = {Kind.TEXT, Kind.BOOLEAN} if isinstance(choice, str) else {_CHOICE_KINDS[type(choice)]}
            if node.text == str(choice) and node.kind in kinds:
                return hint(choice) if is_enum(hint) else choice
        names = {str(choice).lower(): str(choice) for choice in choices}
        close = get_close_matches(text_of(node).lower(), names, n=1, cutoff=0.5)
        better = f"did you mean {names[close[0]]}?" if close else mend(hint, rules)
        return self.refuse(node, path, f"{described(node)} is not known; {better}")

    def _list(self, hint: Hint, node: Node, path: KeyPath, rules: Rules) -> object:
        if not isinstance(node, ListNode):
            return self._unexpected(hint, node, path, rules)
        item_hint, ellipsis = get_args(hint)
        if ellipsis is not Ellipsis:
            raise TypeError(f"settings cannot hold {hint}")
        made = [self.parse(item_hint, item, (*path, index), rules) for index, item in enumerate(node.items)]
        count, fewest, most = len(made), rules.get("fewest", 0), rules.get("most", math.inf)
        if count < fewest:
            return self.refuse(node, path, f"{count} entries, at least {fewest} is needed{doc_of(rules)}")
        if count > most:
            return self.refuse(node, path, f"{count} entries, more than {most}{doc_of(rules)}")
        return INVALID if INVALID in made else tuple(made)

    def _table(self, hint: Hint, node: Node, path: KeyPath, rules: Rules) -> object:
        if not isinstance(node, MapNode):
            return self._unexpected(hint, node, path, rules)
        value_hint = get_args(hint)[1]
        made = {key.text: self.parse(value_hint, value, (*path, key.text), rules) for key, value in node.entries}
        return INVALID if INVALID in made.values() else made

    def _scalar(self, hint: Hint, node: Node, path: KeyPath, rules: Rules) -> object:
        read = SCALARS.get(hint)
        if read is None:
            raise TypeError(f"settings cannot hold {hint}")
        if not isinstance(node, Scalar) or is_null(node):
            return self._unexpected(hint, node, path, rules)
        made = read(node, rules)
        if isinstance(made, Complaint):
            shown_value = "this value" if hint is Secret else described(node)
            return self.refuse(node, path, f"{shown_value} {made.reason}; {made.mend or mend(hint, rules)}")
        return made

    def _unexpected(self, hint: Hint, node: Node, path: KeyPath, rules: Rules) -> Invalid:
        if is_null(node):
            return self.refuse(node, path, f"nothing is given; {mend(hint, rules)}")
        given = "this value" if holds_secret(hint) else described(node)
        return self.refuse(node, path, f"{given} cannot stand here; {mend(hint, rules)}")


_READERS: Final[Mapping[Shape, Callable[[Parser, Hint, Node, KeyPath, Rules], object]]] = {
    Shape.UNION: Parser._union,  # noqa: SLF001 - the parser's own table
    Shape.CHOICE: Parser._choice,  # noqa: SLF001 - likewise
    Shape.LIST: Parser._list,  # noqa: SLF001 - likewise
    Shape.TABLE: Parser._table,  # noqa: SLF001 - likewise
    Shape.SECTION: Parser._section,  # noqa: SLF001 - likewise
    Shape.SCALAR: Parser._scalar,  # noqa: SLF001 - likewise
}
