"""Emulated meters on a line, asked with nothing but bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hil.devices.meter_device import MeterDevice, Mood
from hil.devices.meter_map import read_map
from hil.devices.meter_server import NOISE, MeterLine, spoiled

READ_VOLTAGE = bytes.fromhex("00 07 00 00 00 06 01 03 5B 00 00 02")
VOLTAGE = bytes.fromhex("00 07 00 00 00 07 01 03 04 00 00 08 FC")  # 2300 x 0.1 V
READ_VOLTAGE_RTU = bytes.fromhex("01 03 5B 00 00 02 D7 2F")
VOLTAGE_RTU = bytes.fromhex("01 03 04 00 00 08 FC FC 72")
NOTHING = b""


@asynccontextmanager
async def connected(device: MeterDevice, *, rtu: bool = False) -> AsyncIterator["Talk"]:
    line = MeterLine(device)
    reader, writer = await asyncio.open_connection("127.0.0.1", await line.start_tcp(rtu=rtu))
    try:
        yield Talk(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()
        await line.stop()


class Talk:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, request: bytes) -> bytes:
        self._writer.write(request)
        try:
            async with asyncio.timeout(0.1):
                return await self._reader.read(300)
        except TimeoutError:
            return NOTHING


@pytest.fixture
def device() -> MeterDevice:
    return MeterDevice(read_map("abb-b23"))


async def test_it_answers_in_modbus_tcp(device: MeterDevice) -> None:
    async with connected(device) as talk:
        assert await talk.ask(READ_VOLTAGE) == VOLTAGE


async def test_it_answers_in_rtu_frames(device: MeterDevice) -> None:
    async with connected(device, rtu=True) as talk:
        answer = await talk.ask(READ_VOLTAGE_RTU)

    assert answer[:-2] == VOLTAGE_RTU[:-2]


@pytest.mark.parametrize(
    ("mood", "answer"),
    [
        (Mood.SILENT, NOTHING),
        (Mood.NOISE, NOISE),
        (Mood.HALF, VOLTAGE[:6]),
        (Mood.EXCEPTION, bytes.fromhex("00 07 00 00 00 03 01 83 06")),
        (Mood.OTHER_UNIT, VOLTAGE[:6] + b"\2" + VOLTAGE[7:]),
        (Mood.SHORT, bytes.fromhex("00 07 00 00 00 05 01 03 02 00 00")),
        (Mood.NORMAL, VOLTAGE),
    ],
)
async def test_every_mood_changes_what_is_sent(device: MeterDevice, mood: Mood, answer: bytes) -> None:
    device.misbehave(mood)

    async with connected(device) as talk:
        assert await talk.ask(READ_VOLTAGE) == answer


async def test_a_late_answer_comes_when_it_was_told(device: MeterDevice) -> None:
    device.misbehave(Mood.LATE, late_by_s=0.05)
    async with connected(device) as talk:
        begun_s = asyncio.get_running_loop().time()

        answer = await talk.ask(READ_VOLTAGE)

        assert answer == VOLTAGE
        assert asyncio.get_running_loop().time() - begun_s >= 0.05


@pytest.mark.parametrize(
    ("request_hex", "answer_hex"),
    [
        ("00 01 00 00 00 06 01 03 00 00 00 02", "00 01 00 00 00 03 01 83 02"),  # no such address
        ("00 01 00 00 00 06 01 04 5B 00 00 02", "00 01 00 00 00 03 01 84 02"),  # nothing in that table
        ("00 01 00 00 00 06 09 03 5B 00 00 02", ""),  # nobody of that unit id
    ],
)
async def test_what_it_does_not_have_is_refused_or_not_answered(
    device: MeterDevice, request_hex: str, answer_hex: str
) -> None:
    async with connected(device) as talk:
        assert await talk.ask(bytes.fromhex(request_hex)) == bytes.fromhex(answer_hex)


async def test_a_read_longer_than_the_model_allows_is_refused() -> None:
    async with connected(MeterDevice(read_map("carlo-gavazzi-em24"))) as talk:
        answer = await talk.ask(bytes.fromhex("00 01 00 00 00 06 01 04 00 00 00 0C"))

    assert answer == bytes.fromhex("00 01 00 00 00 03 01 84 03")


def test_a_wrong_checksum_differs_in_its_last_byte_and_on_tcp_in_the_length() -> None:
    assert spoiled(VOLTAGE_RTU, Mood.WRONG_CRC, rtu=True)[:-1] == VOLTAGE_RTU[:-1]
    assert spoiled(VOLTAGE, Mood.WRONG_CRC, rtu=False)[5] != VOLTAGE[5]


async def test_stopping_and_starting_again_serves_again(device: MeterDevice) -> None:
    line = MeterLine(device)
    port = await line.start_tcp()
    await line.stop()

    assert await line.start_tcp(port=port) == port
    await line.stop()
