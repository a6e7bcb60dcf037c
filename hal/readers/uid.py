"""How the number of a card becomes the text that the CSMS knows it by.

ISO 14443 cards have a UID of 4, 7 or 10 bytes; 125 kHz cards (EM4100, EM4102) a code of 5 bytes, of which the number
printed on the card is one of several parts. The names of the 125 kHz formats, and the examples the tests use, are
those of https://i-keys.de/de/Chip-Codes.html and https://doku.max-pro.de (Transponder-Codierung EM4102).
"""

from enum import StrEnum

UID_LENGTHS = frozenset({4, 7, 10})
"""Bytes of a UID by ISO/IEC 14443-3: single, double and triple size."""
EM_CODE_LENGTH = 5
_RANDOM_UID_TAG = 0x08
"""First byte of a single size UID that the card makes up anew each time (ISO/IEC 14443-3, uid0)."""


class ByteOrder(StrEnum):
    """The order in which the bytes are written down."""

    AS_READ = "as-read"
    REVERSED = "reversed"


class UidFormat(StrEnum):
    """How a UID is written."""

    HEX = "hex"
    HEX_LOWER = "hex-lower"
    DECIMAL = "decimal"


class EmFormat(StrEnum):
    """How the code of a 125 kHz card is written: H are hexadecimal digits of the code, D decimal digits."""

    HEX = "hex"
    HEX_LOWER = "hex-lower"
    D10H13 = "10h13d"
    """All five bytes as one number."""
    D8H10 = "8h10d"
    """The last four bytes as one number."""
    D8H55 = "8h55d"
    """The last four bytes as two numbers of five digits."""
    D6H8 = "6h8d"
    """The last three bytes as one number."""
    FACILITY = "3+5"
    """Facility code in three digits, card number in five: what a 26 bit Wiegand reader tells."""


_EM_NUMBERS = {EmFormat.D10H13: (0, 13), EmFormat.D8H10: (1, 10), EmFormat.D6H8: (2, 8)}
"""Formats that are one number: its first byte, and its digits."""


def uid_text(uid: bytes, *, form: UidFormat, order: ByteOrder = ByteOrder.AS_READ, width: int = 0) -> str:
    """A UID as text; `width` fills up decimal numbers with zeros. Raises ValueError for an empty one."""
    if not uid:
        raise ValueError("a UID has at least one byte")
    ordered = uid[::-1] if order is ByteOrder.REVERSED else uid
    match form:
        case UidFormat.HEX:
            return ordered.hex().upper()
        case UidFormat.HEX_LOWER:
            return ordered.hex()
        case UidFormat.DECIMAL:
            return f"{int.from_bytes(ordered, 'big'):0{width}d}"


def em_text(code: bytes, *, form: EmFormat, order: ByteOrder = ByteOrder.AS_READ) -> str:
    """The code of a 125 kHz card as text. Raises ValueError where it has not five bytes."""
    if len(code) != EM_CODE_LENGTH:
        raise ValueError(f"the code of a 125 kHz card has {EM_CODE_LENGTH} bytes, not {len(code)}")
    ordered = code[::-1] if order is ByteOrder.REVERSED else code
    first_byte, digits = _EM_NUMBERS.get(form, (0, 0))
    if digits:
        return f"{int.from_bytes(ordered[first_byte:], 'big'):0{digits}d}"
    high, low = int.from_bytes(ordered[1:3], "big"), int.from_bytes(ordered[3:], "big")
    if form is EmFormat.D8H55:
        return f"{high:05d}{low:05d}"
    if form is EmFormat.FACILITY:
        return f"{high & 0xFF:03d}{low:05d}"
    return ordered.hex() if form is EmFormat.HEX_LOWER else ordered.hex().upper()


def is_random(uid: bytes) -> bool:
    """Whether a card made this UID up for this one visit to the field: it names nobody."""
    return len(uid) == min(UID_LENGTHS) and uid[0] == _RANDOM_UID_TAG
