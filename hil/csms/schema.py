"""Payload checks against the JSON schemas that ship with the `ocpp` package (its code is not imported)."""

import importlib.util
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeAlias

from hil.csms.errors import UnknownProtocol
from hil.csms.frame import Payload
from hil.csms.versions import Version

Checker: TypeAlias = Callable[[Payload], list[str]]

MAX_PROBLEMS: Final = 5  # a wrong payload often breaks one rule in twenty places


def problems(payload: Payload, *, version: Version, action: str, response: bool) -> list[str]:
    """What the schema holds against a payload (empty: nothing); an action without a schema is a problem too."""
    checker = _checker(version, action, response)
    if checker is None:
        return [f"{action} is no action of {version.subprotocol}"]
    return checker(payload)


def knows(action: str, *, version: Version) -> bool:
    """Whether the version has this action at all."""
    if not action.isalnum() or action.endswith(("Request", "Response")):
        return False
    return _schema_file(version, action, response=False).is_file()


@cache
def _schema_folder(name: str) -> Path:
    found = importlib.util.find_spec("ocpp")
    if found is None or not found.submodule_search_locations:
        raise UnknownProtocol("the `ocpp` package, whose schemas are needed, is not installed")
    return Path(found.submodule_search_locations[0]) / name / "schemas"


def _schema_file(version: Version, action: str, *, response: bool) -> Path:
    folder = _schema_folder(version.schema_folder)
    if response:
        return folder / f"{action}Response.json"
    named = folder / f"{action}{version.request_suffix}.json"
    # 2.1's SEND messages have no answer, so their files say neither Request nor Response.
    return named if named.is_file() else folder / f"{action}.json"


@cache
def _checker(version: Version, action: str, response: bool) -> Checker | None:  # noqa: FBT001 - a cache key
    if not knows(action, version=version):
        return None
    # Some of the published files start with a byte order mark.
    text = _schema_file(version, action, response=response).read_text(encoding="utf-8-sig")
    return compile_schema(json.loads(text), draft=version.draft)


def compile_schema(schema: dict[str, Any], *, draft: int, native: bool | None = None) -> Checker:
    """A checker by jsonschema-rs where it is installed (`native` None), otherwise by fastjsonschema."""
    if native is None:
        native = importlib.util.find_spec("jsonschema_rs") is not None
    return _compile_native(schema, draft=draft) if native else _compile_portable(schema)


def _compile_native(schema: dict[str, Any], *, draft: int) -> Checker:
    import jsonschema_rs

    build = jsonschema_rs.Draft4Validator if draft == 4 else jsonschema_rs.Draft6Validator
    validator = build(schema, validate_formats=True)

    def check(payload: Payload) -> list[str]:
        found = []
        for error in validator.iter_errors(payload):
            where = "/".join(str(step) for step in error.instance_path)
            found.append(f"{where or 'payload'}: {error.message}")
            if len(found) == MAX_PROBLEMS:
                break
        return found

    return check


def _compile_portable(schema: dict[str, Any]) -> Checker:
    fastjsonschema: ModuleType = importlib.import_module("fastjsonschema")
    validate = fastjsonschema.compile(schema)

    def check(payload: Payload) -> list[str]:
        try:
            validate(payload)
        except fastjsonschema.JsonSchemaValueException as error:
            return [str(error.message)]
        return []

    return check
