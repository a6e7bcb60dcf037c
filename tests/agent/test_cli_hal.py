"""`evse-agent hal`, with emulated meters on real sockets and a pseudo-terminal."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from agent.cli import main
from hil.devices.meter_device import MeterDevice
from hil.devices.meter_load import MeteredLoad
from hil.devices.meter_map import read_map
from hil.devices.meter_server import MeterLine
from hil.devices.pty_line import PtyLine


@pytest.fixture
async def line() -> AsyncIterator[MeterLine]:
    device = MeterDevice(read_map("abb-b23"), unit_id=2, load=MeteredLoad(import_kwh=1234.5))
    device.load.set(current_a=(6.0, 7.0, 8.0), voltage_v=(229, 230, 231), power_factor=0.9)
    line = MeterLine(device)
    yield line
    await line.stop()


def test_the_meters_that_can_be_read_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["hal", "meters"])

    lines = capsys.readouterr().out.splitlines()
    assert code == 0
    assert len(lines) > 25
    assert any(line.startswith("eastron-sdm630") and "SDM630" in line for line in lines)


def test_the_list_names_its_sources_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["hal", "meters", "--json"])

    listed = json.loads(capsys.readouterr().out)
    assert code == 0
    assert all(one["source"] and one["title"] for one in listed)


async def test_a_meter_on_tcp_is_found_and_printed_as_a_block_for_station_yaml(
    line: MeterLine, capsys: pytest.CaptureFixture[str]
) -> None:
    port = await line.start_tcp()

    code = await asyncio.to_thread(main, ["hal", "probe", "--host", "127.0.0.1", "--tcp-port", str(port), "--id", "2"])

    found = yaml.safe_load(capsys.readouterr().out)
    assert code == 0
    assert found["meter"] == {
        "driver": "modbus-meter",
        "map": "abb-b23",
        "host": "127.0.0.1",
        "tcp_port": port,
        "device_id": 2,
    }


async def test_a_meter_on_a_serial_line_is_found_at_its_speed(
    line: MeterLine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with PtyLine(tmp_path / "usb-adapter", baudrate=19200) as pty:
        await line.start_serial(pty.device, baudrate=19200)

        arguments = ["hal", "probe", "--port", str(pty.path), "--baudrate", "9600", "--baudrate", "19200", "--id", "2"]
        code = await asyncio.to_thread(main, arguments)

    found = yaml.safe_load(capsys.readouterr().out)
    assert code == 0
    assert (found["meter"]["map"], found["meter"]["baudrate"]) == ("abb-b23", 19200)


def test_a_line_that_cannot_be_opened_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = main(["hal", "probe", "--port", str(tmp_path / "nope")])

    assert code == 1
    assert "nope cannot be opened" in capsys.readouterr().err


async def test_silence_says_what_to_look_at(line: MeterLine, capsys: pytest.CaptureFixture[str]) -> None:
    port = await line.start_tcp()
    arguments = ["hal", "probe", "--host", "127.0.0.1", "--tcp-port", str(port), "--id", "9", "--limit", "3"]

    code = await asyncio.to_thread(main, arguments)

    assert code == 1
    assert "no device answered; check power" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["0", "248", "one"])
def test_a_unit_id_that_cannot_be_is_refused(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["hal", "probe", "--port", "/dev/ttyUSB0", "--id", wrong])

    assert left.value.code == 2
    assert "give a number from 1 to 247" in capsys.readouterr().err
