"""Which values a variable takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.station.variable import (
    MAX_INTEGER,
    DataType,
    Parsed,
    VariableKey,
    VariableSpec,
    parse_value,
    split_members,
)


def spec(
    data_type: DataType,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    values: tuple[str, ...] = (),
    fewest: int = 0,
) -> VariableSpec:
    return VariableSpec(
        VariableKey("C", "V"), data_type, "", minimum=minimum, maximum=maximum, values=values, fewest=fewest
    )


@pytest.mark.parametrize("value", ["", " ", "NaN", "1.0", "1e3", "0x10", " 5", "5 ", "+5", "007", "٣", "-1", "1_000"])
def test_an_integer_is_written_in_plain_digits_and_is_not_negative(value: str) -> None:
    assert not spec(DataType.INTEGER).accepts(value)


def test_an_integer_has_32_bits() -> None:
    assert spec(DataType.INTEGER).accepts(str(MAX_INTEGER))
    assert not spec(DataType.INTEGER).accepts(str(MAX_INTEGER + 1))
    assert not spec(DataType.INTEGER).accepts("9" * 400)


def test_limits_of_a_number_are_inclusive() -> None:
    bounded = spec(DataType.INTEGER, minimum=-5, maximum=10)

    assert [value for value in ("-6", "-5", "10", "11") if bounded.accepts(value)] == ["-5", "10"]


@pytest.mark.parametrize("value", ["", "inf", "nan", "1.", ".5", "1,5", "1e3", "-0.1"])
def test_a_decimal_is_finite_and_written_with_a_point(value: str) -> None:
    assert not spec(DataType.DECIMAL).accepts(value)


@pytest.mark.parametrize(("value", "accepted"), [("true", True), ("false", True), ("True", False), ("1", False)])
def test_a_boolean_is_true_or_false_in_small_letters(value: str, accepted: bool) -> None:
    assert spec(DataType.BOOLEAN).accepts(value) is accepted


@pytest.mark.parametrize(
    ("value", "accepted"), [("2026-01-01T00:00:00Z", True), ("2026-01-01T00:00:00", False), ("now", False)]
)
def test_a_point_in_time_names_its_zone(value: str, accepted: bool) -> None:
    assert spec(DataType.DATE_TIME).accepts(value) is accepted


def test_a_text_keeps_its_length_and_has_no_control_characters() -> None:
    password = spec(DataType.STRING, minimum=4, maximum=6)

    assert [value for value in ("abc", "abcd", "abcdef", "abcdefg", "ab\ncd") if password.accepts(value)] == [
        "abcd",
        "abcdef",
    ]


def test_an_option_is_one_of_the_values() -> None:
    policy = spec(DataType.OPTION_LIST, values=("LRU", "FIFO"))

    assert policy.accepts("LRU")
    assert not policy.accepts("LRU,FIFO")
    assert not policy.accepts("")


@pytest.mark.parametrize("value", ["A,C", "A,A", "A,,B", ",A", "A,", "a"])
def test_a_list_with_an_unknown_a_double_or_an_empty_member_is_refused(value: str) -> None:
    assert not spec(DataType.MEMBER_LIST, values=("A", "B")).accepts(value)


def test_a_list_may_be_empty_unless_it_needs_members() -> None:
    assert spec(DataType.MEMBER_LIST, values=("A",)).accepts("")
    assert not spec(DataType.MEMBER_LIST, values=("A",), fewest=1).accepts("")


def test_blanks_around_members_do_not_count() -> None:
    assert spec(DataType.SEQUENCE_LIST, values=("A", "B")).accepts("B, A")
    assert split_members(" B, A ") == ("B", "A")


@pytest.mark.parametrize(
    ("data_type", "value", "parsed"),
    [
        (DataType.INTEGER, "5", 5),
        (DataType.DECIMAL, "1.5", 1.5),
        (DataType.DECIMAL, "", 0.0),
        (DataType.BOOLEAN, "true", True),
        (DataType.MEMBER_LIST, "A,B", ("A", "B")),
        (DataType.STRING, "x", "x"),
    ],
)
def test_a_value_is_parsed_by_its_type(data_type: DataType, value: str, parsed: Parsed) -> None:
    assert parse_value(spec(data_type), value) == parsed


@given(value=st.text(max_size=40), data_type=st.sampled_from(DataType))
def test_whatever_is_accepted_can_be_parsed(value: str, data_type: DataType) -> None:
    any_spec = spec(data_type, values=("A", "B"))

    if any_spec.accepts(value):
        parse_value(any_spec, value)


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (spec(DataType.INTEGER, minimum=1, maximum=10), "a whole number from 1 to 10"),
        (spec(DataType.INTEGER), "a whole number of at least 0"),
        (spec(DataType.DECIMAL, maximum=2.5), "a number from 0 to 2.5"),
        (spec(DataType.BOOLEAN), "true or false"),
        (spec(DataType.DATE_TIME), "a time such as 2026-03-04T05:06:07Z"),
        (spec(DataType.OPTION_LIST, values=("A", "B")), "one of A, B"),
        (spec(DataType.MEMBER_LIST, values=("A", "B")), "a list without repetitions, separated by commas, of A, B"),
        (spec(DataType.STRING, maximum=48), "text of 0 to 48 characters"),
    ],
)
def test_what_a_variable_takes_can_be_said_in_words(asked: VariableSpec, wanted: str) -> None:
    assert asked.wanted == wanted
