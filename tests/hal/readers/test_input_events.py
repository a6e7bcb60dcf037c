"""Input events and what was typed with them."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.readers.input_events import MOST_TYPED, NATIVE, WORD_32, WORD_64, EventReader, InputEvent, TypedLine

# 1700000000.250000, EV_KEY, KEY_A, pressed: as `od -t x1 /dev/input/event0` shows it
ON_32_BIT = bytes.fromhex("00f15365 90d00300 0100 1e00 01000000")
ON_64_BIT = bytes.fromhex("00f1536500000000 90d0030000000000 0100 1e00 01000000")
KEY_A = InputEvent(1700000000.25, 1, 30, 1)


@pytest.mark.parametrize(("layout", "heard"), [(WORD_32, ON_32_BIT), (WORD_64, ON_64_BIT)])
def test_events_of_both_word_lengths_are_read(layout: struct.Struct, heard: bytes) -> None:
    assert list(EventReader(layout).feed(heard)) == [KEY_A]


def test_the_layout_of_this_machine_is_one_of_the_two() -> None:
    assert NATIVE.size in (WORD_32.size, WORD_64.size)


def test_events_may_come_in_pieces() -> None:
    reader = EventReader(WORD_64)

    found = [event for byte in ON_64_BIT + ON_64_BIT for event in reader.feed(bytes((byte,)))]

    assert found == [KEY_A, KEY_A]


def typed(*codes: int, gap_s: float = 0.01, key_gap_s: float = 0.5) -> list[str]:
    line = TypedLine(key_gap_s=key_gap_s)
    lines = [line.take(InputEvent(number * gap_s, 1, code, 1)) for number, code in enumerate(codes)]
    return [one for one in lines if one is not None]


def test_a_line_is_what_was_typed_before_enter() -> None:
    assert typed(2, 3, 11, 30, 33, 28) == ["120AF"]


def test_the_keypad_types_the_same_digits() -> None:
    assert typed(71, 72, 73, 75, 76, 77, 79, 80, 81, 82, 96) == ["7894561230"]


def test_capitals_are_typed_with_shift() -> None:
    assert typed(42, 30, 42, 48, 28) == ["AB"]


def test_enter_alone_is_no_line() -> None:
    assert typed(28, 28, 2, 28) == ["1"]


def test_a_line_with_another_key_is_no_line_but_the_next_one_is() -> None:
    assert typed(2, 15, 3, 28, 4, 28) == ["3"]


def test_a_line_that_is_too_long_is_no_line() -> None:
    assert typed(*(MOST_TYPED + 1) * [2], 28, 3, 28) == ["2"]


def test_what_was_typed_before_a_pause_is_dropped() -> None:
    line = TypedLine(key_gap_s=0.5)
    events = [(0.0, 2), (0.1, 3), (0.7, 4), (0.8, 5), (0.9, 28)]

    assert [line.take(InputEvent(at_s, 1, code, 1)) for at_s, code in events][-1] == "34"


def test_enter_after_a_pause_ends_no_line() -> None:
    line = TypedLine(key_gap_s=0.5)
    line.take(InputEvent(0.0, 1, 2, 1))

    assert line.take(InputEvent(0.6, 1, 28, 1)) is None


def test_a_clock_that_goes_back_drops_what_was_typed() -> None:
    line = TypedLine(key_gap_s=0.5)
    line.take(InputEvent(10.0, 1, 2, 1))

    assert line.take(InputEvent(5.0, 1, 28, 1)) is None


@pytest.mark.parametrize("value", [0, 2])
def test_releasing_and_the_repeats_of_a_key_that_is_held_type_nothing(value: int) -> None:
    line = TypedLine(key_gap_s=0.5)
    line.take(InputEvent(0.0, 1, 2, 1))
    line.take(InputEvent(0.0, 1, 2, value))

    assert line.take(InputEvent(0.1, 1, 28, 1)) == "1"


def test_a_line_of_which_the_kernel_lost_a_part_is_no_line() -> None:
    line = TypedLine(key_gap_s=0.5)
    events = [(1, 2, 1), (0, 3, 0), (1, 3, 1), (0, 0, 0), (1, 4, 1), (1, 28, 1), (1, 5, 1), (1, 28, 1)]

    said = [line.take(InputEvent(0.0, kind, code, value)) for kind, code, value in events]

    assert [one for one in said if one] == ["4"]


@given(st.lists(st.integers(min_value=0, max_value=250), max_size=100))
def test_whatever_is_typed_a_line_holds_digits_only(codes: list[int]) -> None:
    for line in typed(*codes, 28):
        assert 1 <= len(line) <= MOST_TYPED
        assert set(line) <= set("0123456789ABCDEF")
