"""From a value to the words of its register: the other direction than the agent's, written down on its own."""

import struct
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from hil.devices.meter_map import BITS, MapRegister, MeterMap

LETTERS: Final[Mapping[str, str]] = {"float32": "f", "float64": "d"}

USUAL_EXPONENTS: Final[Mapping[str, int]] = {
    "voltage": -1,
    "current": -2,
    "frequency": -2,
    "power": 0,
    "power_factor": -1,
    "energy_import": 0,
    "energy_export": 0,
}
"""Powers of ten in scale registers, until told otherwise."""


def value_words(register: MapRegister, value: float, *, exponent: int) -> list[int]:
    """The words that say `value` (in Wh, W, A, V or Hz). Raises ValueError where it does not fit."""
    number = Fraction(value) / register.one_is
    if register.exponent_at is not None:
        number /= Fraction(10) ** exponent
    if register.sign == "invert" or (register.sign == "absolute" and register.quantity == "energy_export"):
        number = -number
    if register.type in LETTERS:
        return _in_order(register, struct.pack(">" + LETTERS[register.type], float(number)))
    whole, bits = round(number), BITS[register.type]
    signed = register.type.startswith("int")
    try:
        return _in_order(register, whole.to_bytes(bits // 8, "big", signed=signed))
    except OverflowError as error:
        raise ValueError(f"{register.name}: {value} does not fit into {register.type}") from error


def missing_words(register: MapRegister) -> list[int]:
    """The words that say "no value". Raises ValueError where the map has no way to say so."""
    if register.missing is None:
        raise ValueError(f"{register.name}: the map names no pattern for a missing value")
    return _in_order(register, register.missing.to_bytes(BITS[register.type] // 8, "big"))


def identity_words(meter_map: MeterMap) -> list[int]:
    """What stands at the place of the identity: a number, or a text filled up with blanks."""
    shown = meter_map.identity
    if shown is None:
        return []
    if isinstance(shown, int):
        return [shown]
    raw = shown.encode("ascii").ljust(2 * meter_map.identity_words)
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, 2 * meter_map.identity_words, 2)]


def exponent_word(exponent: int) -> int:
    """A power of ten as an int16."""
    return exponent & 0xFFFF


def _in_order(register: MapRegister, raw: bytes) -> list[int]:
    order = "little" if register.low_byte_first else "big"
    pairs = [raw[at : at + 2] for at in range(0, len(raw), 2)]
    words = [int.from_bytes(pair, "little" if order == "little" else "big") for pair in pairs]
    return words[::-1] if register.low_word_first else words
