"""What a meter says it is."""

import pytest

from hal.modbus.identity import Identity, IdentityType, identified, text_of
from hal.modbus.words import Function, words_of

MODEL = Identity(
    function=Function.HOLDING, address=0x8960, type=IdentityType.STRING, words=4, starts_with=("B23", "B24")
)
NUMBER = Identity(function=Function.HOLDING, address=0xB, type=IdentityType.UINT16, between=(340, 345))


@pytest.mark.parametrize(
    ("text", "known"),
    [(b"B23 312 ", "B23 312"), (b"b24\0\0\0\0\0", "b24"), (b"B21 111 ", None), (b"\0\0\0\0\0\0\0\0", None)],
)
def test_a_text_is_known_by_how_it_begins(text: bytes, known: str | None) -> None:
    assert identified(MODEL, words_of(text)) == known


@pytest.mark.parametrize(("number", "known"), [(339, None), (340, "340"), (345, "345"), (346, None)])
def test_a_number_is_known_by_its_range(number: int, known: str | None) -> None:
    assert identified(NUMBER, [number]) == known


def test_a_text_with_one_character_a_word_loses_its_zeros() -> None:
    assert text_of([0x0053, 0x004F, 0x0043, 0x004F]) == "SOCO"
