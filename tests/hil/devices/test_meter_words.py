"""Values to words, worked out by hand."""

from dataclasses import replace
from fractions import Fraction

import pytest

from hil.devices.meter_map import MapRegister, MeterMap
from hil.devices.meter_words import exponent_word, identity_words, missing_words, value_words

PLAIN = MapRegister(
    name="r",
    table="input",
    address=0,
    quantity="energy_export",
    phase=None,
    type="int32",
    low_word_first=False,
    low_byte_first=False,
    one_is=Fraction(100),
    sign="keep",
    exponent_at=None,
    missing=0x7FFFFFFF,
)


@pytest.mark.parametrize(
    ("register", "value", "words"),
    [
        (PLAIN, 1_234_500, [0x0000, 0x3039]),
        (PLAIN, -1_234_500, [0xFFFF, 0xCFC7]),
        (replace(PLAIN, low_word_first=True), 1_234_500, [0x3039, 0x0000]),
        (replace(PLAIN, low_byte_first=True), 1_234_500, [0x0000, 0x3930]),
        (replace(PLAIN, sign="invert"), 1_234_500, [0xFFFF, 0xCFC7]),
        (replace(PLAIN, sign="absolute"), 1_234_500, [0xFFFF, 0xCFC7]),
        (replace(PLAIN, type="float32", one_is=Fraction(1000)), 1_234_500, [0x449A, 0x5000]),
        (replace(PLAIN, type="float64", one_is=Fraction(1)), 1_234_500, [0x4132, 0xD644, 0, 0]),
        (replace(PLAIN, type="uint64", one_is=Fraction(10)), 1_234_500, [0, 0, 0x0001, 0xE23A]),
        (replace(PLAIN, type="uint16", one_is=Fraction(1, 10)), 230.0, [2300]),
    ],
)
def test_a_value_becomes_the_words_of_its_register(register: MapRegister, value: float, words: list[int]) -> None:
    assert value_words(register, value, exponent=0) == words


def test_an_exponent_moves_the_decimal_point() -> None:
    register = replace(PLAIN, exponent_at=9, one_is=Fraction(1), type="uint32")

    assert value_words(register, 1_234_500, exponent=1) == [0x0001, 0xE23A]
    assert (exponent_word(1), exponent_word(-2)) == (1, 0xFFFE)


def test_a_value_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="r: -1 does not fit into uint16"):
        value_words(replace(PLAIN, type="uint16", one_is=Fraction(1)), -1, exponent=0)


def test_a_missing_value_has_its_pattern_or_none() -> None:
    assert missing_words(replace(PLAIN, low_word_first=True)) == [0xFFFF, 0x7FFF]
    with pytest.raises(ValueError, match="names no pattern"):
        missing_words(replace(PLAIN, missing=None))


@pytest.mark.parametrize(("shown", "words"), [(340, [340]), ("B23", [0x4232, 0x3320, 0x2020]), (None, [])])
def test_the_identity_is_a_number_or_a_text_with_blanks(shown: str | int | None, words: list[int]) -> None:
    meter_map = MeterMap(title="T", registers=(), longest_read=125, identity_at=None, identity=shown, identity_words=3)

    assert identity_words(meter_map) == words
