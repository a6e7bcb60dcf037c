"""The emulated meter, judged by its own arithmetic and over a bare Modbus TCP socket."""

import asyncio
import math
import struct

import pytest

from hil.devices.pty_pair import PtyPair
from hil.devices.sdm630 import EmulatedMeter, MeterServer, Mood

BUSY = 6  # Modbus exception "server device busy"
ILLEGAL_VALUE = 3


async def ask(port: int, *, address: int, count: int, device_id: int = 1, function: int = 4) -> bytes:
    """One request by hand; returns the answer from the function code on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(struct.pack(">HHHBBHH", 7, 0, 6, device_id, function, address, count))
        async with asyncio.timeout(0.3):
            _, _, length, answered_id = struct.unpack(">HHHB", await reader.readexactly(7))
            assert answered_id == device_id
            return await reader.readexactly(length - 1)
    finally:
        writer.close()
        await writer.wait_closed()


def floats(answer: bytes) -> list[float]:
    assert answer[1] == len(answer) - 2
    return [value for (value,) in struct.iter_unpack(">f", answer[2:])]


def test_energy_is_power_times_time() -> None:
    meter = EmulatedMeter(import_kwh=100)
    meter.set_load(current_a=(16, 16, 16), voltage_v=(230, 230, 230))

    meter.advance(1800)

    registers = meter.registers()
    assert registers[0x48] == pytest.approx(105.52)
    assert registers[0x4A] == 0
    assert registers[0x34] == 11_040


def test_exporting_counts_in_the_other_register_and_turns_the_sign() -> None:
    meter = EmulatedMeter()
    meter.set_load(current_a=(10, 0, 0), exporting=True)

    meter.advance(3600)

    registers = meter.registers()
    assert registers[0x48] == 0
    assert registers[0x4A] == pytest.approx(2.3)
    assert (registers[0x06], registers[0x0C], registers[0x34], registers[0x3E]) == (10, -2300, -2300, -1)


def test_with_a_clock_energy_flows_by_itself_and_a_change_of_load_counts_from_then_on() -> None:
    now_s = [0.0]
    meter = EmulatedMeter(clock=lambda: now_s[0])
    meter.set_load(current_a=(10, 0, 0))
    now_s[0] = 3600
    meter.set_load(current_a=(0, 0, 0))
    now_s[0] = 7200

    registers = meter.registers()

    assert registers[0x48] == pytest.approx(2.3)


def test_what_it_shows_is_what_fits_in_32_bits() -> None:
    meter = EmulatedMeter(import_kwh=1.1)

    assert meter.registers()[0x48] == struct.unpack(">f", struct.pack(">f", 1.1))[0] != 1.1


def test_frozen_it_shows_the_old_values_and_counts_on_inside() -> None:
    meter = EmulatedMeter(import_kwh=1)
    meter.set_load(current_a=(10, 10, 10))
    meter.misbehave(Mood.FROZEN)

    meter.advance(3600)

    assert meter.registers()[0x48] == 1
    meter.misbehave(Mood.NORMAL)
    assert meter.registers()[0x48] == pytest.approx(7.9)


async def test_it_serves_its_registers_over_tcp() -> None:
    meter = EmulatedMeter(import_kwh=12.5)
    meter.set_load(current_a=(6, 7, 8), voltage_v=(229, 230, 231))
    server = MeterServer(meter)
    port = await server.start_tcp()

    first = floats(await ask(port, address=0, count=18))
    energy = floats(await ask(port, address=0x48, count=2))

    await server.stop()
    assert first == [229, 230, 231, 6, 7, 8, 1374, 1610, 1848]
    assert energy == [12.5]


async def test_more_than_forty_parameters_are_refused() -> None:
    server = MeterServer(EmulatedMeter())
    port = await server.start_tcp()

    answer = await ask(port, address=0, count=82)

    await server.stop()
    assert answer == bytes([0x84, ILLEGAL_VALUE])


async def test_busy_it_answers_with_an_exception() -> None:
    meter = EmulatedMeter()
    server = MeterServer(meter)
    port = await server.start_tcp()
    meter.misbehave(Mood.BUSY)

    answer = await ask(port, address=0, count=2)

    await server.stop()
    assert answer == bytes([0x84, BUSY])


async def test_silent_or_absent_it_gives_no_answer() -> None:
    meter = EmulatedMeter()
    server = MeterServer(meter)
    port = await server.start_tcp()

    with pytest.raises(TimeoutError):
        await ask(port, address=0, count=2, device_id=9)
    meter.misbehave(Mood.SILENT)
    with pytest.raises(TimeoutError):
        await ask(port, address=0, count=2)

    await server.stop()


async def test_late_it_answers_after_the_given_time() -> None:
    meter = EmulatedMeter()
    server = MeterServer(meter)
    port = await server.start_tcp()
    meter.misbehave(Mood.LATE, late_by_s=0.05)
    loop = asyncio.get_running_loop()
    begun_s = loop.time()

    await ask(port, address=0, count=2)

    assert loop.time() - begun_s >= 0.05
    await server.stop()


async def test_stopping_does_not_wait_for_a_late_answer() -> None:
    meter = EmulatedMeter()
    server = MeterServer(meter)
    port = await server.start_tcp()
    meter.misbehave(Mood.LATE, late_by_s=3600)
    asking = asyncio.create_task(ask(port, address=0, count=2), name="ask")
    async with asyncio.timeout(1):
        while not meter.requests:  # noqa: ASYNC110 - the meter counts, it does not signal
            await asyncio.sleep(0.001)

    async with asyncio.timeout(1):
        await server.stop()

    with pytest.raises((TimeoutError, asyncio.IncompleteReadError)):
        await asking


async def test_without_its_senses_every_register_is_not_a_number() -> None:
    meter = EmulatedMeter()
    meter.misbehave(Mood.NOT_A_NUMBER)

    assert all(math.isnan(value) for value in meter.registers().values())


async def test_an_address_in_use_is_told() -> None:
    server, second = MeterServer(EmulatedMeter()), MeterServer(EmulatedMeter())
    port = await server.start_tcp()

    with pytest.raises(RuntimeError):
        await second.start_tcp(port=port)

    await second.stop()
    await server.stop()


async def test_it_answers_on_a_serial_line_and_can_leave_it() -> None:
    meter = EmulatedMeter()
    async with PtyPair() as cable:
        server = MeterServer(meter)
        await server.start_serial(cable.left)
        await server.stop()
        await server.start_serial(cable.left)
        await server.stop()
    assert meter.requests == 0
