"""Requests as they go out: what a device on the line takes and what it says to them."""

from collections.abc import AsyncIterator

import pytest

from hal.errors import BadReading, DeviceRefused, DeviceSilent
from hal.modbus.bus import ModbusBus, TcpLine
from hal.modbus.requests import always, read_coil, read_words, write_coil, write_words
from hal.modbus.words import Function
from hil.devices.meter_device import Mood
from hil.devices.meter_server import MeterLine
from hil.devices.phoenix_board import EmulatedPhoenix

DEVICE = "EVSE 1"


@pytest.fixture
def board() -> EmulatedPhoenix:
    return EmulatedPhoenix(unit_id=180)


@pytest.fixture
async def bus(board: EmulatedPhoenix) -> AsyncIterator[ModbusBus]:
    server = MeterLine(board)
    bus = ModbusBus(TcpLine(host="127.0.0.1", port=await server.start_tcp()), timeout_s=0.1, retries=0)
    await bus.start(device=DEVICE)
    yield bus
    await bus.stop()
    await server.stop()


def test_each_kind_has_its_function_code() -> None:
    assert read_words(Function.HOLDING, 1, count=1, device_id=1, device=DEVICE).function_code == 3
    assert read_words(Function.INPUT, 1, count=1, device_id=1, device=DEVICE).function_code == 4
    assert read_coil(1, device_id=1, device=DEVICE).function_code == 1
    assert write_coil(1, on=True, device_id=1, device=DEVICE, urgent=False, stands=always).function_code == 5
    assert write_words(1, [2], device_id=1, device=DEVICE, urgent=False, stands=always).function_code == 16


async def test_a_coil_that_was_written_can_be_read(bus: ModbusBus) -> None:
    before = await bus.read_coil(400, device_id=180, device=DEVICE)

    await bus.write_coil(400, on=True, device_id=180, device=DEVICE)

    assert not before
    assert await bus.read_coil(400, device_id=180, device=DEVICE)


@pytest.mark.parametrize(
    ("mood", "error"),
    [(Mood.SILENT, DeviceSilent), (Mood.NOISE, BadReading), (Mood.HALF, BadReading), (Mood.EXCEPTION, DeviceRefused)],
)
async def test_a_coil_that_cannot_be_read_is_an_error(
    bus: ModbusBus, board: EmulatedPhoenix, mood: Mood, error: type[Exception]
) -> None:
    board.misbehave(mood)

    with pytest.raises(error, match=DEVICE):
        await bus.read_coil(400, device_id=180, device=DEVICE)


async def test_a_write_that_is_wanted_is_confirmed(bus: ModbusBus, board: EmulatedPhoenix) -> None:
    assert await bus.write(300, [13], device_id=180, device=DEVICE)
    assert board.image()["holding", 300] == 13


async def test_a_write_that_is_no_longer_wanted_is_not_sent(bus: ModbusBus, board: EmulatedPhoenix) -> None:
    asked = board.requests

    sent = await bus.write(300, [32], device_id=180, device=DEVICE, stands=lambda: False)
    released = await bus.write_coil(400, on=True, device_id=180, device=DEVICE, stands=lambda: False)

    assert (sent, released) == (False, False)
    assert board.requests == asked
