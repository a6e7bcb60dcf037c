"""Payload checks against the published JSON schemas, which the `ocpp` package carries.

The package's modules are never imported (they cost 300 ms and 20 MiB), only its files are read. Each schema is
compiled once, when it is first needed, by jsonschema-rs where that can be installed and by fastjsonschema
elsewhere; both give the same answers.
"""

import importlib
import importlib.util
import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from agent.frozen import dataclass
from agent.ocpp.errors import MAX_DESCRIPTION, Code, Fault, Version, code_for_fault, code_for_rule

Kind: TypeAlias = Literal["request", "response"]
Format: TypeAlias = Callable[[str], bool]
Broken: TypeAlias = tuple[str, str]
"""A JSON pointer and the schema keyword that is broken there."""
Validate: TypeAlias = Callable[[Any], Broken | None]
Compile: TypeAlias = Callable[[Any, Mapping[str, Format]], Validate]

_FOLDERS = {Version.V16: "v16", Version.V201: "v201", Version.V21: "v21"}
_REQUEST_SUFFIX = {Version.V16: "", Version.V201: "Request", Version.V21: "Request"}
_SENT = {Version.V21: frozenset({"NotifyPeriodicEventStream"})}  # 2.1 N15: a SEND; its file has no suffix
_MULTIPLE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Violation:
    """The first rule that a payload breaks: a JSON pointer (RFC 6901) and a schema keyword, never a value."""

    pointer: str
    rule: str

    def code(self, version: Version) -> Code:
        """The error code for it."""
        return code_for_rule(self.rule, version=version)

    @property
    def description(self) -> str:
        """An errorDescription."""
        return f"{self.pointer or '/'}: {self.rule}"[-MAX_DESCRIPTION:]


@dataclass(frozen=True, slots=True)
class UnknownAction:
    """The version has no such action."""

    def code(self, version: Version) -> Code:
        """The error code for it."""
        return code_for_fault(Fault.UNKNOWN_ACTION, version=version) or Code.NOT_IMPLEMENTED

    @property
    def description(self) -> str:
        """An errorDescription."""
        return Fault.UNKNOWN_ACTION.value


class Checker:
    """Compiled schemas of one compiler; each is made when it is first needed and kept."""

    def __init__(self, compile_schema: Compile) -> None:
        self._compile = compile_schema
        # 387 schemas exist; a station meets some forty of them.
        self._validators: dict[tuple[Version, str, Kind, bool], Validate] = {}

    def check(
        self, version: Version, action: str, kind: Kind, payload: object, *, extra_allowed: bool = False
    ) -> Violation | UnknownAction | None:
        """See the function `check`."""
        validate = self._validators.get((version, action, kind, extra_allowed))
        if validate is None:
            if not _is_known(version, action, kind):
                return UnknownAction()
            validate = self._validator(version, action, kind, extra_allowed=extra_allowed)
        broken = validate(payload)
        return None if broken is None else Violation(*broken)

    def is_ready(self, version: Version, action: str, kind: Kind, *, extra_allowed: bool = False) -> bool:
        """Whether `check` will be quick: fastjsonschema compiles for 2 to 50 ms, too long for an event loop."""
        return self._compile is compile_rs or (version, action, kind, extra_allowed) in self._validators

    def prepare(self, version: Version, action: str, kind: Kind, *, extra_allowed: bool = False) -> None:
        """Compile a schema ahead of its first use; may run in any thread."""
        if _is_known(version, action, kind):
            self._validator(version, action, kind, extra_allowed=extra_allowed)

    def _validator(self, version: Version, action: str, kind: Kind, *, extra_allowed: bool) -> Validate:
        schema = json.loads(_schema_file(version, action, kind).read_text(encoding="utf-8-sig"))
        steps: list[tuple[tuple[str, ...], float]] = []
        _prune(schema, (), steps, extra_allowed=extra_allowed)
        validate = self._compile(schema, _FORMATS[version])
        validate = _with_steps(validate, steps) if steps else validate
        self._validators[version, action, kind, extra_allowed] = validate
        return validate


@cache
def checker() -> Checker:
    """The checker that the whole process shares, by the fastest compiler that this machine has."""
    return Checker(compile_rs if importlib.util.find_spec("jsonschema_rs") else compile_fast)


def check(
    version: Version, action: str, kind: Kind, payload: object, *, extra_allowed: bool = False
) -> Violation | UnknownAction | None:
    """The first thing wrong with a payload, None if nothing is.

    With `extra_allowed` unknown properties are overlooked, everywhere in the payload.
    """
    return checker().check(version, action, kind, payload, extra_allowed=extra_allowed)


@cache
def actions(version: Version) -> frozenset[str]:
    """Every action that the version knows, in either direction."""
    stems = {file.stem for file in _folder(version).glob("*.json")}
    suffix = _REQUEST_SUFFIX[version]
    requests = {stem for stem in stems if not stem.endswith("Response") and stem.endswith(suffix)}
    return frozenset(stem.removesuffix(suffix) for stem in requests) | (_SENT.get(version, frozenset()) & stems)


def _is_known(version: Version, action: str, kind: Kind) -> bool:
    return action in actions(version) and not (kind == "response" and action in _SENT.get(version, ()))


# Only called with known names: they come from the peer, and become a path and a key that stays.
def _schema_file(version: Version, action: str, kind: Kind) -> Path:
    if kind == "response":
        return _folder(version) / f"{action}Response.json"
    suffix = "" if action in _SENT.get(version, ()) else _REQUEST_SUFFIX[version]
    return _folder(version) / f"{action}{suffix}.json"


@cache
def _folder(version: Version) -> Path:
    spec = importlib.util.find_spec("ocpp")  # finds the package without running it
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the package 'ocpp', which carries the JSON schemas, is not installed")
    return Path(spec.submodule_search_locations[0]) / _FOLDERS[version] / "schemas"


def _prune(
    node: object, path: tuple[str, ...], steps: list[tuple[tuple[str, ...], float]], *, extra_allowed: bool
) -> None:
    """Take `multipleOf` (checked by ourselves) and, if asked, the ban on extra properties out of a schema."""
    if not isinstance(node, dict):
        return
    step = node.pop("multipleOf", None)
    if step is not None:
        steps.append((path, float(step)))
    if extra_allowed:
        node.pop("additionalProperties", None)
    for name, child in node.get("properties", {}).items():
        _prune(child, (*path, name), steps, extra_allowed=extra_allowed)
    _prune(node.get("items"), (*path, "*"), steps, extra_allowed=extra_allowed)
    # Only 1.6 has multipleOf, and never inside a definition, so the path of a definition need not be known.
    for child in node.get("definitions", {}).values():
        _prune(child, path, steps, extra_allowed=extra_allowed)


def _with_steps(validate: Validate, steps: list[tuple[tuple[str, ...], float]]) -> Validate:
    def validate_steps(payload: Any) -> Broken | None:
        broken = validate(payload)
        if broken is not None:
            return broken
        for path, step in steps:
            off = _off_step(payload, path, step, "")
            if off is not None:
                return off, "multipleOf"
        return None

    return validate_steps


def _off_step(node: Any, path: tuple[str, ...], step: float, pointer: str) -> str | None:
    """The pointer of a number that is no multiple of `step`, binary rounding forgiven (3 * 0.1 is 0.3)."""
    if not path:
        multiple = node / step
        return pointer if abs(multiple - round(multiple)) > _MULTIPLE_TOLERANCE else None
    if path[0] == "*":
        found = (_off_step(item, path[1:], step, f"{pointer}/{index}") for index, item in enumerate(node))
        return next((off for off in found if off is not None), None)
    return _off_step(node[path[0]], path[1:], step, f"{pointer}/{path[0]}") if path[0] in node else None


# 1.6 section 3.15 asks for ISO 8601, so a time without an offset is allowed there; 2.x asks for RFC 3339.
_ISO_8601 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d([.,]\d+)?)?\s*([Zz]|[+-]\d\d(:?\d\d)?)?", re.ASCII)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s\x00-\x1f\x7f]+")


def _is_time(pattern: re.Pattern[str]) -> Format:
    def is_time(written: str) -> bool:
        if pattern.fullmatch(written) is None:
            return False
        try:
            datetime.fromisoformat("".join(written.split()).upper())
        except ValueError:
            return False
        return True

    return is_time


def _is_uri(written: str) -> bool:
    return _URI.fullmatch(written) is not None


_FORMATS: dict[Version, dict[str, Format]] = {
    Version.V16: {"date-time": _is_time(_ISO_8601), "uri": _is_uri},
    Version.V201: {"date-time": _is_time(_RFC_3339), "uri": _is_uri},
    Version.V21: {"date-time": _is_time(_RFC_3339), "uri": _is_uri},
}


def compile_rs(schema: Any, formats: Mapping[str, Format]) -> Validate:
    """By jsonschema-rs: 0.3 ms to compile, some microseconds to check."""
    rs = importlib.import_module("jsonschema_rs")
    validator = rs.validator_for(schema, validate_formats=True, formats=dict(formats), offline=True)
    is_valid = validator.is_valid

    def validate(payload: Any) -> Broken | None:
        try:
            if is_valid(payload):
                return None
        except (TypeError, ValueError):
            return "", "type"  # a value that no JSON has, which only an own payload can hold
        error = next(validator.iter_errors(payload))
        path = [str(step) for step in error.instance_path]
        rule = str(error.kind.name)
        if rule == "required":
            path.append(str(error.kind.property))
        return _pointer(path), rule

    return validate


def compile_fast(schema: Any, formats: Mapping[str, Format]) -> Validate:
    """By fastjsonschema: pure Python, for machines without a wheel of jsonschema-rs."""
    fast = importlib.import_module("fastjsonschema")
    compiled = fast.compile(schema, formats=dict(formats), use_default=False)

    def validate(payload: Any) -> Broken | None:
        try:
            compiled(payload)
        except fast.JsonSchemaValueException as error:
            path = [str(step) for step in error.path[1:]]
            if error.rule == "required":
                path.append(next(name for name in error.rule_definition if name not in error.value))
            return _pointer(path), str(error.rule)
        return None

    return validate


def _pointer(path: list[str]) -> str:
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in path)
