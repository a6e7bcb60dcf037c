"""Frames of 125 kHz readers."""

from hypothesis import given
from hypothesis import strategies as st

from hal.readers.rdm6300_frames import FrameReader, parse

CODE = bytes.fromhex("62E3086CED")
FRAME = b"\x0262E3086CED08\x03"  # Seeed Studio wiki, 125Khz RFID module - UART


def test_the_published_frame_is_the_published_card() -> None:
    assert FrameReader().feed(FRAME) == [CODE]


def test_a_frame_may_come_byte_by_byte() -> None:
    reader = FrameReader()

    codes = [code for byte in FRAME for code in reader.feed(bytes((byte,)))]

    assert codes == [CODE]


def test_readers_that_end_with_a_new_line_are_understood() -> None:
    assert FrameReader().feed(b"\x0262E3086CED08\r\n\x03") == [CODE]


def test_a_frame_that_breaks_off_does_not_spoil_the_next() -> None:
    reader = FrameReader()

    assert reader.feed(FRAME[:7] + FRAME) == [CODE]
    assert reader.dropped == 1


def test_bytes_without_end_are_dropped() -> None:
    reader = FrameReader()

    assert reader.feed(b"\x02" + b"A" * 10_000 + FRAME) == [CODE]


def test_a_wrong_checksum_is_no_card() -> None:
    assert parse(b"62E3086CED09") is None


def test_digits_that_are_none_are_no_card() -> None:
    assert parse(b"62E3086CEG08") is None
    assert parse(b"62E3086CED0") is None
    assert parse(b"") is None


def test_a_dead_line_is_no_card_though_its_checksum_agrees() -> None:
    assert parse(b"000000000000") is None
    assert parse(b"FFFFFFFFFFFF") is None


@given(st.binary(max_size=200))
def test_noise_before_a_frame_costs_one_frame_at_most(noise: bytes) -> None:
    reader = FrameReader()

    reader.feed(noise)

    assert CODE in reader.feed(FRAME + FRAME)


@given(st.integers(min_value=0, max_value=len(FRAME) - 1), st.integers(min_value=1, max_value=255))
def test_one_broken_byte_is_never_another_card(at: int, flip: int) -> None:
    broken = bytearray(FRAME)
    broken[at] ^= flip

    assert FrameReader().feed(bytes(broken)) in ([], [CODE])
