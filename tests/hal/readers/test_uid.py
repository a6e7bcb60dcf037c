"""How card numbers are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.readers.uid import ByteOrder, EmFormat, UidFormat, em_text, is_random, uid_text

I_KEYS = bytes.fromhex("0102B0A5FD")  # https://i-keys.de/de/Chip-Codes.html
PEPMAX = bytes.fromhex("0A06904E10")  # https://doku.max-pro.de, Transponder-Codierung EM4102
SUPREMA = bytes.fromhex("4B00423C15")  # support.supremainc.com, article 24000040584


@pytest.mark.parametrize(
    ("code", "form", "text"),
    [
        (I_KEYS, EmFormat.HEX, "0102B0A5FD"),
        (I_KEYS, EmFormat.HEX_LOWER, "0102b0a5fd"),
        (I_KEYS, EmFormat.D10H13, "0004340098557"),
        (I_KEYS, EmFormat.D8H10, "0045131261"),
        (I_KEYS, EmFormat.D8H55, "0068842493"),
        (I_KEYS, EmFormat.D6H8, "11576829"),
        (I_KEYS, EmFormat.FACILITY, "17642493"),
        (PEPMAX, EmFormat.D10H13, "0043059793424"),
        (PEPMAX, EmFormat.D8H10, "0110120464"),
        (SUPREMA, EmFormat.D10H13, "0322126887957"),
        (SUPREMA, EmFormat.D8H10, "0004340757"),
    ],
)
def test_published_numbers_of_125_khz_cards_come_out_as_published(code: bytes, form: EmFormat, text: str) -> None:
    assert em_text(code, form=form) == text


def test_the_bytes_of_a_125_khz_card_may_be_reversed() -> None:
    assert em_text(I_KEYS, form=EmFormat.HEX, order=ByteOrder.REVERSED) == "FDA5B00201"


@pytest.mark.parametrize("length", [0, 4, 6])
def test_a_code_of_another_length_is_no_125_khz_card(length: int) -> None:
    with pytest.raises(ValueError, match="5 bytes"):
        em_text(bytes(length), form=EmFormat.HEX)


@pytest.mark.parametrize(
    ("uid", "form", "order", "text"),
    [
        ("DEADBEEF", UidFormat.HEX, ByteOrder.AS_READ, "DEADBEEF"),
        ("DEADBEEF", UidFormat.HEX_LOWER, ByteOrder.AS_READ, "deadbeef"),
        ("DEADBEEF", UidFormat.HEX, ByteOrder.REVERSED, "EFBEADDE"),
        ("DEADBEEF", UidFormat.DECIMAL, ByteOrder.AS_READ, "3735928559"),
        ("DEADBEEF", UidFormat.DECIMAL, ByteOrder.REVERSED, "4022250974"),
        ("047BCB51962280", UidFormat.HEX, ByteOrder.AS_READ, "047BCB51962280"),
        ("047BCB51962280", UidFormat.DECIMAL, ByteOrder.AS_READ, "1262013084213888"),
        ("04112233445566778899", UidFormat.HEX, ByteOrder.REVERSED, "99887766554433221104"),
    ],
)
def test_uids_are_written_as_asked(uid: str, form: UidFormat, order: ByteOrder, text: str) -> None:
    assert uid_text(bytes.fromhex(uid), form=form, order=order) == text


def test_decimal_uids_are_filled_up_to_their_width_and_never_cut() -> None:
    uid = bytes.fromhex("00000102")

    assert uid_text(uid, form=UidFormat.DECIMAL, width=10) == "0000000258"
    assert uid_text(uid, form=UidFormat.DECIMAL, width=2) == "258"


def test_an_empty_uid_is_nobody() -> None:
    with pytest.raises(ValueError, match="at least one byte"):
        uid_text(b"", form=UidFormat.HEX)


@given(st.binary(min_size=5, max_size=5))
def test_two_125_khz_cards_never_share_a_whole_number(code: bytes) -> None:
    assert int(em_text(code, form=EmFormat.D10H13)).to_bytes(5, "big") == code
    assert bytes.fromhex(em_text(code, form=EmFormat.HEX)) == code


@pytest.mark.parametrize(("uid", "random"), [("08112233", True), ("04112233", False), ("08112233445566", False)])
def test_only_short_uids_that_begin_with_08_are_random(uid: str, random: bool) -> None:
    assert is_random(bytes.fromhex(uid)) is random
