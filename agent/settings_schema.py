"""The JSON Schema (draft 2020-12) of station.yaml, for editors; made of the same dataclasses that read it.

python -m agent.settings_schema > config/station.schema.json
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, is_dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args

from agent.log import Secret
from agent.settings_hints import Hint, Rules, Shape, choices_of, fields_of, is_required, options_of, plain, shape_of
from agent.settings_keys import Settings

Schema = dict[str, Any]


def station_schema() -> Schema:
    """The schema of a whole station.yaml."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "station.yaml of evse-agent",
        **section_schema(Settings),
    }


def section_schema(cls: type) -> Schema:
    """The schema of a mapping that is read into a dataclass, a driver's settings for instance."""
    properties, required = {}, []
    for one, hint in fields_of(cls):
        properties[one.name] = _property(one, hint)
        if is_required(one):
            required.append(one.name)
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        schema["required"] = required
    return schema


def as_text(schema: Schema) -> str:
    """A schema as it stands in a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _property(one: Field[Any], hint: Hint) -> Schema:
    schema = _schema(hint, one.metadata)
    unit = f", in {one.metadata['unit']}" if one.metadata.get("unit") else ""
    described: Schema = {"description": f"{one.metadata['doc']}{unit}"} if one.metadata.get("doc") else {}
    default = _plain_default(one.default)
    if default is not MISSING:
        described["default"] = default
    return {**described, **schema}


def _plain_default(default: object) -> object:
    """A default as JSON; MISSING where there is none worth telling."""
    if isinstance(default, Secret) or is_dataclass(default):
        return MISSING
    if isinstance(default, tuple):
        return list(default)
    return str(default) if isinstance(default, Path) else default


def _schema(hint: Hint, rules: Rules) -> Schema:
    hint = plain(hint)
    return _WRITERS[shape_of(hint)](hint, rules)


def _union(hint: Hint, rules: Rules) -> Schema:
    made = [_schema(option, rules) for option in options_of(hint)]
    if NoneType in get_args(hint):
        if len(made) == 1 and isinstance(made[0].get("type"), str):
            return {**made[0], "type": [made[0]["type"], "null"]}
        made.append({"type": "null"})
    return {"anyOf": made}


def _choice(hint: Hint, _rules: Rules) -> Schema:
    return {"enum": list(choices_of(hint))}


def _list(hint: Hint, rules: Rules) -> Schema:
    schema: Schema = {"type": "array", "items": _schema(get_args(hint)[0], {**rules, "doc": ""})}
    for ours, theirs in (("fewest", "minItems"), ("most", "maxItems")):
        if ours in rules:
            schema[theirs] = rules[ours]
    return schema


def _table(hint: Hint, rules: Rules) -> Schema:
    if rules.get("as_written"):
        return {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}}
    return {"type": "object", "additionalProperties": _schema(get_args(hint)[1], {**rules, "doc": ""})}


def _own(hint: Hint, _rules: Rules) -> Schema:
    made: Schema = hint.json_schema()
    return made


def _section(hint: Hint, _rules: Rules) -> Schema:
    return section_schema(hint)


def _scalar(hint: Hint, rules: Rules) -> Schema:
    schema: Schema = {"type": _TYPES[hint]}
    if hint is Secret:
        schema["writeOnly"] = True
    for name in ("minimum", "maximum"):
        if name in rules:
            schema[name] = rules[name]
    if "longest" in rules:
        schema["maxLength"] = rules["longest"]
    if "pattern" in rules:
        schema["pattern"] = f"^(?:{rules['pattern']})$"
    if hint is Path:
        schema["minLength"] = 1
    return schema


_TYPES: Final[Mapping[Any, str]] = {
    str: "string",
    Secret: "string",
    Path: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
}
_WRITERS: Final[Mapping[Shape, Callable[[Hint, Rules], Schema]]] = {
    Shape.UNION: _union,
    Shape.CHOICE: _choice,
    Shape.LIST: _list,
    Shape.TABLE: _table,
    Shape.OWN: _own,
    Shape.SECTION: _section,
    Shape.SCALAR: _scalar,
}

if __name__ == "__main__":
    sys.stdout.write(as_text(station_schema()))
