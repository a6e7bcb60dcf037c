"""Sixteen-bit words and what they may be made into."""

from collections.abc import Mapping, Sequence
from enum import StrEnum


class Function(StrEnum):
    """The table of the device a register lives in."""

    INPUT = "input"
    HOLDING = "holding"


class WordType(StrEnum):
    """How the words of one register make a number."""

    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"


class WordOrder(StrEnum):
    """BIG: the most significant word has the lowest address."""

    BIG = "big"
    LITTLE = "little"


class ByteOrder(StrEnum):
    """BIG, as the Modbus application protocol has it: the most significant byte of a word comes first."""

    BIG = "big"
    LITTLE = "little"


FORMATS: Mapping[WordType, str] = {
    WordType.INT16: ">h",
    WordType.UINT16: ">H",
    WordType.INT32: ">i",
    WordType.UINT32: ">I",
    WordType.INT64: ">q",
    WordType.UINT64: ">Q",
    WordType.FLOAT32: ">f",
    WordType.FLOAT64: ">d",
}
"""How `struct` unpacks each type from the bytes of `raw_bytes`."""


def raw_bytes(
    words: Sequence[int], *, word_order: WordOrder = WordOrder.BIG, byte_order: ByteOrder = ByteOrder.BIG
) -> bytes:
    """The bytes of `words`, the most significant first."""
    ordered = words if word_order is WordOrder.BIG else words[::-1]
    return b"".join(word.to_bytes(2, "big" if byte_order is ByteOrder.BIG else "little") for word in ordered)


def words_of(raw: bytes) -> tuple[int, ...]:
    """The words of an even number of bytes, as they travel."""
    return tuple(int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2))
