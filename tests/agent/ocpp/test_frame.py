"""Frames: whatever a peer sends is read or refused in its version's words, and never raises."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.ocpp.errors import Fault, Version
from agent.ocpp.frame import (
    BadFrame,
    Call,
    CallError,
    CallResult,
    CallResultError,
    Frame,
    Send,
    parse,
    serialise,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = st.none() | st.booleans() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False) | TEXT
JSON = st.recursive(
    LEAVES.filter(lambda leaf: leaf not in (float("inf"), float("-inf"))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT, JSON, max_size=4)
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=36)
CODES = st.text(st.characters(exclude_categories=["Cs"]), max_size=255)
FRAMES: st.SearchStrategy[Frame] = st.one_of(
    st.builds(Call, IDS, TEXT, OBJECTS),
    st.builds(CallResult, IDS, OBJECTS),
    st.builds(CallError, IDS, TEXT, CODES, OBJECTS),
    st.builds(CallResultError, IDS, TEXT, CODES, OBJECTS),
    st.builds(Send, IDS, TEXT, OBJECTS),
)


def bad(text: str, *, version: Version = Version.V201, max_bytes: int = 4096) -> BadFrame:
    frame = parse(text, version=version, max_bytes=max_bytes)
    assert isinstance(frame, BadFrame)
    return frame


@given(frame=FRAMES)
def test_what_is_written_is_read_back(frame: Frame) -> None:
    text = serialise(frame)

    assert text.isascii()
    assert parse(text, version=Version.V21) == frame


@given(text=st.text(), version=st.sampled_from(Version))
def test_no_text_makes_it_raise(text: str, version: Version) -> None:
    parse(text, version=version)


@given(parts=st.lists(JSON | st.integers(1, 7) | IDS, max_size=6), version=st.sampled_from(Version))
def test_no_json_makes_it_raise_and_every_answer_can_be_sent(parts: list[Any], version: Version) -> None:
    frame = parse(json.dumps(parts), version=version)

    if isinstance(frame, BadFrame) and frame.answer is not None:
        answer = parse(serialise(frame.answer), version=version)
        assert isinstance(answer, CallError) or len(frame.answer.message_id) > 36


def test_a_repeated_key_keeps_its_last_value() -> None:
    assert parse('[2,"1","Reset",{"type":"Hard","type":"Soft"}]', version=Version.V16) == Call(
        "1", "Reset", {"type": "Soft"}
    )


def test_null_is_an_empty_payload() -> None:
    assert parse('[2,"1","Heartbeat",null]', version=Version.V201) == Call("1", "Heartbeat", {})
    assert parse('[3,"1",null]', version=Version.V201) == CallResult("1", {})


def test_an_integer_written_with_a_fraction_arrives_as_an_integer() -> None:
    frame = parse('[3,"1",{"interval":300.0,"limit":16.5}]', version=Version.V16)

    assert isinstance(frame, CallResult)
    assert type(frame.payload["interval"]) is int
    assert frame.payload == {"interval": 300, "limit": 16.5}


def test_an_error_without_description_and_details_is_understood() -> None:
    assert parse('[4,"1","GenericError"]', version=Version.V16) == CallError("1", "GenericError")
    assert parse('[4,"1","GenericError",null,[]]', version=Version.V16) == CallError("1", "GenericError")


@pytest.mark.parametrize(
    "number",
    ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9223372036854775808", "9" * 5000],
)
def test_a_number_that_nobody_can_hold_is_refused(number: str) -> None:
    frame = bad(f'[2,"1","Reset",{{"type":{number}}}]', max_bytes=10_000)

    assert frame.answer == CallError("1", "FormatViolation", "not JSON")


def test_a_lone_surrogate_is_refused() -> None:
    assert bad('[2,"1","Reset",{"type":"\\ud800"}]').fault is Fault.NOT_JSON
    assert isinstance(parse('[2,"1","Reset",{"type":"\\ud83d\\ude00"}]', version=Version.V201), Call)


@pytest.mark.parametrize("depth", [40, 5_000, 100_000])
def test_deep_nesting_is_refused_without_a_recursion_error(depth: int) -> None:
    frame = bad('[2,"1","Reset",' + "[" * depth + "]" * depth + "]", max_bytes=1_000_000)

    assert frame.fault in (Fault.TOO_DEEP, Fault.NOT_JSON)
    assert frame.answer is not None
    assert frame.answer.message_id == "1"


def test_many_shallow_objects_are_not_deep() -> None:
    frame = parse(json.dumps([2, "1", "SendLocalList", {"list": [{}] * 500}]), version=Version.V16)

    assert isinstance(frame, Call)


def test_an_oversized_frame_is_refused_unread_under_its_own_id() -> None:
    text = json.dumps([2, "big", "DataTransfer", {"data": "x" * 5000}])

    assert bad(text).answer == CallError("big", "FormatViolation", "larger than this station accepts")
    assert bad(text, version=Version.V16).answer == CallError(
        "big", "FormationViolation", "larger than this station accepts"
    )


def test_the_size_is_counted_in_bytes_of_utf_8() -> None:
    text = '[2,"1","DataTransfer",{"data":"' + "\N{EURO SIGN}" * 1500 + '"}]'

    assert len(text) < 4096
    assert bad(text).fault is Fault.TOO_BIG


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("", ("-1", "RpcFrameworkError")),
        ("hello", ("-1", "RpcFrameworkError")),
        ("{}", ("-1", "RpcFrameworkError")),
        ("[]", ("-1", "RpcFrameworkError")),
        ("[2]", ("-1", "RpcFrameworkError")),
        ('[2,7,"Reset",{}]', ("-1", "RpcFrameworkError")),
        ('[2,"","Reset",{}]', ("-1", "RpcFrameworkError")),
        ('[2,"7","Reset",{"type":', ("7", "FormatViolation")),
        ('[2,"7","Reset"]', ("7", "RpcFrameworkError")),
        ('[2,"7","Reset",{},{}]', ("7", "RpcFrameworkError")),
        ('[2,"7",["Reset"],{}]', ("7", "RpcFrameworkError")),
        ('[2,"7","Reset",[]]', ("7", "FormatViolation")),
        ('[2,"7","Reset","x"]', ("7", "FormatViolation")),
        (f'[2,"{"a" * 37}","Reset",{{}}]', ("a" * 37, "RpcFrameworkError")),
        (f'[2,"{"a" * 300}","Reset",{{}}]', ("-1", "RpcFrameworkError")),
        ('[9,"7",{}]', ("7", "MessageTypeNotSupported")),
        ("[9]", ("-1", "MessageTypeNotSupported")),
        ('[true,"7",{}]', ("7", "MessageTypeNotSupported")),
        ('["2","7","Reset",{}]', ("7", "MessageTypeNotSupported")),
        ('[6,"7","NotifyPeriodicEventStream",{}]', ("7", "MessageTypeNotSupported")),
    ],
)
def test_2_0_1_answers_a_bad_frame(text: str, answer: tuple[str, str]) -> None:
    refusal = bad(text).answer

    assert refusal is not None
    assert (refusal.message_id, refusal.code) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("hello", None),
        ("[]", None),
        ('[2,7,"Reset",{}]', None),
        ('[9,"7",{}]', None),
        ('[6,"7","NotifyPeriodicEventStream",{}]', None),
        ('[2,"7","Reset",{"type":', ("7", "FormationViolation")),
        ('[2,"7","Reset"]', ("7", "FormationViolation")),
        ('[2,"7","Reset",[]]', ("7", "FormationViolation")),
    ],
)
def test_1_6_answers_only_where_it_can_name_the_call(text: str, answer: tuple[str, str] | None) -> None:
    refusal = bad(text, version=Version.V16).answer

    assert (refusal and (refusal.message_id, refusal.code)) == answer


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize("text", ['[3,"7"]', '[3,"7","x"]', '[3,"7",{', '[4,"7"]', '[4,"7",{}]', '[4,"-1",', "[3]"])
def test_a_broken_answer_is_never_answered(text: str, version: Version) -> None:
    assert bad(text, version=version).answer is None


@pytest.mark.parametrize("text", ['[6,"7","NotifyPeriodicEventStream"]', '[5,"7"]', '[6,"7",'])
def test_2_1_never_answers_a_broken_send_or_result_error(text: str) -> None:
    assert bad(text, version=Version.V21).answer is None


def test_a_long_description_is_cut_to_what_the_field_holds() -> None:
    sent = json.loads(serialise(CallError("1", "GenericError", "x" * 300)))

    assert sent == [4, "1", "GenericError", "x" * 255, {}]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"x"])
def test_a_payload_that_is_no_json_cannot_be_written(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        serialise(Call("1", "DataTransfer", {"data": value}))
