from pathlib import Path

import pytest

from agent.log import Secret
from agent.settings_nodes import Kind, Scalar, Where
from agent.settings_scalars import SCALARS, Complaint


def scalar(text: str, kind: Kind = Kind.TEXT, *, is_plain: bool = True, file: str = "etc/a.yaml") -> Scalar:
    return Scalar(text, kind, is_plain=is_plain, where=Where(file, 1, 1))


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("-5", -5), ("+7", 7), ("120", 120)])
def test_a_plain_decimal_number_is_read(text: str, number: int) -> None:
    assert SCALARS[int](scalar(text, Kind.INTEGER), {}) == number


@pytest.mark.parametrize("text", ["010", "0x1F", "0b1", "1_000", "1:30", "9" * 30, "٣"])
def test_other_ways_to_write_a_number_are_refused(text: str) -> None:
    assert isinstance(SCALARS[int](scalar(text, Kind.INTEGER), {}), Complaint)
    assert isinstance(SCALARS[float](scalar(text, Kind.INTEGER), {}), Complaint)


@pytest.mark.parametrize(("text", "number"), [("1.5", 1.5), ("2", 2.0), ("1e3", 1000.0), ("-0.25", -0.25), ("3.", 3.0)])
def test_a_decimal_fraction_is_read_also_where_yaml_sees_text(text: str, number: float) -> None:
    assert SCALARS[float](scalar(text), {}) == number


@pytest.mark.parametrize("text", [".inf", ".nan", "inf", "nan", "1e999", "0x1p3"])
def test_what_is_not_finite_is_refused(text: str) -> None:
    assert isinstance(SCALARS[float](scalar(text, Kind.FLOAT), {}), Complaint)


def test_a_number_in_quotes_is_text() -> None:
    made = SCALARS[int](scalar("32", is_plain=False), {})

    assert made == Complaint("is text, because it is in quotes", "write it without quotes: 32")


def test_limits_belong_to_the_range() -> None:
    rules = {"minimum": 6, "maximum": 80}

    assert SCALARS[float](scalar("6"), rules) == 6.0
    assert SCALARS[float](scalar("80"), rules) == 80.0
    assert SCALARS[float](scalar("5.9"), rules) == Complaint("is below 6")
    assert SCALARS[float](scalar("80.1"), rules) == Complaint("is above 80")


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("Yes", True), ("on", True), ("false", False), ("no", False), ("OFF", False)]
)
def test_every_word_that_yaml_takes_for_a_boolean_is_one(text: str, value: bool) -> None:
    assert SCALARS[bool](scalar(text, Kind.BOOLEAN), {}) is value


def test_a_text_must_be_written_as_one() -> None:
    assert SCALARS[str](scalar("abc"), {}) == "abc"
    made = SCALARS[str](scalar("0001", Kind.INTEGER), {})
    assert made == Complaint("is read as a whole number, not as text", 'put it in quotes: "0001"')


def test_a_text_keeps_to_its_length_and_pattern() -> None:
    rules = {"longest": 3, "pattern": "[ab]*"}

    assert SCALARS[str](scalar("aba"), rules) == "aba"
    assert isinstance(SCALARS[str](scalar("aaaa"), rules), Complaint)
    assert isinstance(SCALARS[str](scalar("abc"), rules), Complaint)
    assert isinstance(SCALARS[str](scalar("ab\n"), rules), Complaint)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("300", Kind.INTEGER, "300"),
        ("1.50", Kind.FLOAT, "1.50"),
        ("on", Kind.BOOLEAN, "true"),
        ("No", Kind.BOOLEAN, "false"),
    ],
)
def test_a_value_that_is_kept_as_written_may_be_no_text(text: str, kind: Kind, value: str) -> None:
    assert SCALARS[str](scalar(text, kind), {"as_written": True}) == value


def test_a_secret_never_shows_itself() -> None:
    made = SCALARS[Secret](scalar("hunter2"), {})
    refused = SCALARS[Secret](scalar("7777", Kind.INTEGER), {})

    assert isinstance(made, Secret)
    assert made.reveal() == "hunter2"
    assert "7777" not in repr(refused)


def test_a_file_is_looked_for_beside_the_one_that_names_it() -> None:
    assert SCALARS[Path](scalar("ca.pem"), {}) == Path("etc/ca.pem")
    assert SCALARS[Path](scalar("/ca.pem"), {}) == Path("/ca.pem")
    assert isinstance(SCALARS[Path](scalar("a\0b"), {}), Complaint)
