"""RAPI lines to and from bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.rapi.frames import Announcement, Answer, Heard, LineReader, Noise, decode, encode


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("GS", b"$GS^30\r"),
        ("GE", b"$GE^26\r"),
        ("GG", b"$GG^24\r"),
        ("GP", b"$GP^33\r"),
        ("GU", b"$GU^36\r"),
        ("GF", b"$GF^25\r"),
    ],
)
def test_commands_carry_the_checksums_that_the_protocol_text_gives(command: str, line: bytes) -> None:
    assert encode(command) == line


def test_values_and_the_sequence_id_come_before_the_checksum() -> None:
    assert encode("SC", 16, "V", sequence_id=0x0A).startswith(b"$SC 16 V :0A^")


def heard(line: bytes) -> list[Heard]:
    return LineReader().feed(line)


def test_an_answer_is_read_with_its_values_and_sequence_id() -> None:
    line = b"$OK 16 0000 :0A"
    checksum = 0
    for byte in line:
        checksum ^= byte

    assert heard(line + b"^%02X\r" % checksum) == [Answer(ok=True, values=("16", "0000"), sequence_id=10)]


def test_the_older_checksum_is_the_sum() -> None:
    # rapi_proc.h gives `$FD*AE` as an example of it: the sum fits, only the word is none of an answer
    assert decode(b"$FD*AE") == Noise("a line that begins with 'FD'")
    assert heard(b"$OK*%02X\r" % (sum(b"$OK") & 0xFF)) == [Answer(ok=True)]


@pytest.mark.parametrize("kind", ["AB", "AT", "AN", "ST", "WF"])
def test_what_the_board_says_by_itself_is_no_answer(kind: str) -> None:
    assert heard(encode(kind, "01")) == [Announcement(kind, ("01",))]


def test_a_refusal_is_an_answer() -> None:
    assert heard(encode("NK", 6)) == [Answer(ok=False, values=("6",))]


@pytest.mark.parametrize(
    "line",
    [b"$OK 16^00\r", b"$OK 16*00\r", b"$OK 16\r", b"$OK 16^0\r", b"$OK 16^ZZ\r", b"$^24\r", b"$OK \xff^00\r"],
)
def test_a_line_that_is_not_sound_is_noise(line: bytes) -> None:
    (found,) = heard(line)

    assert isinstance(found, Noise)


def test_a_sound_line_of_other_words_is_noise() -> None:
    (found,) = heard(encode("ZZ"))

    assert isinstance(found, Noise)


def test_an_answer_with_a_broken_sequence_id_is_noise() -> None:
    (found,) = heard(encode("OK", ":xy"))

    assert isinstance(found, Noise)


def test_a_line_that_broke_off_does_not_spoil_the_next() -> None:
    assert heard(b"$OK 1" + encode("OK", 2)) == [Noise("a line broke off after 5 characters"), Answer(True, ("2",))]


def test_what_is_between_lines_is_dropped() -> None:
    assert heard(b"\n\x00\xff" + encode("OK") + b"\n" + encode("NK")) == [Answer(ok=True), Answer(ok=False)]


def test_a_line_without_an_end_is_given_up() -> None:
    reader = LineReader()

    found = reader.feed(b"$" + b"x" * 5000)

    assert found == [Noise("a line without an end")]


@given(st.lists(st.binary(max_size=7), max_size=20))
def test_a_sound_line_is_found_however_the_bytes_are_cut(cuts: list[bytes]) -> None:
    reader = LineReader()
    for noise in cuts:
        reader.feed(noise)
    line = encode("OK", "16", "0000", sequence_id=7)

    found = [item for byte in line for item in reader.feed(bytes((byte,)))]

    assert found[-1] == Answer(ok=True, values=("16", "0000"), sequence_id=7)


@given(st.binary(max_size=300))
def test_no_bytes_are_a_surprise(noise: bytes) -> None:
    LineReader().feed(noise + b"\r")
