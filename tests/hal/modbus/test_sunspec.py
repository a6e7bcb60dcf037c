"""SunSpec meters: the chain on a real socket, and chains that are none."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from fractions import Fraction

import pytest

from hal.errors import BadReading, DeviceRefused
from hal.modbus import sunspec
from hal.modbus.meter import ModbusMeter, ModbusMeterSettings
from hal.modbus.registers import Register, blocks, decode_block, meter_reading
from hal.modbus.sunspec import Model, meter_map, models
from hal.readings import MeterReading
from hal.registry import DriverContext
from hal.sim.clock import ManualClock
from hil.devices.meter_load import MeteredLoad
from hil.devices.meter_server import MeterLine
from hil.devices.sunspec_meter import SunSpecMeter


@asynccontextmanager
async def driver_for(device: SunSpecMeter) -> AsyncIterator[ModbusMeter]:
    line = MeterLine(device)
    settings = ModbusMeterSettings(map="sunspec", host="127.0.0.1", tcp_port=await line.start_tcp(), timeout_s=0.5)
    meter = ModbusMeter(settings, DriverContext(name="EVSE 1 meter", evse_id=1, clock=ManualClock()))
    await meter.start()
    try:
        yield meter
    finally:
        await meter.stop()
        await line.stop()


def words_at(words: Mapping[int, int]) -> sunspec.Read:
    async def read(address: int, count: int) -> list[int]:
        if any(address + index not in words for index in range(count)):
            raise DeviceRefused("answered ILLEGAL_ADDRESS (2)")
        return [words[address + index] for index in range(count)]

    return read


def chain(base: int, *entries: tuple[int, list[int]], end: bool = True) -> dict[int, int]:
    flat = list(sunspec.MARK)
    for number, words in entries:
        flat += [number, len(words), *words]
    return {base + index: word for index, word in enumerate([*flat, *([0xFFFF, 0] if end else [])])}


@pytest.mark.parametrize("base", [0, 40000, 50000])
@pytest.mark.parametrize("model", [201, 202, 203, 204])
async def test_a_meter_is_found_at_each_base_and_read(base: int, model: int) -> None:
    load = MeteredLoad(import_kwh=1234.567, export_kwh=8.9, frequency_hz=49.98)
    load.set(current_a=(6, 7, 8), voltage_v=(229, 230, 231), power_factor=0.5, exporting=True)

    async with driver_for(SunSpecMeter(base=base, model=model, others=(2, 64112), load=load)) as meter:
        reading = await meter.read()

    assert reading == MeterReading(
        mono_s=reading.mono_s,
        energy_import_wh=1_234_567,
        energy_export_wh=8900,
        power_w=-2416,
        phase_power_w=(-687, -805, -924),
        current_a=(6, 7, 8),
        voltage_v=(229, 230, 231),
        frequency_hz=49.98,
        power_factor=-0.5,
    )


async def test_the_words_of_a_chain_worked_out_by_hand() -> None:
    meter = [0x8000] * 105
    meter[4], meter[1], meter[2], meter[3] = 0xFFFE, 1600, 0x8000, 0x8000  # A_SF -2: 16.00 A on one phase
    meter[13], meter[6] = 0xFFFF, 2301  # V_SF -1: 230.1 V
    meter[20], meter[16] = 1, 0xFE90  # W_SF 1: -368 x 10 W
    meter[52], meter[44], meter[45] = 2, 0x0001, 0xE240  # TotWh_SF 2: 123456 x 100 Wh
    meter[36], meter[37] = 0, 5  # 500 Wh out
    read = words_at(chain(40000, (1, [0] * 66), (203, meter)))

    register_map = await meter_map(read)
    values: dict[Register, Fraction | None] = {}
    for block in blocks(register_map):
        values |= decode_block(block, await read(block.address, block.word_count))
    reading = meter_reading(values, mono_s=1.0)

    assert (reading.energy_import_wh, reading.energy_export_wh) == (12_345_600, 500)
    assert (reading.power_w, reading.current_a, reading.voltage_v) == (-3680, (16.0,), (230.1,))
    assert (reading.frequency_hz, reading.power_factor, reading.phase_power_w) == (None, None, ())


async def test_points_that_are_not_implemented_are_left_out() -> None:
    load = MeteredLoad(import_kwh=1)
    load.set(current_a=(6, 7, 8))

    async with driver_for(SunSpecMeter(load=load, missing=frozenset({"AphB", "WphA", "Hz"}))) as meter:
        reading = await meter.read()

    assert (reading.current_a, reading.phase_power_w, reading.frequency_hz) == ((6,), (), None)


async def test_energy_without_its_scale_factor_is_no_reading() -> None:
    async with driver_for(SunSpecMeter(missing=frozenset({"TotWh_SF"}))) as meter:
        with pytest.raises(BadReading, match="EVSE 1 meter: the import energy register holds no value"):
            await meter.read()


@pytest.mark.parametrize(("exponent", "wh"), [(-1, 1_234_500), (0, 1_234_500), (2, 1_234_500), (3, 1_234_000)])
async def test_energy_is_scaled_by_powers_of_ten(exponent: int, wh: int) -> None:
    async with driver_for(SunSpecMeter(energy_exponent=exponent, load=MeteredLoad(import_kwh=1234.5))) as meter:
        reading = await meter.read()

    assert reading.energy_import_wh == pytest.approx(wh, abs=1 if exponent < 3 else 1000)


async def test_a_scale_factor_beyond_ten_is_a_bad_reading() -> None:
    async with driver_for(SunSpecMeter(energy_exponent=-11)) as meter:
        with pytest.raises(BadReading, match=r"scale factor of (im|ex)ported energy is -11"):
            await meter.read()


async def test_the_title_is_what_the_common_model_says() -> None:
    async with driver_for(SunSpecMeter(manufacturer="Kostal", product="KSEM", model=201)) as meter:
        await meter.read()

        found = meter.register_map

    assert found is not None
    assert found.title == "Kostal KSEM (SunSpec 201: single phase)"


async def test_the_models_are_listed_in_their_order() -> None:
    found = await models(words_at(chain(50000, (1, [0] * 4), (64001, []), (203, [0] * 3))))

    assert found == (
        Model(number=1, address=50004, words=4),
        Model(number=64001, address=50010, words=0),
        Model(number=203, address=50012, words=3),
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ({}, "no SunS at 40000, 50000, 0"),
        ({40000: 0x5375, 40001: 0x0000}, "no SunS"),
        (chain(40000, (1, [0] * 66), (103, [0] * 50)), "no meter among the SunSpec models 1, 103"),
        (chain(40000, (203, [0] * 20)), "has 20 words instead of 53"),
        (chain(40000, *[(2, [])] * 70), "does not end before model 64"),
    ],
)
async def test_what_is_no_chain_with_a_meter_in_it_is_told(words: dict[int, int], says: str) -> None:
    with pytest.raises(BadReading, match=says):
        await meter_map(words_at(words))
