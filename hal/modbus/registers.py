"""From Modbus words to a meter reading: register maps, blocks to ask for, decoding. No I/O beside reading a map."""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from hal.errors import BadReading
from hal.readings import MeterReading

PHASES = ("L1", "L2", "L3")

MAX_WORDS_PER_READ = 125  # Modbus application protocol V1.1b3, 6.3 and 6.4


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


class WordOrder(StrEnum):
    """BIG: the most significant word has the lowest address. Bytes within a word are always big-endian."""

    BIG = "big"
    LITTLE = "little"


class Quantity(StrEnum):
    """What a register measures."""

    ENERGY_IMPORT = "energy_import"
    ENERGY_EXPORT = "energy_export"
    POWER = "power"
    CURRENT = "current"
    VOLTAGE = "voltage"
    POWER_FACTOR = "power_factor"
    FREQUENCY = "frequency"
    TEMPERATURE = "temperature"


UNITS: Mapping[Quantity, Mapping[str, Fraction]] = {
    Quantity.ENERGY_IMPORT: {"Wh": Fraction(1), "kWh": Fraction(1000), "MWh": Fraction(1_000_000)},
    Quantity.ENERGY_EXPORT: {"Wh": Fraction(1), "kWh": Fraction(1000), "MWh": Fraction(1_000_000)},
    Quantity.POWER: {"W": Fraction(1), "kW": Fraction(1000)},
    Quantity.CURRENT: {"A": Fraction(1), "mA": Fraction(1, 1000)},
    Quantity.VOLTAGE: {"V": Fraction(1), "mV": Fraction(1, 1000)},
    Quantity.POWER_FACTOR: {"1": Fraction(1)},
    Quantity.FREQUENCY: {"Hz": Fraction(1), "mHz": Fraction(1, 1000)},
    Quantity.TEMPERATURE: {"Celsius": Fraction(1)},
}
"""The units a map may use, and what one of them is in the unit of MeterReading."""

_FORMATS: Mapping[WordType, str] = {
    WordType.INT16: ">h",
    WordType.UINT16: ">H",
    WordType.INT32: ">i",
    WordType.UINT32: ">I",
    WordType.INT64: ">q",
    WordType.UINT64: ">Q",
    WordType.FLOAT32: ">f",
}


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a meter.

    `address` is the one on the wire, from 0. `phase` is None for the sum of all. The value in `unit` is
    number x `scale`. `not_available` is the unsigned pattern by which the meter says that it has no value.
    """

    name: str
    address: int
    quantity: Quantity
    unit: str
    function: Function = Function.INPUT
    type: WordType = WordType.FLOAT32
    word_order: WordOrder = WordOrder.BIG
    scale: Fraction = Fraction(1)
    phase: str | None = None
    not_available: int | None = None

    @property
    def word_count(self) -> int:
        """Words (16 bits each) it takes."""
        return struct.calcsize(_FORMATS[self.type]) // 2


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """All that one kind of meter measures; `max_block_words` is the most it answers in one read."""

    name: str
    title: str
    source: str
    registers: tuple[Register, ...]
    max_block_words: int = MAX_WORDS_PER_READ
    max_gap_words: int = 16


@dataclass(frozen=True, slots=True)
class Block:
    """One read: `word_count` words of one table from `address` on, and what is in them."""

    function: Function
    address: int
    word_count: int
    registers: tuple[Register, ...]


def blocks(register_map: RegisterMap) -> tuple[Block, ...]:
    """The fewest reads that fetch every register within the map's limits of size and gap."""
    groups: list[list[Register]] = []
    for register in sorted(register_map.registers, key=lambda one: (one.function, one.address)):
        if groups and _fits(register, groups[-1], register_map):
            groups[-1].append(register)
        else:
            groups.append([register])
    return tuple(_block(group) for group in groups)


def decode(register: Register, words: Sequence[int]) -> Fraction | None:
    """The value in the unit of MeterReading, exactly as the words say; None where the meter has none.

    Raises BadReading for a wrong number of words, a word that is not 16 bits, or an infinite value.
    """
    if len(words) != register.word_count:
        raise BadReading(f"{register.name}: {len(words)} words instead of {register.word_count}")
    if not all(0 <= word <= 0xFFFF for word in words):
        raise BadReading(f"{register.name}: a word does not fit in 16 bits")
    ordered = words if register.word_order is WordOrder.BIG else words[::-1]
    raw = struct.pack(f">{len(ordered)}H", *ordered)
    if register.not_available is not None and int.from_bytes(raw, "big") == register.not_available:
        return None
    (number,) = struct.unpack(_FORMATS[register.type], raw)
    if isinstance(number, float) and math.isnan(number):
        return None
    if isinstance(number, float) and math.isinf(number):
        raise BadReading(f"{register.name} is infinite")
    return Fraction(number) * register.scale * UNITS[register.quantity][register.unit]


def decode_block(block: Block, words: Sequence[int]) -> dict[Register, Fraction | None]:
    """Every value of one answer. Raises BadReading where the answer is not as long as the question asked."""
    if len(words) != block.word_count:
        raise BadReading(f"{len(words)} words from {block.address} on instead of {block.word_count}")
    return {
        register: decode(register, words[_offset(block, register) : _offset(block, register) + register.word_count])
        for register in block.registers
    }


def meter_reading(values: Mapping[Register, Fraction | None], *, mono_s: float) -> MeterReading:
    """Values of one meter as a reading; energies rounded to the nearest whole watt-hour.

    What the meter does not have is left out. Raises BadReading without a sound import register.
    """
    energy_import = _total(values, Quantity.ENERGY_IMPORT)
    if energy_import is None:
        raise BadReading("the import energy register holds no value")
    energy_export = _total(values, Quantity.ENERGY_EXPORT)
    for name, energy in (("import", energy_import), ("export", energy_export)):
        if energy is not None and energy < 0:
            raise BadReading(f"the {name} energy register is negative")
    phase_power = _per_phase(values, Quantity.POWER)
    power = _total(values, Quantity.POWER)
    return MeterReading(
        mono_s=mono_s,
        energy_import_wh=round(energy_import),
        energy_export_wh=None if energy_export is None else round(energy_export),
        power_w=_float(power) if power is not None else _sum(phase_power),
        phase_power_w=phase_power,
        current_a=_per_phase(values, Quantity.CURRENT),
        voltage_v=_per_phase(values, Quantity.VOLTAGE),
        frequency_hz=_float(_total(values, Quantity.FREQUENCY)),
        power_factor=_float(_total(values, Quantity.POWER_FACTOR)),
        temperature_c=_float(_total(values, Quantity.TEMPERATURE)),
    )


def _fits(register: Register, group: list[Register], register_map: RegisterMap) -> bool:
    last = group[-1]
    gap_words = register.address - (last.address + last.word_count)
    block_words = register.address + register.word_count - group[0].address
    limit_words = min(register_map.max_block_words, MAX_WORDS_PER_READ)
    return register.function is last.function and gap_words <= register_map.max_gap_words and block_words <= limit_words


def _block(group: list[Register]) -> Block:
    first, last = group[0], group[-1]
    return Block(
        function=first.function,
        address=first.address,
        word_count=last.address + last.word_count - first.address,
        registers=tuple(group),
    )


def _offset(block: Block, register: Register) -> int:
    return register.address - block.address


def _total(values: Mapping[Register, Fraction | None], quantity: Quantity) -> Fraction | None:
    return next((value for one, value in values.items() if one.quantity is quantity and one.phase is None), None)


def _per_phase(values: Mapping[Register, Fraction | None], quantity: Quantity) -> tuple[float, ...]:
    """As many phases as have a value, counted from L1: what follows a gap would be taken for another phase."""
    by_phase = {one.phase: value for one, value in values.items() if one.quantity is quantity and one.phase}
    found: list[float] = []
    for phase in PHASES:
        value = by_phase.get(phase)
        if value is None:
            break
        found.append(float(value))
    return tuple(found)


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _sum(values: Iterable[float]) -> float | None:
    found = tuple(values)
    return sum(found) if found else None
