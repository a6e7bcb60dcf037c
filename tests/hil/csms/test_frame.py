"""Reading and writing frames."""

import pytest

from hil.csms.frame import Call, Refusal, Result, Unreadable, call_text, error_text, parse, result_text
from hil.csms.versions import VERSIONS

V16, V201, V21 = VERSIONS.values()


def test_frames_of_each_kind_are_read_back_as_written() -> None:
    texts = [call_text("1", "Heartbeat", {}), result_text("1", {"a": 1}), error_text("1", "GenericError", "x")]

    frames = [parse(text, version=V16) for text in texts]

    assert frames == [
        (Call("1", "Heartbeat", {}), []),
        (Result("1", {"a": 1}), []),
        (Refusal("1", "GenericError", "x", {}), []),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nil",
        "{}",
        "[]",
        "[2]",
        '[2,"1","A"]',
        '[2,1,"A",{}]',
        '[2,"1",["A"],{}]',
        '[3,"1",[]]',
        '[4,"1",2,"",{}]',
        '[true,"1","A",{}]',
        '[2,"1","A",{"x":NaN}]',
        '[6,"1","A",{}]',
    ],
)
def test_what_is_no_frame_is_unreadable_with_a_reason(text: str) -> None:
    frame, problems = parse(text, version=V201)

    assert isinstance(frame, Unreadable)
    assert problems


def test_an_unreadable_frame_keeps_its_message_id() -> None:
    frame, _ = parse('[2,"abc",5,{}]', version=V16)

    assert frame == Unreadable("abc", "the action is not a string")


def test_binary_frames_are_not_allowed() -> None:
    _, problems = parse(b"[2]", version=V16)

    assert problems == ["a binary frame where only text frames are allowed"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (f'[2,"{"x" * 37}","A",{{}}]', "37 characters"),
        ('[2,"","A",{}]', "0 characters"),
        ('[4,"1","FormationViolation","",{}]', "FormationViolation"),
        (f'[4,"1","GenericError","{"x" * 256}",{{}}]', "255"),
        ('[4,"1","GenericError","",[]]', "details"),
    ],
)
def test_readable_frames_may_still_break_rules(text: str, word: str) -> None:
    _, problems = parse(text, version=V201)

    assert len(problems) == 1
    assert word in problems[0]


def test_the_misspelt_code_is_right_in_16() -> None:
    _, problems = parse('[4,"1","FormationViolation","",{}]', version=V16)

    assert problems == []


def test_21_knows_messages_without_an_answer_and_errors_about_results() -> None:
    send, _ = parse('[6,"1","NotifyPeriodicEventStream",{}]', version=V21)
    error, _ = parse('[5,"1","GenericError","",{}]', version=V21)

    assert send == Call("1", "NotifyPeriodicEventStream", {}, wants_answer=False)
    assert isinstance(error, Refusal)
    assert error.of_result
