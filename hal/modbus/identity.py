"""What a meter says it is: a text or a number at a known place, by which a map is recognised."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hal.modbus.words import Function, raw_bytes

LONGEST_TEXT_WORDS = 64


class IdentityType(StrEnum):
    """STRING: two characters in each word; UINT16: one word that holds a model number."""

    STRING = "string"
    UINT16 = "uint16"


@dataclass(frozen=True, slots=True)
class Identity:
    """The place and what may stand there: a text that begins with one of `starts_with`, or a number in `between`."""

    function: Function
    address: int
    type: IdentityType
    words: int = 1
    starts_with: tuple[str, ...] = ()
    between: tuple[int, int] = (0, 0)


def identified(identity: Identity, words: Sequence[int]) -> str | None:
    """The text or number that names this model; None where another stands there."""
    match identity.type:
        case IdentityType.STRING:
            text = text_of(words)
            fits = any(text.casefold().startswith(start.casefold()) for start in identity.starts_with)
            return text if fits else None
        case IdentityType.UINT16:
            low, high = identity.between
            return str(words[0]) if low <= words[0] <= high else None


def text_of(words: Sequence[int]) -> str:
    """The printable characters of a text register, without the blanks and zeros that fill it up."""
    raw = raw_bytes(words).replace(b"\0", b"")
    return "".join(chr(byte) for byte in raw if 0x20 <= byte < 0x7F).strip()
