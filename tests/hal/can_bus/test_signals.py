"""Signals found in a DBC file."""

import math

import pytest

from hal.can_bus.signals import limits, raw_values, value_of
from hal.errors import BadReading, WrongSettings
from tests.hal.can_bus.dbc_text import dictionary

KEY = ("signals", "limit", "signal")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Limit", r"'Limit' is no Message\.Signal; did you mean Order\.Limit\?"),
        ("Nothing", r"'Nothing' is no Message\.Signal$"),
        ("Odrer.Limit", "no message 'Odrer'; did you mean 'Order'"),
        ("Order.Limitt", "message Order has no signal 'Limitt'; did you mean 'Limit'"),
        ("Order.Pilot", r"message Order has no signal 'Pilot'; did you mean State\.Pilot\?"),
    ],
)
def test_a_signal_that_is_not_there_is_refused_with_what_may_be_meant(text: str, words: str) -> None:
    with pytest.raises(WrongSettings, match=words) as refused:
        dictionary().find(text, KEY)

    assert refused.value.path == KEY


def test_a_unit_is_the_dbc_files_or_stands_behind_the_name() -> None:
    known = dictionary()

    assert known.quantity("State.Energy", "energy", KEY).factor == 1000
    assert known.quantity("State.Draw kW", "power", KEY).factor == 1000


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [("State.Draw", "power", "no unit: write it behind"), ("State.Heat", "temperature", "no unit of temperature")],
)
def test_a_quantity_without_a_known_unit_is_refused(text: str, kind: str, words: str) -> None:
    with pytest.raises(WrongSettings, match=words):
        dictionary().quantity(text, kind, KEY)


@pytest.mark.parametrize(("text", "raw"), [("0", 0), ("12.3", 123), ("63", 630)])
def test_a_number_is_the_signals_scaled_value(text: str, raw: int) -> None:
    assert value_of(dictionary().find("Order.Limit", KEY), text, KEY).raw == raw


@pytest.mark.parametrize(
    ("text", "words"),
    [("64", "range is 0 to 63"), ("-1", "range is 0 to 63"), ("0.05", "exactly"), ("x", "numbers only")],
)
def test_a_value_that_the_signal_cannot_carry_is_refused(text: str, words: str) -> None:
    with pytest.raises(WrongSettings, match=words):
        value_of(dictionary().find("Order.Limit", KEY), text, KEY)


def test_without_a_range_in_the_dbc_file_the_bits_are_the_range() -> None:
    known = dictionary()

    assert limits(known.find("State.Pilot", KEY).signal) == (0, 255)
    assert limits(known.find("State.Draw", KEY).signal) == (-32768, 32767)


@pytest.mark.parametrize(("wanted_a", "raw"), [(13.0, 130), (10.96, 109), (0.3, 3), (70.0, 630), (6.1, 61)])
def test_the_greatest_raw_value_never_stands_for_more(wanted_a: float, raw: int) -> None:
    assert dictionary().quantity("Order.Limit", "current", KEY).raw_at_most(wanted_a) == raw


def test_a_falling_scale_is_rounded_to_the_safe_side_as_well() -> None:
    falling = dictionary('BO_ 1 M: 1 Agent\n SG_ S : 0|8@1+ (-0.5,100) [0|100] "A" Board\n')

    quantity = falling.quantity("M.S", "current", KEY)

    assert quantity.raw_at_most(10.3) == 180  # 10 A; 179 would be 10.5 A


def test_a_float_signal_carries_any_number() -> None:
    floats = dictionary('BO_ 1 M: 4 Agent\n SG_ S : 0|32@1- (2,0) [0|0] "A" Board\n\nSIG_VALTYPE_ 1 S : 1;\n')

    quantity = floats.quantity("M.S", "current", KEY)

    assert quantity.raw_at_most(10.5) == 5.25
    with pytest.raises(BadReading):
        quantity.read({"S": math.nan})


def test_a_value_outside_of_the_range_is_no_reading() -> None:
    energy = dictionary().quantity("State.Energy", "energy", KEY)

    assert energy.read({"Energy": 1234}) == pytest.approx(12_340)
    with pytest.raises(BadReading, match=r"State\.Energy is 100000"):
        energy.read({"Energy": 10_000_001})


def test_a_frame_that_the_dbc_file_cannot_explain_is_no_reading() -> None:
    message = dictionary().message("Order", KEY)

    assert raw_values(message, b"\x00\x82\x01\x05") == {"Limit": 130, "Close": 1, "Alive": 5, "Spare": 0}
    with pytest.raises(BadReading):
        raw_values(message, b"\x00")
