"""Words and bytes, in every order."""

import pytest

from hal.modbus.words import ByteOrder, WordOrder, raw_bytes, words_of


@pytest.mark.parametrize(
    ("word_order", "byte_order", "raw"),
    [
        (WordOrder.BIG, ByteOrder.BIG, "01020304"),
        (WordOrder.LITTLE, ByteOrder.BIG, "03040102"),
        (WordOrder.BIG, ByteOrder.LITTLE, "02010403"),
        (WordOrder.LITTLE, ByteOrder.LITTLE, "04030201"),
    ],
)
def test_the_four_orders_of_two_words(word_order: WordOrder, byte_order: ByteOrder, raw: str) -> None:
    assert raw_bytes([0x0102, 0x0304], word_order=word_order, byte_order=byte_order) == bytes.fromhex(raw)


def test_words_travel_with_the_high_byte_first() -> None:
    assert words_of(bytes.fromhex("01020304")) == (0x0102, 0x0304)
