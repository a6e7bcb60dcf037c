"""From Modbus words to a meter reading: register maps, blocks to ask for, decoding. No I/O."""

import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from hal.errors import BadReading
from hal.modbus.identity import Identity
from hal.modbus.words import FORMATS, ByteOrder, Function, WordOrder, WordType, raw_bytes
from hal.readings import MeterReading

PHASES = ("L1", "L2", "L3")

MAX_WORDS_PER_READ = 125  # Modbus application protocol V1.1b3, 6.3 and 6.4


class Sign(StrEnum):
    """What becomes of a number's sign: some meters count export downwards or call import negative."""

    KEEP = "keep"
    INVERT = "invert"
    ABSOLUTE = "absolute"


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
    EXPONENT = "exponent"
    """The power of ten that other registers are scaled by: no map names it, `scale_register` brings it in."""


MEASURED = tuple(quantity for quantity in Quantity if quantity is not Quantity.EXPONENT)
"""What a map may name."""

UNITS: Mapping[Quantity, Mapping[str, Fraction]] = {
    Quantity.ENERGY_IMPORT: {"Wh": Fraction(1), "kWh": Fraction(1000), "MWh": Fraction(1_000_000)},
    Quantity.ENERGY_EXPORT: {"Wh": Fraction(1), "kWh": Fraction(1000), "MWh": Fraction(1_000_000)},
    Quantity.POWER: {"W": Fraction(1), "kW": Fraction(1000)},
    Quantity.CURRENT: {"A": Fraction(1), "mA": Fraction(1, 1000)},
    Quantity.VOLTAGE: {"V": Fraction(1), "mV": Fraction(1, 1000)},
    Quantity.POWER_FACTOR: {"1": Fraction(1)},
    Quantity.FREQUENCY: {"Hz": Fraction(1), "mHz": Fraction(1, 1000)},
    Quantity.TEMPERATURE: {"Celsius": Fraction(1)},
    Quantity.EXPONENT: {"1": Fraction(1)},
}
"""The units a map may use, and what one of them is in the unit of MeterReading."""

NO_EXPONENT = 0x8000  # SunSpec Device Information Model Specification: sunssf "not implemented"
MOST_EXPONENT = 10  # the same: a scale factor is from -10 to 10


@dataclass(frozen=True, slots=True)
class Register:
    """One value of a meter.

    `address` is the one on the wire, from 0. `phase` is None for the sum of all. The value in `unit` is
    number x `scale`, times ten to the power of what stands in `scale_register` (an int16 of the same table).
    `not_available` are the unsigned patterns by which the meter says that it has no value.
    """

    name: str
    address: int
    quantity: Quantity
    unit: str
    function: Function = Function.INPUT
    type: WordType = WordType.FLOAT32
    word_order: WordOrder = WordOrder.BIG
    byte_order: ByteOrder = ByteOrder.BIG
    scale: Fraction = Fraction(1)
    sign: Sign = Sign.KEEP
    scale_register: int | None = None
    phase: str | None = None
    not_available: tuple[int, ...] = ()

    @property
    def word_count(self) -> int:
        """Words (16 bits each) it takes."""
        return struct.calcsize(FORMATS[self.type]) // 2


@dataclass(frozen=True, slots=True)
class SerialDefaults:
    """How the meter leaves its factory: where a search begins."""

    baudrate: int
    parity: str = "N"
    stopbits: int = 1


@dataclass(frozen=True, slots=True)
class RegisterMap:
    """All that one kind of meter measures; `max_block_words` is the most it answers in one read."""

    name: str
    title: str
    source: str
    registers: tuple[Register, ...]
    max_block_words: int = MAX_WORDS_PER_READ
    max_gap_words: int = 16
    models: tuple[str, ...] = ()
    identity: Identity | None = None
    serial: SerialDefaults | None = None


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
    wanted = (*register_map.registers, *_exponents(register_map.registers))
    for register in sorted(wanted, key=lambda one: (one.function, one.address)):
        if groups and _fits(register, groups[-1], register_map):
            groups[-1].append(register)
        else:
            groups.append([register])
    return tuple(_block(group) for group in groups)


def decode(register: Register, words: Sequence[int]) -> Fraction | None:
    """The value in the unit of MeterReading, exactly as the words say, but before its `scale_register`.

    None where the meter has none. Raises BadReading for a wrong number of words, a word that is not 16 bits, or an
    infinite value.
    """
    if len(words) != register.word_count:
        raise BadReading(f"{register.name}: {len(words)} words instead of {register.word_count}")
    if not all(0 <= word <= 0xFFFF for word in words):
        raise BadReading(f"{register.name}: a word does not fit in 16 bits")
    raw = raw_bytes(words, word_order=register.word_order, byte_order=register.byte_order)
    if int.from_bytes(raw, "big") in register.not_available:
        return None
    (number,) = struct.unpack(FORMATS[register.type], raw)
    if isinstance(number, float) and math.isnan(number):
        return None
    if isinstance(number, float) and math.isinf(number):
        raise BadReading(f"{register.name} is infinite")
    value = Fraction(number) * register.scale * UNITS[register.quantity][register.unit]
    match register.sign:
        case Sign.KEEP:
            return value
        case Sign.INVERT:
            return -value
        case Sign.ABSOLUTE:
            return abs(value)


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

    What the meter does not have is left out. Raises BadReading without a sound import register, or for a scale
    factor that is none.
    """
    values = _scaled(values)
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


def _exponents(registers: Iterable[Register]) -> tuple[Register, ...]:
    """The registers that hold scale factors, each once."""
    places = {(one.function, one.scale_register) for one in registers if one.scale_register is not None}
    return tuple(_exponent(function, address) for function, address in places)


def _exponent(function: Function, address: int) -> Register:
    return Register(
        name=f"scale factor at {address:#06x}",
        address=address,
        quantity=Quantity.EXPONENT,
        unit="1",
        function=function,
        type=WordType.INT16,
        not_available=(NO_EXPONENT,),
    )


def _scaled(values: Mapping[Register, Fraction | None]) -> dict[Register, Fraction | None]:
    return {
        one: value if value is None or one.scale_register is None else _by_power_of_ten(one, value, values)
        for one, value in values.items()
        if one.quantity is not Quantity.EXPONENT
    }


def _by_power_of_ten(
    register: Register, value: Fraction, values: Mapping[Register, Fraction | None]
) -> Fraction | None:
    exponent = values.get(_exponent(register.function, register.scale_register or 0))
    if exponent is None:
        return None
    if abs(exponent) > MOST_EXPONENT:
        raise BadReading(f"the scale factor of {register.name} is {exponent}")
    return value * Fraction(10) ** int(exponent)


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
