import json
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.api.bodies import EvBody, FaultBody, NoFields, TokenBody, TokenType
from agent.api.body_rules import parse_body, pointer
from agent.api.problems import ApiProblem
from agent.station.faults import Fault

SHAPES: tuple[type, ...] = (EvBody, FaultBody, TokenBody, NoFields)


def flaws(body: Any, shape: type, *, raw: bytes | None = None) -> dict[str, str]:
    """What is wrong with a body, by pointer."""
    with pytest.raises(ApiProblem) as caught:
        parse_body(json.dumps(body).encode() if raw is None else raw, shape=shape)
    assert caught.value.status is HTTPStatus.BAD_REQUEST
    return {flaw.pointer: flaw.detail for flaw in caught.value.errors}


def body_or_flaws(raw: bytes, shape: type) -> bool:
    """Whether one of the two outcomes came that there are."""
    try:
        return isinstance(parse_body(raw, shape=shape), shape)
    except ApiProblem as problem:
        return bool(problem.document().errors)


def test_a_good_body_becomes_its_dataclass() -> None:
    assert parse_body(b'{"fault": "GroundFailure", "active": true}', shape=FaultBody) == FaultBody(
        fault=Fault.GROUND_FAILURE, active=True
    )
    assert parse_body(b'{"id_token": "04A1", "evse_id": null}', shape=TokenBody) == TokenBody(
        id_token="04A1", type=TokenType.ISO14443, evse_id=None
    )


def test_a_whole_number_serves_where_a_number_is_asked_and_3_0_is_whole() -> None:
    body = parse_body(b'{"max_current_a": 16, "phases": 3.0}', shape=EvBody)

    assert (body.max_current_a, body.phases) == (16.0, 3)
    assert (type(body.max_current_a), type(body.phases)) == (float, int)


def test_every_mistake_is_told_at_once_with_its_place() -> None:
    found = flaws({"active": 1, "colour/1": "red"}, FaultBody)

    assert found == {
        "#/fault": "is missing",
        "#/active": "must be true or false",
        "#/colour~11": "no such field",
    }


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"phases": 4}, "#/phases"),
        ({"phases": 1.5}, "#/phases"),
        ({"phases": True}, "#/phases"),
        ({"max_current_a": -1}, "#/max_current_a"),
        ({"max_current_a": "16"}, "#/max_current_a"),
        ({"max_current_a": 10**400}, "#/max_current_a"),
        ({"wants_energy": "yes"}, "#/wants_energy"),
    ],
)
def test_a_value_no_car_can_have_is_pointed_at(body: dict[str, Any], where: str) -> None:
    assert list(flaws(body, EvBody)) == [where]


@pytest.mark.parametrize("token", ["", "x" * 37, "with space", "line\n", "\ud800", "ÄÖ"])
def test_a_token_no_card_can_hold_is_refused(token: str) -> None:
    assert list(flaws({"id_token": token}, TokenBody)) == ["#/id_token"]


@pytest.mark.parametrize(
    "raw", [b"", b"nonsense", b"[]", b"\xff", b'{"phases": NaN}', b"[" * 60_000, b"9" * 60_000, b'{"a": 1e999']
)
def test_what_is_no_json_object_is_refused_as_a_whole(raw: bytes) -> None:
    assert list(flaws(None, EvBody, raw=raw)) == ["#"]


def test_a_number_too_great_for_a_double_is_out_of_range() -> None:
    assert flaws(None, EvBody, raw=b'{"soc_percent": 1e999}') == {"#/soc_percent": "is out of range"}


def test_a_pointer_is_a_uri_fragment() -> None:
    assert pointer("a~b/c d\u00e4") == "#/a~0b~1c%20d%C3%A4"


@given(st.binary(max_size=200), st.sampled_from(SHAPES))
def test_any_bytes_are_either_a_body_or_a_problem(raw: bytes, shape: type) -> None:
    assert body_or_flaws(raw, shape)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["fault", "active", "phases", "max_current_a", "id_token", "type", "evse_id"]) | st.text()


@given(st.dictionaries(NAMES, JSON_VALUES, max_size=4), st.sampled_from(SHAPES))
def test_any_json_object_is_either_a_body_or_a_problem(body: dict[str, Any], shape: type) -> None:
    assert body_or_flaws(json.dumps(body).encode(), shape)
