"""The official schemas as checks: every payload must fit those of 2.0.1 and of 2.1."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from importlib.resources import files

import jsonschema_rs

from agent.clock import Moment
from agent.ocpp.adapter import Call, JsonObject

Fits = Callable[[str, JsonObject], None]
Sent = Callable[[Call | None], JsonObject]
Wall = Callable[[Moment], datetime]


@cache
def _validator(version: str, name: str) -> jsonschema_rs.Validator:
    text = (files("ocpp") / version / "schemas" / f"{name}.json").read_text(encoding="utf-8-sig")
    return jsonschema_rs.validator_for(json.loads(text), validate_formats=True)


def check_fits(name: str, payload: JsonObject) -> None:
    """Raise where a payload, as JSON, does not fit."""
    travelled = json.loads(json.dumps(payload, allow_nan=False))
    for version in ("v201", "v21"):
        _validator(version, name).validate(travelled)


def check_call(call: Call | None) -> JsonObject:
    """The payload of a call that fits its schema."""
    assert call is not None
    check_fits(f"{call.action}Request", call.payload)
    return call.payload
