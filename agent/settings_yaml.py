"""YAML as a tree whose every value knows its file, line and column.

The tree is built from the parser's events, not by `yaml.compose`: that one recurses in C without a limit, and a
file of opening brackets ends the process.
"""

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.errors import Problem, SettingsError
from agent.settings_nodes import KeyPath, Kind, ListNode, MapNode, Node, Problems, Scalar, Where, shown

MAX_BYTES = 1 << 20
MAX_NODES = 10_000
"""Aliases counted as often as they are used, so that a few lines cannot stand for gigabytes."""
MAX_DEPTH = 32


def read_text(path: Path) -> str:
    """The text of a settings file. Raises SettingsError, saying why it cannot be read."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _unreadable(path, "is a directory; name the file in it")
        if not stat.S_ISREG(mode):
            raise _unreadable(path, "is not a regular file; give a file of YAML text")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise _unreadable(path, "no such file; check the name, or copy one from config/") from error
    except PermissionError as error:
        raise _unreadable(path, "may not be read by this user; check its owner and mode") from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, f"cannot be read: {error}") from error
    if len(content) > MAX_BYTES:
        raise _unreadable(path, f"is larger than {MAX_BYTES // 1024} KiB; is it the right file?")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        where = f"{shown_file(str(path))}:{line}:{column}"
        raise SettingsError(problems=[Problem(where, "", "is not UTF-8 text; save the file as UTF-8")]) from error


def shown_file(name: str) -> str:
    """A file's name for a message, on one line."""
    return name if name.isprintable() else ascii(name)


def _unreadable(path: Path, message: str) -> SettingsError:
    return SettingsError(problems=[Problem(shown_file(str(path)), "", message)])


def read_nodes(text: str, *, file: str, problems: Problems) -> Node | None:
    """The tree of a YAML text, None where there is none; mistakes go to `problems`."""
    import yaml  # late: only a start with a file needs it

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder(shown_file(file), problems)
    try:
        parser = loader(text)
        resolve: Callable[[str], str] = lambda value: parser.resolve(yaml.ScalarNode, value, (True, False))  # noqa: E731 - a name for one expression
        return builder.build(_events(parser), resolve)
    except yaml.YAMLError as error:
        where, message = _syntax_problem(error, text, file=builder.file)
        problems.add(where, (), message)
        return None


def _events(parser: Any) -> Iterator[Any]:  # noqa: ANN401 - PyYAML's loader has no type of its own
    try:
        while parser.check_event():
            yield parser.get_event()
    finally:
        parser.dispose()


@dataclass(slots=True)
class _Open:
    """A collection that is still being read; `key` waits for its value."""

    where: Where
    anchor: str | None
    is_map: bool
    items: list[Node] = field(default_factory=list)
    keys: dict[str, Scalar] = field(default_factory=dict)
    key: Scalar | None = None
    skips_value: bool = False
    weight: int = 1


class _Refused(Exception):
    """The rest of the file is not worth reading; the problem is noted."""


class _Builder:
    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self._problems = problems
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._root: Node | None = None

    def build(self, events: Iterator[Any], resolve: Callable[[str], str]) -> Node | None:
        """The root, once all events are through."""
        try:
            documents = 0
            for event in events:
                where = Where(self.file, event.start_mark.line + 1, event.start_mark.column + 1)
                name = type(event).__name__
                if name == "DocumentStartEvent":
                    documents += 1
                    if documents > 1:
                        self._refuse(where, "a second document begins; keep one, and remove the line ---")
                else:
                    self._take(name, event, where, resolve)
        except _Refused:
            return None
        return self._root

    def _take(self, name: str, event: Any, where: Where, resolve: Callable[[str], str]) -> None:  # noqa: ANN401 - a YAML event
        match name:
            case "ScalarEvent":
                node = self._scalar(event, where, resolve)
                if event.anchor is not None:
                    self._anchors[event.anchor] = (node, 1)
                self._put(node, weight=1)
            case "AliasEvent":
                self._alias(event.anchor, where)
            case "MappingStartEvent" | "SequenceStartEvent":
                self._begin(event, where, is_map=name == "MappingStartEvent")
            case "MappingEndEvent" | "SequenceEndEvent":
                self._end()
            case _:  # the stream's and document's own ends carry nothing
                pass

    def _scalar(self, event: Any, where: Where, resolve: Callable[[str], str]) -> Scalar:  # noqa: ANN401 - a YAML event
        is_plain = event.tag is None and event.implicit[0]
        tag = resolve(event.value) if is_plain else event.tag or "tag:yaml.org,2002:str"
        kind = _KINDS.get(tag.removeprefix("tag:yaml.org,2002:"))
        if kind is None:
            self._problems.add(where, self._path(), f"the tag {shown(tag)} is not known here; remove it")
            kind = Kind.TEXT
        return Scalar(event.value, kind, is_plain, where)

    def _alias(self, anchor: str, where: Where) -> None:
        known = self._anchors.get(anchor)
        if known is None:
            reason = "stands for what contains it" if anchor in self._anchors else "has no anchor before it"
            self._refuse(where, f"the alias *{anchor} {reason}; write the value out")
        else:
            self._put(known[0], weight=known[1])

    def _begin(self, event: Any, where: Where, *, is_map: bool) -> None:  # noqa: ANN401 - a YAML event
        if len(self._stack) >= MAX_DEPTH:
            self._refuse(where, f"nested deeper than {MAX_DEPTH} levels; check the brackets and the indentation")
        if event.tag not in {None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"}:
            self._problems.add(where, self._path(), f"the tag {shown(event.tag)} is not known here; remove it")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        # A block starts on the line after its key, where nobody would look for what it lacks.
        key = self._stack[-1].key if self._stack else None
        place = where if key is None or event.flow_style else key.where
        self._stack.append(_Open(place, event.anchor, is_map))

    def _end(self) -> None:
        done = self._stack.pop()
        node: Node
        if done.is_map:
            node = MapNode(tuple(zip(done.keys.values(), done.items, strict=True)), done.where)
        else:
            node = ListNode(tuple(done.items), done.where)
        if done.anchor is not None:
            self._anchors[done.anchor] = (node, done.weight)
        self._put(node, weight=done.weight)

    def _put(self, node: Node, *, weight: int) -> None:
        if not self._stack:
            self._root = node
            return
        top = self._stack[-1]
        top.weight += weight
        if top.weight > MAX_NODES:
            self._refuse(node.where, f"more than {MAX_NODES} values, aliases counted as often as they are used")
        if not top.is_map:
            top.items.append(node)
        elif top.key is None:
            self._put_key(top, node)
        else:
            if top.skips_value:
                top.skips_value = False
            else:
                top.keys[top.key.text] = top.key
                top.items.append(node)
            top.key = None

    def _put_key(self, top: _Open, node: Node) -> None:
        if not isinstance(node, Scalar):
            self._problems.add(node.where, self._path(), "a list or mapping as a key; give a word, or mind the braces")
            top.key, top.skips_value = Scalar("", Kind.TEXT, is_plain=True, where=node.where), True
            return
        top.key = node
        first = top.keys.get(node.text)
        if first is not None:
            where = f"line {first.where.line}"
            self._problems.add(node.where, self._path(), f"the same key again ({where} has it too); remove one of them")
            top.skips_value = True
        elif node.text == "<<" and node.is_plain:
            self._problems.add(node.where, self._path(), "merge keys are not supported; write the keys out")
            top.skips_value = True

    def _path(self) -> KeyPath:
        """Where the reading stands."""
        path: list[str | int] = []
        for level in self._stack:
            if not level.is_map:
                path.append(len(level.items))
            elif level.key is not None:
                path.append(level.key.text)
        return tuple(path)

    def _refuse(self, where: Where, message: str) -> None:
        self._problems.add(where, self._path(), message)
        raise _Refused


_KINDS = {
    "str": Kind.TEXT,
    "value": Kind.TEXT,  # YAML 1.1 gives a lone "=" a type of its own
    "merge": Kind.TEXT,
    "!": Kind.TEXT,
    "int": Kind.INTEGER,
    "float": Kind.FLOAT,
    "bool": Kind.BOOLEAN,
    "null": Kind.NULL,
    "timestamp": Kind.TIMESTAMP,
}

_SYNTAX_HINTS = {
    "mapping values are not allowed in this context": 'a second ": " on this line, or wrong indentation; '
    "put a value that holds one in quotes",
    "could not find expected ':'": 'a key without ": " after it; write key: value',
    "did not find expected <document start>": "indented less than the lines above; line the keys up",
    "did not find expected key": "wrong indentation or a missing comma; line the keys up",
    "did not find expected '-' indicator": "a key among list entries; mind the indentation, or add a dash",
    "found unexpected end of stream": "a quotation mark is never closed; close it",
}


def _syntax_problem(error: Any, text: str, *, file: str) -> tuple[Where, str]:  # noqa: ANN401 - a YAMLError
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:  # ReaderError: a character that YAML does not allow
        position = min(getattr(error, "position", 0), len(text))
        line, column = text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)
        code = getattr(error, "character", None)
        named = f"U+{code:04X}" if isinstance(code, int) else "a character"
        return Where(file, line, column), f"{named} is not allowed in YAML; remove it"
    where = Where(file, mark.line + 1, mark.column + 1)
    said = str(getattr(error, "problem", None) or "cannot be read")
    lines = text.splitlines()
    rest = lines[mark.line][mark.column :] if mark.line < len(lines) else ""
    if said == "found character that cannot start any token":
        if rest.startswith("\t"):
            return where, "a tab; indent with spaces"
        return where, f"no value can begin with {shown(rest[:1])}; put it in quotes"
    hint = _SYNTAX_HINTS.get(said)
    context = getattr(error, "context", None)
    return where, f"not YAML: {hint or said + (f' ({context})' if context else '')}"
