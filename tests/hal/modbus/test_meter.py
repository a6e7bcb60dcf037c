"""The Modbus meter against an emulated SDM630, on real TCP and on a real pseudo-terminal."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent, WrongSettings
from hal.modbus.meter import ModbusMeter, ModbusMeterSettings
from hal.readings import MeterReading
from hal.registry import DriverContext, SharedDevices
from hil.devices.meter_device import MeterDevice
from hil.devices.meter_device import Mood as GenericMood
from hil.devices.meter_map import read_map
from hil.devices.meter_server import MeterLine
from hil.devices.pty_pair import PtyPair
from hil.devices.sdm630 import EmulatedMeter, MeterServer, Mood
from tests.contracts.meter import MeterContract

TIMEOUT_S = 0.1


class HandClock:
    """Moves on by a second whenever it is read, so that stamps can be told apart."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        self.now_s += 1
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        await asyncio.sleep(0)


def context(*, shared: SharedDevices | None = None, name: str = "EVSE 1 meter") -> DriverContext:
    return DriverContext(name=name, evse_id=1, clock=HandClock(), shared=shared or SharedDevices())


def keys(**given_keys: Any) -> ModbusMeterSettings:
    return ModbusMeterSettings(**{"map": "eastron-sdm630", "timeout_s": TIMEOUT_S, "retries": 0, **given_keys})


@dataclass
class Bench:
    meter: ModbusMeter
    clock: HandClock
    device: EmulatedMeter
    server: MeterServer

    async def draw(self, *, power_w: float, seconds: float) -> None:
        each_a = power_w / 3 / 230
        self.device.set_load(current_a=(each_a, each_a, each_a), voltage_v=(230, 230, 230))
        self.device.advance(seconds)

    async def cut(self) -> None:
        await self.server.stop()


async def bench_on(server: MeterServer, device: EmulatedMeter, meter_keys: ModbusMeterSettings) -> Bench:
    clock = HandClock()
    meter = ModbusMeter(meter_keys, DriverContext(name="EVSE 1 meter", evse_id=1, clock=clock))
    await meter.start()
    return Bench(meter=meter, clock=clock, device=device, server=server)


@pytest.fixture
async def tcp_bench() -> AsyncIterator[Bench]:
    device = EmulatedMeter(import_kwh=1234.567)
    server = MeterServer(device)
    bench = await bench_on(server, device, keys(host="127.0.0.1", tcp_port=await server.start_tcp()))
    yield bench
    await bench.meter.stop()
    await server.stop()


class TestModbusMeterOnTcp(MeterContract):
    @pytest.fixture
    async def bench(self, tcp_bench: Bench) -> Bench:
        return tcp_bench


class TestModbusMeterOnASerialLine(MeterContract):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        device = EmulatedMeter(device_id=7, import_kwh=1234.567)
        server = MeterServer(device)
        async with PtyPair() as cable:
            await server.start_serial(cable.left)
            bench = await bench_on(server, device, keys(port=cable.right, device_id=7))
            yield bench
            await bench.meter.stop()
            await server.stop()


async def test_every_value_of_the_meter_arrives_where_it_belongs(tcp_bench: Bench) -> None:
    tcp_bench.device.set_load(current_a=(6, 7, 8), voltage_v=(229, 230, 231), power_factor=0.5, exporting=True)
    tcp_bench.device.set_energy(import_kwh=100.25, export_kwh=3.5)

    reading = await tcp_bench.meter.read()

    assert reading == MeterReading(
        mono_s=reading.mono_s,
        energy_import_wh=100_250,
        energy_export_wh=3500,
        power_w=-2416,
        phase_power_w=(-687, -805, -924),
        current_a=(6, 7, 8),
        voltage_v=(229, 230, 231),
        frequency_hz=50,
        power_factor=-0.5,
    )


async def test_a_reading_takes_two_requests(tcp_bench: Bench) -> None:
    await tcp_bench.meter.read()

    assert tcp_bench.device.requests == 2


async def test_the_stamp_is_the_time_the_request_was_begun(tcp_bench: Bench) -> None:
    reading = await tcp_bench.meter.read()

    assert reading.mono_s == 1001.0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(milli_kwh=st.integers(0, 16_000_000))
def test_watt_hours_of_a_float32_register_survive_exactly(milli_kwh: int) -> None:
    async def round_trip() -> int:
        device = EmulatedMeter(import_kwh=milli_kwh / 1000)
        server = MeterServer(device)
        bench = await bench_on(server, device, keys(host="127.0.0.1", tcp_port=await server.start_tcp()))
        try:
            return (await bench.meter.read()).energy_import_wh
        finally:
            await bench.meter.stop()
            await server.stop()

    # Up to 2^14 kWh a float32 still tells every watt-hour.
    assert asyncio.run(round_trip()) == milli_kwh


async def test_energy_that_goes_back_is_a_bad_reading_until_the_driver_is_started_anew(tcp_bench: Bench) -> None:
    await tcp_bench.meter.read()
    tcp_bench.device.set_energy(import_kwh=3)

    for _ in range(2):
        with pytest.raises(BadReading, match="went back from 1234567 to 3000 Wh"):
            await tcp_bench.meter.read()

    await tcp_bench.meter.stop()
    await tcp_bench.meter.start()
    assert (await tcp_bench.meter.read()).energy_import_wh == 3000


@pytest.mark.parametrize(
    ("mood", "error"),
    [(Mood.SILENT, DeviceSilent), (Mood.BUSY, DeviceRefused), (Mood.NOT_A_NUMBER, BadReading)],
)
async def test_a_misbehaving_meter_is_an_error_with_its_name_and_recovers(
    tcp_bench: Bench, mood: Mood, error: type[Exception]
) -> None:
    tcp_bench.device.misbehave(mood)
    with pytest.raises(error, match=r"^EVSE 1 meter: "):
        await tcp_bench.meter.read()

    tcp_bench.device.misbehave(Mood.NORMAL)

    assert (await tcp_bench.meter.read()).energy_import_wh == 1_234_567


async def test_two_meters_on_one_serial_line_share_it() -> None:
    one, two = EmulatedMeter(device_id=1, import_kwh=1), EmulatedMeter(device_id=2, import_kwh=2)
    server, shared = MeterServer(one, two), SharedDevices()
    async with PtyPair() as cable:
        await server.start_serial(cable.left)
        meters = [
            ModbusMeter(keys(port=cable.right, device_id=number), context(shared=shared, name=f"EVSE {number} meter"))
            for number in (1, 2)
        ]
        for meter in meters:
            await meter.start()

        readings = await asyncio.gather(*(meter.read() for meter in meters))
        await meters[0].stop()
        alone = await meters[1].read()

        await meters[1].stop()
        await server.stop()
    assert [reading.energy_import_wh for reading in readings] == [1000, 2000]
    assert alone.energy_import_wh == 2000


def test_two_meters_that_disagree_about_their_line_are_refused() -> None:
    shared = SharedDevices()
    ModbusMeter(keys(port="/dev/ttyUSB0"), context(shared=shared))

    with pytest.raises(WrongSettings, match="EVSE 2 meter: another device uses /dev/ttyUSB0"):
        ModbusMeter(keys(port="/dev/ttyUSB0", baudrate=19200), context(shared=shared, name="EVSE 2 meter"))


async def test_reading_before_the_start_is_an_error() -> None:
    with pytest.raises(DeviceGone):
        await ModbusMeter(keys(host="127.0.0.1"), context()).read()


async def test_starting_and_stopping_twice_is_harmless(tcp_bench: Bench) -> None:
    await tcp_bench.meter.start()

    await tcp_bench.meter.stop()
    await tcp_bench.meter.stop()

    with pytest.raises(DeviceGone):
        await tcp_bench.meter.read()


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ({}, "port"),
        ({"port": "/dev/ttyUSB0", "host": "127.0.0.1"}, "port"),
        ({"host": "h", "parity": "X"}, "parity"),
        ({"host": "h", "stopbits": 3}, "stopbits"),
        ({"host": "h", "baudrate": 1}, "baudrate"),
        ({"host": "h", "tcp_port": 0}, "tcp_port"),
        ({"host": "h", "device_id": 248}, "device_id"),
        ({"host": "h", "timeout_s": 0.0}, "timeout_s"),
        ({"host": "h", "retries": -1}, "retries"),
    ],
)
def test_settings_that_cannot_work_name_their_key(wrong: dict[str, Any], key: str) -> None:
    with pytest.raises(WrongSettings) as refused:
        ModbusMeterSettings(map="eastron-sdm630", **wrong)

    assert refused.value.path == (key,)


def test_an_unknown_map_is_refused_when_the_driver_is_made() -> None:
    with pytest.raises(WrongSettings, match="unknown map"):
        ModbusMeter(keys(host="h", map="nothing-like-it"), context())


@dataclass
class GenericBench:
    meter: ModbusMeter
    clock: HandClock
    device: MeterDevice
    line: MeterLine

    async def draw(self, *, power_w: float, seconds: float) -> None:
        each_a = power_w / 3 / 230
        self.device.load.set(current_a=(each_a, each_a, each_a), voltage_v=(230, 230, 230))
        self.device.load.advance(seconds)

    async def cut(self) -> None:
        await self.line.stop()


@pytest.fixture
async def rtu_in_tcp_bench() -> AsyncIterator[GenericBench]:
    device = MeterDevice(read_map("abb-b23"), unit_id=7)
    line = MeterLine(device)
    port = await line.start_tcp(rtu=True)
    clock = HandClock()
    meter = ModbusMeter(
        keys(map="abb-b23", host="127.0.0.1", tcp_port=port, framing="rtu", device_id=7),
        DriverContext(name="EVSE 1 meter", evse_id=1, clock=clock),
    )
    await meter.start()
    yield GenericBench(meter=meter, clock=clock, device=device, line=line)
    await meter.stop()
    await line.stop()


class TestModbusMeterByRtuInsideTcp(MeterContract):
    @pytest.fixture
    async def bench(self, rtu_in_tcp_bench: GenericBench) -> GenericBench:
        return rtu_in_tcp_bench


async def test_values_that_stand_still_under_load_end_as_a_bad_reading_until_they_move(
    rtu_in_tcp_bench: GenericBench,
) -> None:
    bench = rtu_in_tcp_bench
    await bench.draw(power_w=11_040, seconds=60)
    bench.device.misbehave(GenericMood.FROZEN)
    await bench.meter.read()
    bench.clock.now_s += 90

    believed = await bench.meter.read()
    bench.clock.now_s += 90
    with pytest.raises(BadReading, match=r"EVSE 1 meter: not one value has moved in 18\d s although 11040 W flow"):
        await bench.meter.read()
    bench.device.misbehave(GenericMood.NORMAL)
    await bench.draw(power_w=11_040, seconds=180)

    assert believed.energy_import_wh == 180
    assert (await bench.meter.read()).energy_import_wh == pytest.approx(740, abs=10)


async def test_values_may_stand_still_where_nothing_flows(rtu_in_tcp_bench: GenericBench) -> None:
    await rtu_in_tcp_bench.meter.read()
    rtu_in_tcp_bench.clock.now_s += 100_000

    assert (await rtu_in_tcp_bench.meter.read()).energy_import_wh == 0


async def test_a_framing_that_is_none_names_its_key() -> None:
    with pytest.raises(WrongSettings, match="framing is tcp or rtu") as refused:
        keys(host="h", framing="ascii")

    assert refused.value.path == ("framing",)


def test_two_meters_that_disagree_about_the_framing_are_refused() -> None:
    shared = SharedDevices()
    ModbusMeter(keys(host="192.0.2.7"), context(shared=shared))

    with pytest.raises(WrongSettings, match="another device uses 192"):
        ModbusMeter(keys(host="192.0.2.7", framing="rtu"), context(shared=shared))
