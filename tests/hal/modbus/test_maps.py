"""Every map that ships: served by an emulated meter on a real socket, read back by the real driver."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from hal.errors import BadReading
from hal.modbus.map_file import known_maps, load_map
from hal.modbus.meter import ModbusMeter, ModbusMeterSettings
from hal.modbus.registers import Quantity, RegisterMap, blocks
from hal.readings import MeterReading
from hal.registry import DriverContext
from hal.sim.clock import ManualClock
from hil.devices.meter_device import Behaviour, Image, MeterDevice
from hil.devices.meter_map import read_map
from hil.devices.meter_server import MeterLine, Slave

IMPORTED_WH = 1_234_500
FLOAT_KWH = (0x449A, 0x5000)  # 1234.5
FLOAT_WH = (0x4996, 0xB220)  # 1234500.0
DOUBLE_WH = (0x4132, 0xD644, 0x0000, 0x0000)
INT64_WH = (0x0000, 0x0000, 0x0012, 0xD644)
TENTHS_LOW_FIRST = (0x3039, 0x0000)  # 12345 x 0.1 kWh, the low word first
HUNDREDTHS = (0x0001, 0xE23A)  # 123450 x 0.01 kWh
HUNDREDTHS_64 = (0x0000, 0x0000, *HUNDREDTHS)
TENS_OF_WH = (1, 0, 0, 0, 0, *HUNDREDTHS)  # a power of ten of 1, and five words on 123450

EASTRON = ("input", 0x0048, FLOAT_KWH)
GAVAZZI_THREE = ("input", 0x0034, TENTHS_LOW_FIRST)
GAVAZZI_ONE = ("input", 0x0010, TENTHS_LOW_FIRST)
GAVAZZI_EM24 = ("input", 0x003E, TENTHS_LOW_FIRST)
ABB = ("holding", 0x5000, HUNDREDTHS_64)
JANITZA = ("holding", 19068, FLOAT_WH)
INEPRO = ("holding", 0x600C, FLOAT_KWH)
ORNO = ("holding", 0x0108, FLOAT_KWH)
SIEMENS = ("holding", 801, DOUBLE_WH)
SCHNEIDER = ("holding", 0x0C83, INT64_WH)
SOCOMEC = ("holding", 0xC702, HUNDREDTHS)

GOLDEN: dict[str, tuple[str, int, tuple[int, ...]]] = {
    "abb-b21": ABB,
    "abb-b23": ABB,
    "abb-b24": ABB,
    "carlo-gavazzi-em111": GAVAZZI_ONE,
    "carlo-gavazzi-em112": GAVAZZI_ONE,
    "carlo-gavazzi-em24": GAVAZZI_EM24,
    "carlo-gavazzi-em24-e1": GAVAZZI_THREE,
    "carlo-gavazzi-em330": GAVAZZI_THREE,
    "carlo-gavazzi-em340": GAVAZZI_THREE,
    "carlo-gavazzi-em530": GAVAZZI_THREE,
    "carlo-gavazzi-em540": GAVAZZI_THREE,
    "carlo-gavazzi-et340": GAVAZZI_THREE,
    "eastron-sdm120": EASTRON,
    "eastron-sdm220": EASTRON,
    "eastron-sdm230": EASTRON,
    "eastron-sdm54": EASTRON,
    "eastron-sdm630": EASTRON,
    "eastron-sdm72d-m": EASTRON,
    "eastron-sdm72dm-v2": EASTRON,
    "finder-7m24": ("input", 401, TENS_OF_WH),
    "finder-7m38": ("input", 401, TENS_OF_WH),
    "inepro-pro380": INEPRO,
    "janitza-umg103": JANITZA,
    "janitza-umg604": JANITZA,
    "klefr-693x": INEPRO,
    "orno-we-516": ORNO,
    "orno-we-517": ORNO,
    "phoenix-eem-350": GAVAZZI_EM24,
    "schneider-iem3155": SCHNEIDER,
    "schneider-iem3255": SCHNEIDER,
    "siemens-pac2200": SIEMENS,
    "siemens-pac3200": SIEMENS,
    "socomec-countis-e24": SOCOMEC,
    "socomec-countis-e34": SOCOMEC,
}
"""The words, worked out by hand, by which each model says that 1234.5 kWh were imported."""


@dataclass
class WordsOnly:
    """A device that is nothing but words; what is not given is zero."""

    words: Image
    unit_id: int = 1
    behaviour: Behaviour = field(default_factory=Behaviour)
    requests: int = 0
    longest_read: int = 125

    def write(self, address: int, values: list[int], *, coil: bool) -> bool:
        del address, values, coil
        return False

    def image(self) -> Image:
        return self.words


@asynccontextmanager
async def driver_for(device: Slave, map_name: str) -> AsyncIterator[ModbusMeter]:
    line = MeterLine(device)
    settings = ModbusMeterSettings(
        map=map_name, host="127.0.0.1", tcp_port=await line.start_tcp(), device_id=device.unit_id, timeout_s=0.5
    )
    meter = ModbusMeter(settings, DriverContext(name="EVSE 1 meter", evse_id=1, clock=ManualClock()))
    await meter.start()
    try:
        yield meter
    finally:
        await meter.stop()
        await line.stop()


def zeros(register_map: RegisterMap) -> Image:
    return {
        (block.function.value, block.address + index): 0
        for block in blocks(register_map)
        for index in range(block.word_count)
    }


def step_wh(register_map: RegisterMap) -> float:
    """Half a step of the import counter, or what a float of 32 bits can be off by."""
    register = next(one for one in register_map.registers if one.quantity is Quantity.ENERGY_IMPORT)
    return (
        max(1.0, float(register.scale) * (1000 if register.unit == "kWh" else 1) / 2) if "int" in register.type else 1.0
    )


def phases_of(register_map: RegisterMap, quantity: Quantity) -> int:
    return sum(1 for one in register_map.registers if one.quantity is quantity and one.phase)


def has(register_map: RegisterMap, quantity: Quantity, phase: str | None = None) -> bool:
    return any(one.quantity is quantity and one.phase == phase for one in register_map.registers)


def check(reading: MeterReading, register_map: RegisterMap, *, sign: int) -> None:
    """A load of 6, 7, 8 A (6 A where there is one phase) at 229, 230, 231 V and a power factor of 0.5."""
    watts = (687.0, 805.0, 924.0)
    voltages, currents = phases_of(register_map, Quantity.VOLTAGE), phases_of(register_map, Quantity.CURRENT)
    assert reading.voltage_v == pytest.approx((229, 230, 231)[:voltages], abs=0.06)
    assert reading.current_a == pytest.approx((6, 7, 8)[:currents], abs=0.006)
    phases = phases_of(register_map, Quantity.POWER)
    assert reading.phase_power_w == pytest.approx([sign * watt for watt in watts[:phases]], abs=5.1)
    expected_w = watts[0] if voltages == 1 else sum(watts)
    assert reading.power_w == pytest.approx(sign * expected_w, abs=5.1)
    if has(register_map, Quantity.FREQUENCY):
        assert reading.frequency_hz == pytest.approx(50.0)
    if has(register_map, Quantity.POWER_FACTOR):
        assert reading.power_factor == pytest.approx(sign * 0.5, abs=0.001)


def test_every_map_has_its_golden_words() -> None:
    assert sorted(GOLDEN) == known_maps()


@pytest.mark.parametrize("name", known_maps())
async def test_the_driver_reads_what_the_emulated_meter_measures(name: str) -> None:
    register_map, device = load_map(name), MeterDevice(read_map(name), unit_id=7)
    three = device.map.phases == 3
    device.load.set(current_a=(6, 7, 8) if three else (6, 0, 0), voltage_v=(229, 230, 231), power_factor=0.5)
    async with driver_for(device, name) as meter:
        drawing = await meter.read()
        device.load.advance(3600 * 100)
        later = await meter.read()
        device.load.set(exporting=True)
        device.load.advance(3600 * 50)
        feeding = await meter.read()

    check(drawing, register_map, sign=1)
    check(feeding, register_map, sign=-1)
    assert drawing.energy_import_wh == 0
    assert later.energy_import_wh == pytest.approx(241_600 if three else 68_700, abs=step_wh(register_map))
    assert feeding.energy_import_wh == later.energy_import_wh
    if has(register_map, Quantity.ENERGY_EXPORT):
        assert feeding.energy_export_wh == pytest.approx(120_800 if three else 34_350, abs=step_wh(register_map))
    else:
        assert feeding.energy_export_wh is None


@pytest.mark.parametrize("name", known_maps())
async def test_the_words_of_the_import_counter_mean_what_the_sources_say(name: str) -> None:
    table, address, words = GOLDEN[name]
    device = WordsOnly(zeros(load_map(name)) | {(table, address + index): word for index, word in enumerate(words)})

    async with driver_for(device, name) as meter:
        reading = await meter.read()

    assert reading.energy_import_wh == IMPORTED_WH


async def test_a_power_below_zero_in_two_words_with_the_low_one_first_is_export() -> None:
    minus_1234_5_w = {("input", 0x28): 0xCFC7, ("input", 0x29): 0xFFFF}  # -12345 x 0.1 W
    async with driver_for(
        WordsOnly(zeros(load_map("carlo-gavazzi-em340")) | minus_1234_5_w), "carlo-gavazzi-em340"
    ) as meter:
        reading = await meter.read()

    assert reading.power_w == -1234.5


async def test_an_export_counter_that_runs_downwards_is_read_by_its_size() -> None:
    minus_10_kwh = {("input", 0x20): 0xFF9C, ("input", 0x21): 0xFFFF}  # -100 x 0.1 kWh
    async with driver_for(
        WordsOnly(zeros(load_map("carlo-gavazzi-em112")) | minus_10_kwh), "carlo-gavazzi-em112"
    ) as meter:
        reading = await meter.read()

    assert reading.energy_export_wh == 10_000


@pytest.mark.parametrize(
    ("name", "register", "field_name", "gone"),
    [
        ("abb-b23", "export energy", "energy_export_wh", None),
        ("abb-b23", "total power", "power_w", pytest.approx(2416, abs=0.1)),  # the sum of the phases steps in
        ("abb-b23", "frequency", "frequency_hz", None),
        ("abb-b23", "power factor", "power_factor", None),
        ("abb-b23", "current L2", "current_a", (pytest.approx(6),)),
        ("schneider-iem3155", "voltage L1", "voltage_v", ()),
        ("eastron-sdm630", "frequency", "frequency_hz", None),
    ],
)
async def test_a_value_that_the_meter_does_not_have_is_left_out(
    name: str, register: str, field_name: str, gone: object
) -> None:
    device = MeterDevice(read_map(name))
    device.load.set(current_a=(6, 7, 8), voltage_v=(229, 230, 231), power_factor=0.5)
    device.withhold(register)

    async with driver_for(device, name) as meter:
        reading = await meter.read()

    assert getattr(reading, field_name) == gone


@pytest.mark.parametrize("name", ["abb-b23", "eastron-sdm630"])
async def test_without_import_energy_there_is_no_reading(name: str) -> None:
    device = MeterDevice(read_map(name))
    device.withhold(next(one.name for one in device.map.registers if one.quantity == "energy_import"))

    async with driver_for(device, name) as meter:
        with pytest.raises(BadReading, match="EVSE 1 meter: the import energy register holds no value"):
            await meter.read()


@pytest.mark.parametrize("name", known_maps())
def test_a_map_names_its_models_and_asks_for_no_more_than_the_meter_gives(name: str) -> None:
    register_map = load_map(name)

    assert register_map.models
    assert all(block.word_count <= register_map.max_block_words for block in blocks(register_map))


def test_the_siemens_maps_leave_out_the_registers_that_must_not_be_read() -> None:
    read = {
        at
        for block in blocks(load_map("siemens-pac2200"))
        for at in range(block.address, block.address + block.word_count)
    }

    assert not read & set(range(43, 55))
