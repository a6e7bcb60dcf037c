"""The lists of actions agree with the schemas."""

from importlib.resources import files

import pytest

from agent.ocpp.v201.known_actions import KNOWN_ACTIONS, KNOWN_ACTIONS_21


@pytest.mark.parametrize(("version", "known"), [("v201", KNOWN_ACTIONS), ("v21", KNOWN_ACTIONS_21)])
def test_every_request_with_a_schema_is_known(version: str, known: frozenset[str]) -> None:
    names = {path.name for path in (files("ocpp") / version / "schemas").iterdir()}
    requests = {name.removesuffix("Request.json") for name in names if name.endswith("Request.json")}

    assert requests <= known
    assert known - requests <= {"NotifyPeriodicEventStream"}  # an unconfirmed message, not a request
