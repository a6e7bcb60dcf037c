"""Frames of the PN532."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.errors import BadReading
from hal.readers.pn532_frames import (
    ACK,
    Ack,
    Answer,
    FrameReader,
    Noise,
    Refused,
    card_of,
    encode,
    max_retries,
)

FIRMWARE = bytes.fromhex("0000FF06FAD50332010607E800")


@pytest.mark.parametrize(
    ("command", "parameters", "frame"),
    [
        (0x02, b"", "0000FF02FED4022A00"),
        (0x14, b"\x01\x00\x00", "0000FF05FBD4140100001700"),
        (0x4A, b"\x01\x00", "0000FF04FCD44A0100E100"),
        (0x32, max_retries(passive_activation=1), "0000FF06FAD43205FF0101F400"),
    ],
)
def test_commands_look_as_in_the_wild(command: int, parameters: bytes, frame: str) -> None:
    assert encode(command, parameters) == bytes.fromhex(frame)


def test_what_does_not_fit_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        encode(0x40, bytes(254))


def test_an_acknowledgement_and_the_answer_behind_it_are_read() -> None:
    assert FrameReader().feed(ACK + FIRMWARE) == [Ack(), Answer(0x03, bytes.fromhex("32010607"))]


def test_a_frame_may_come_byte_by_byte() -> None:
    reader = FrameReader()

    found = [one for byte in ACK + FIRMWARE for one in reader.feed(bytes((byte,)))]

    assert found == [Ack(), Answer(0x03, bytes.fromhex("32010607"))]


def test_a_syntax_error_is_a_refusal() -> None:
    assert FrameReader().feed(bytes.fromhex("0000FF01FF7F8100")) == [Refused()]


@pytest.mark.parametrize("at", [5, 6, 7, 11])
def test_a_broken_byte_is_noise(at: int) -> None:
    broken = bytearray(FIRMWARE)
    broken[at] ^= 0x10

    found = FrameReader().feed(bytes(broken))

    assert [type(one) for one in found] == [Noise]


def test_our_own_echo_is_noise() -> None:
    assert [type(one) for one in FrameReader().feed(encode(0x02))] == [Noise]


def test_what_is_half_there_can_be_forgotten() -> None:
    reader = FrameReader()
    reader.feed(FIRMWARE[:8])

    reader.forget()

    assert reader.feed(FIRMWARE) == [Answer(0x03, bytes.fromhex("32010607"))]


@given(st.binary(max_size=300))
def test_noise_is_cut_without_end_and_without_error(noise: bytes) -> None:
    reader = FrameReader()

    reader.feed(noise)

    assert len(reader._bytes) < 300


def test_no_card_is_no_card() -> None:
    assert card_of(b"\x00") is None


@pytest.mark.parametrize(
    ("data", "uid"),
    [
        ("0101000408 04DEADBEEF", "DEADBEEF"),
        ("0101004400 07047BCB51962280", "047BCB51962280"),
        ("0101004400 0A04112233445566778899", "04112233445566778899"),
        ("0101034420 0704112233445566 067577810280", "04112233445566"),
    ],
)
def test_the_uid_is_found_in_the_answer(data: str, uid: str) -> None:
    assert card_of(bytes.fromhex(data)) == bytes.fromhex(uid)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "02",
        "0101",
        "0201000408 04DEADBEEF",
        "0102000408 04DEADBEEF",
        "0101000408 05DEADBEEF01",
        "0101000408 07DEADBEEF",
        "0101000408 04DEADBEEF 00",
        "0101034420 0704112233445566 0775778102",
    ],
)
def test_an_answer_that_does_not_add_up_is_no_card(data: str) -> None:
    with pytest.raises(BadReading):
        card_of(bytes.fromhex(data))
