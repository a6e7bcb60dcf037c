"""Finding meters on real sockets and a real pseudo-terminal."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from hal.errors import DeviceGone
from hal.modbus.bus import SerialLine, TcpLine
from hal.modbus.frames import Framing
from hal.modbus.map_file import known_maps
from hal.modbus.meter import ModbusMeterSettings
from hal.modbus.probe import Finding, How, SerialTarget, TcpTarget, list_meters, probe
from hil.devices.meter_device import MeterDevice, Mood
from hil.devices.meter_load import MeteredLoad
from hil.devices.meter_map import read_map
from hil.devices.meter_server import MeterLine, Slave
from hil.devices.pty_line import PtyLine
from hil.devices.sunspec_meter import SunSpecMeter

QUICK_S = 0.06


def a_meter(name: str, *, unit_id: int = 1) -> MeterDevice:
    device = MeterDevice(read_map(name), unit_id=unit_id, load=MeteredLoad(import_kwh=1234.5))
    current_a = (6.0, 7.0, 8.0) if device.map.phases == 3 else (6.0, 0.0, 0.0)
    device.load.set(current_a=current_a, voltage_v=(229, 230, 231), power_factor=0.9)
    return device


async def found_on_tcp(*devices: Slave, rtu: bool = False, device_ids: tuple[int, ...] = (1, 2)) -> tuple[Finding, ...]:
    line = MeterLine(*devices)
    port = await line.start_tcp(rtu=rtu)
    try:
        return await probe(TcpTarget(host="127.0.0.1", port=port), device_ids=device_ids, timeout_s=QUICK_S)
    finally:
        await line.stop()


@pytest.fixture
async def pty(tmp_path: Path) -> AsyncIterator[PtyLine]:
    async with PtyLine(tmp_path / "usb-adapter", baudrate=19200) as line:
        yield line


@pytest.mark.parametrize("name", [name for name in known_maps() if read_map(name).identity_at is not None])
async def test_a_meter_with_an_identity_is_recognised_by_it(name: str) -> None:
    (finding,) = await found_on_tcp(a_meter(name))

    assert finding.how is How.IDENTITY
    assert name in (finding.map, *finding.others)
    assert finding.reading is not None
    assert finding.reading.energy_import_wh == pytest.approx(1_234_500, abs=100)


@pytest.mark.parametrize(
    "name", [name for name in known_maps() if read_map(name).identity_at is None and name != "eastron-sdm72d-m"]
)
async def test_a_meter_without_one_is_recognised_by_values_that_make_sense(name: str) -> None:
    (finding,) = await found_on_tcp(a_meter(name))

    assert finding.how is How.PLAUSIBLE
    assert name in (finding.map, *finding.others)


async def test_a_meter_that_tells_neither_voltage_nor_frequency_is_not_guessed() -> None:
    (finding,) = await found_on_tcp(a_meter("eastron-sdm72d-m"))

    assert (finding.how, finding.map) == (How.UNKNOWN, "")


async def test_a_sunspec_meter_is_found_by_its_chain() -> None:
    device = SunSpecMeter(load=MeteredLoad(import_kwh=2.0))

    (finding,) = await found_on_tcp(device)

    assert (finding.how, finding.map) == (How.SUNSPEC, "sunspec")
    assert finding.title == "Acme M203 (SunSpec 203: three phases, star)"


async def test_rtu_frames_inside_tcp_are_found_when_modbus_tcp_is_not() -> None:
    (finding,) = await found_on_tcp(a_meter("abb-b23"), rtu=True)

    assert isinstance(finding.line, TcpLine)
    assert finding.line.framing is Framing.RTU


async def test_every_device_on_the_line_is_found() -> None:
    found = await found_on_tcp(a_meter("abb-b23"), a_meter("schneider-iem3155", unit_id=2))

    assert [(one.device_id, one.map) for one in found] == [(1, "abb-b23"), (2, "schneider-iem3155")]


async def test_on_a_serial_line_the_speed_is_found_too(pty: PtyLine) -> None:
    line = MeterLine(a_meter("abb-b23", unit_id=2))
    await line.start_serial(pty.device)
    target = SerialTarget(port=str(pty.path), baudrates=(9600, 19200), parities=("N", "E"))

    # Pseudo-terminals refuse parity: those settings are passed over.
    (finding,) = await probe(target, device_ids=(1, 2), timeout_s=QUICK_S)

    await line.stop()
    assert finding.line == SerialLine(port=str(pty.path), baudrate=19200, parity="N", stopbits=1)
    assert (finding.device_id, finding.map) == (2, "abb-b23")


async def test_the_yaml_block_is_what_the_driver_takes(pty: PtyLine) -> None:
    line = MeterLine(a_meter("carlo-gavazzi-em340"))
    await line.start_serial(pty.device)
    target = SerialTarget(port=str(pty.path), baudrates=(19200,), parities=("N",))

    (finding,) = await probe(target, device_ids=(1,), timeout_s=QUICK_S)

    await line.stop()
    keys = yaml.safe_load(finding.as_yaml())["meter"]
    assert keys.pop("driver") == "modbus-meter"
    assert ModbusMeterSettings(**keys).map == "carlo-gavazzi-em340"
    assert "# these maps fit as well: carlo-gavazzi-et340" in finding.as_yaml()
    assert "1234.500 kWh, 229.0 V, 230.0 V, 231.0 V" in finding.as_yaml()


async def test_a_silent_line_ends_at_the_time_limit_with_what_was_found() -> None:
    awake, asleep, told = a_meter("abb-b23"), a_meter("abb-b23", unit_id=2), list[str]()
    asleep.misbehave(Mood.SILENT)
    line = MeterLine(awake, asleep)
    target = TcpTarget(host="127.0.0.1", port=await line.start_tcp())
    begun_s = asyncio.get_running_loop().time()

    found = await probe(target, device_ids=range(1, 248), timeout_s=QUICK_S, limit_s=0.5, progress=told.append)

    await line.stop()
    assert [one.device_id for one in found] == [1]
    assert asyncio.get_running_loop().time() - begun_s < 2
    assert told[-1] == "stopped after 0.5 s"


async def test_a_device_that_only_refuses_is_there_but_unknown() -> None:
    device = a_meter("abb-b23")
    device.misbehave(Mood.EXCEPTION)

    (finding,) = await found_on_tcp(device)

    assert finding.how is How.UNKNOWN
    assert "map: ???" in finding.as_yaml()


async def test_nothing_there_is_no_finding() -> None:
    assert await found_on_tcp() == ()


@pytest.mark.parametrize("target", [TcpTarget(host="127.0.0.1", port=1), SerialTarget(port="/dev/ttyNotThere")])
async def test_a_line_that_cannot_be_opened_is_gone(target: TcpTarget | SerialTarget) -> None:
    with pytest.raises(DeviceGone):
        await probe(target, timeout_s=QUICK_S)


def test_the_list_names_every_map_and_sunspec_with_its_source() -> None:
    listed = list_meters()

    assert [one.name for one in listed] == sorted([*known_maps(), "sunspec"])
    assert all(one.title and one.models and one.source for one in listed)
