"""Payload checks."""

import pytest

from hil.csms import schema
from hil.csms.versions import V16, V21, V201, VERSIONS

LIMITS = {
    "type": "object",
    "properties": {"limit": {"type": "number", "multipleOf": 0.1}, "at": {"type": "string", "format": "date-time"}},
    "additionalProperties": False,
}


@pytest.mark.parametrize("subprotocol", [V16, V201, V21])
def test_a_right_payload_has_no_problem_and_a_wrong_one_names_the_place(subprotocol: str) -> None:
    version = VERSIONS[subprotocol]
    right = {"currentTime": "2026-01-01T10:00:00Z"}

    none = schema.problems(right, version=version, action="Heartbeat", response=True)
    some = schema.problems({"currentTime": "noon"}, version=version, action="Heartbeat", response=True)

    assert none == []
    assert len(some) == 1
    assert "currentTime" in some[0]


@pytest.mark.parametrize(
    "action", ["MakeCoffee", "HeartbeatResponse", "HeartbeatRequest", "../../v16/schemas/Heartbeat", ""]
)
def test_an_unknown_action_is_a_problem(action: str) -> None:
    found = schema.problems({}, version=VERSIONS[V201], action=action, response=False)

    assert len(found) == 1
    assert "no action" in found[0]


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("limit", [21.4, 5.6, 0.3, 16, 32.1])
def test_tenths_are_multiples_of_a_tenth_with_either_checker(native: bool, limit: float) -> None:
    check = schema.compile_schema(LIMITS, draft=4, native=native)

    assert check({"limit": limit}) == []


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("payload", [{"limit": 1.23}, {"limit": "6"}, {"other": 1}, {"at": "noon"}])
def test_both_checkers_find_the_same_payloads_wrong(native: bool, payload: dict[str, object]) -> None:
    check = schema.compile_schema(LIMITS, draft=6, native=native)

    assert len(check(payload)) == 1
