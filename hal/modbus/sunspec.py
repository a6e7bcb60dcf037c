"""SunSpec meters: no map is needed, the device tells where its values are.

A chain of models begins with "SunS" at one of three addresses; each has its number and its length, and 0xFFFF ends
it. Models 201 to 204 are meters. Figures: SunSpec Device Information Model Specification, sections 4 and 6, and
sunspec/models smdx_00201.xml to smdx_00204.xml.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fractions import Fraction

from hal.errors import BadReading, DeviceRefused
from hal.modbus.identity import text_of
from hal.modbus.registers import PHASES, Quantity, Register, RegisterMap
from hal.modbus.words import Function, WordType

NAME = "sunspec"
"""What station.yaml calls it, in place of a map."""

CHAIN_STARTS = (40000, 50000, 0)  # the most usual first: a device may refuse or ignore the others
MARK = (0x5375, 0x6E53)  # "SunS"
CHAIN_END = 0xFFFF
MOST_MODELS = 64  # a chain longer than this is no chain
COMMON = 1
METERS = {201: "single phase", 202: "split phase", 203: "three phases, star", 204: "three phases, delta"}

HEAD_WORDS = 2
MANUFACTURER_WORDS = (0, 16)
MODEL_WORDS = (16, 32)
LEAST_METER_WORDS = 53  # up to and with TotWh_SF
LEAST_COMMON_WORDS = 32

NO_INT16 = 0x8000

# Offsets from the first word behind number and length.
AMPS, AMPS_EXPONENT = 1, 4
VOLTS, VOLTS_EXPONENT = 6, 13
HERTZ, HERTZ_EXPONENT = 14, 15
WATTS, WATTS_EXPONENT = 16, 20
POWER_FACTOR, POWER_FACTOR_EXPONENT = 31, 35
EXPORTED, IMPORTED, ENERGY_EXPONENT = 36, 44, 52

Read = Callable[[int, int], Awaitable[list[int]]]
"""Gives so many holding registers (second) from an address (first) on."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the chain; `address` is that of the first word behind its number and length."""

    number: int
    address: int
    words: int


async def meter_map(read: Read) -> RegisterMap:
    """The map of the first meter in the chain. Raises BadReading where there is none; passes on what `read` raises."""
    chain = await models(read)
    meter = next((model for model in chain if model.number in METERS), None)
    if meter is None:
        raise BadReading(f"no meter among the SunSpec models {', '.join(str(model.number) for model in chain)}")
    if meter.words < LEAST_METER_WORDS:
        raise BadReading(f"SunSpec model {meter.number} has {meter.words} words instead of {LEAST_METER_WORDS} or more")
    return _map(meter, title=await _title(read, chain, meter))


async def models(read: Read) -> tuple[Model, ...]:
    """The chain. Raises BadReading where no address begins one, or for one without an end."""
    for start in CHAIN_STARTS:
        try:
            words = await read(start, HEAD_WORDS)
        except DeviceRefused:
            continue
        if tuple(words) == MARK:
            return await _walk(read, start + HEAD_WORDS)
    raise BadReading(f"no SunSpec device: no SunS at {', '.join(str(start) for start in CHAIN_STARTS)}")


async def _walk(read: Read, address: int) -> tuple[Model, ...]:
    found: list[Model] = []
    while address + HEAD_WORDS <= CHAIN_END and len(found) < MOST_MODELS:
        number, words = await read(address, HEAD_WORDS)
        if number == CHAIN_END:
            return tuple(found)
        found.append(Model(number=number, address=address + HEAD_WORDS, words=words))
        address += HEAD_WORDS + words
    raise BadReading(f"the chain of SunSpec models does not end before model {MOST_MODELS} or address {address}")


async def _title(read: Read, chain: tuple[Model, ...], meter: Model) -> str:
    common = next((model for model in chain if model.number == COMMON and model.words >= LEAST_COMMON_WORDS), None)
    if common is None:
        return f"SunSpec meter, {METERS[meter.number]}"
    words = await read(common.address, LEAST_COMMON_WORDS)
    maker, model = (text_of(words[slice(*place)]) for place in (MANUFACTURER_WORDS, MODEL_WORDS))
    return f"{maker} {model} (SunSpec {meter.number}: {METERS[meter.number]})".strip()


def _map(meter: Model, *, title: str) -> RegisterMap:
    def point(name: str, quantity: Quantity, unit: str, *, at: int, exponent_at: int, phase: str | None = None,
              scale: Fraction = Fraction(1)) -> Register:  # fmt: skip
        energy = quantity in (Quantity.ENERGY_IMPORT, Quantity.ENERGY_EXPORT)
        return Register(
            name=name,
            address=meter.address + at,
            quantity=quantity,
            unit=unit,
            function=Function.HOLDING,
            type=WordType.UINT32 if energy else WordType.INT16,
            scale=scale,
            scale_register=meter.address + exponent_at,
            phase=phase,
            # 0 would mean "not accumulated", but a new meter stands at 0 too.
            not_available=() if energy else (NO_INT16,),
        )

    per_phase = [
        point(f"{name} {phase}", quantity, unit, at=first + index, exponent_at=exponent_at, phase=phase)
        for name, quantity, unit, first, exponent_at in (
            ("current", Quantity.CURRENT, "A", AMPS, AMPS_EXPONENT),
            ("voltage", Quantity.VOLTAGE, "V", VOLTS, VOLTS_EXPONENT),
            ("power", Quantity.POWER, "W", WATTS + 1, WATTS_EXPONENT),
        )
        for index, phase in enumerate(PHASES)
    ]
    return RegisterMap(
        name=NAME,
        title=title,
        source="the device's own chain of SunSpec models",
        registers=(
            *per_phase,
            point("frequency", Quantity.FREQUENCY, "Hz", at=HERTZ, exponent_at=HERTZ_EXPONENT),
            point("power", Quantity.POWER, "W", at=WATTS, exponent_at=WATTS_EXPONENT),
            # In percent.
            point("power factor", Quantity.POWER_FACTOR, "1", at=POWER_FACTOR, exponent_at=POWER_FACTOR_EXPONENT,
                  scale=Fraction(1, 100)),
            point("exported energy", Quantity.ENERGY_EXPORT, "Wh", at=EXPORTED, exponent_at=ENERGY_EXPONENT),
            point("imported energy", Quantity.ENERGY_IMPORT, "Wh", at=IMPORTED, exponent_at=ENERGY_EXPONENT),
        ),
    )  # fmt: skip
