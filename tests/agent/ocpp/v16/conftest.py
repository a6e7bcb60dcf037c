"""What the tests of the 1.6 adapter share: a station with three connectors, and the schemas."""

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest

from agent.ocpp.adapter import Topology
from agent.ocpp.v16.adapter import Adapter16

SchemaCheck = Callable[[str, dict[str, Any]], None]

TOPOLOGY = Topology(evses=((1, (1, 2)), (3, (1,))))


@cache
def _validator(name: str) -> jsonschema_rs.Draft4Validator:
    text = (files("ocpp") / "v16" / "schemas" / f"{name}.json").read_text(encoding="utf-8-sig")
    return jsonschema_rs.Draft4Validator(json.loads(text), validate_formats=True)


@pytest.fixture(scope="session")
def fits_schema() -> SchemaCheck:
    """Raises where a payload does not fit the schema of that name, or is no JSON."""

    def check(name: str, payload: dict[str, Any]) -> None:
        _validator(name).validate(json.loads(json.dumps(payload, allow_nan=False)))

    return check


@pytest.fixture(scope="session")
def topology() -> Topology:
    """EVSE 1 with two connectors, EVSE 3 with one: connectorIds 1, 2 and 3."""
    return TOPOLOGY


@pytest.fixture(scope="session")
def adapter() -> Adapter16:
    """The adapter of that station."""
    return Adapter16(TOPOLOGY)
