"""One Modbus line with real sockets and a real pseudo-terminal under it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent, WrongSettings
from hal.modbus.bus import Line, ModbusBus, SerialLine, TcpLine
from hal.modbus.words import Function
from hil.devices.pty_pair import PtyPair
from hil.devices.sdm630 import EmulatedMeter, MeterServer, Mood

TIMEOUT_S = 0.08
LATE_S = {
    TcpLine: 2.5 * TIMEOUT_S,  # later than two requests wait together
    SerialLine: 1.5 * TIMEOUT_S,  # in the pause that a serial line is given after each
}


def a_bus(line: Line, *, retries: int = 1) -> ModbusBus:
    return ModbusBus(line, timeout_s=TIMEOUT_S, retries=retries)


def rtu(port: str, parity: str = "N") -> SerialLine:
    return SerialLine(port=port, baudrate=9600, parity=parity, stopbits=1)


async def read(bus: ModbusBus, *, address: int = 0, count: int = 2, device_id: int = 1) -> list[int]:
    return await bus.read(Function.INPUT, address, count=count, device_id=device_id, device="EVSE 1 meter")


@pytest.fixture
async def meter() -> EmulatedMeter:
    return EmulatedMeter(import_kwh=12.5)


@pytest.fixture(params=["tcp", "rtu"])
async def bus(request: pytest.FixtureRequest, meter: EmulatedMeter) -> AsyncIterator[ModbusBus]:
    """A started bus with one emulated meter on it, over TCP and over RTU."""
    server = MeterServer(meter)
    async with PtyPair() as cable:
        if request.param == "tcp":
            line: Line = TcpLine(host="127.0.0.1", port=await server.start_tcp())
        else:
            await server.start_serial(cable.left)
            line = rtu(cable.right)
        bus = a_bus(line)
        await bus.start(device="EVSE 1 meter")
        yield bus
        await bus.stop()
        await server.stop()


async def test_it_gives_the_words_of_the_device(bus: ModbusBus, meter: EmulatedMeter) -> None:
    words = await read(bus, address=0x48, count=4)

    assert words == meter.words()[0x48:0x4C]


async def test_an_exception_of_the_device_is_a_refusal_with_its_name(bus: ModbusBus, meter: EmulatedMeter) -> None:
    meter.misbehave(Mood.BUSY)

    with pytest.raises(DeviceRefused, match=r"EVSE 1 meter: answered DEVICE_BUSY \(6\)"):
        await read(bus)


async def test_silence_is_told_after_the_last_repetition(bus: ModbusBus, meter: EmulatedMeter) -> None:
    meter.misbehave(Mood.SILENT)

    with pytest.raises(DeviceSilent, match=r"EVSE 1 meter.*2 request"):
        await read(bus)

    assert meter.requests == 2


async def test_a_device_id_that_is_not_there_is_silent(bus: ModbusBus) -> None:
    with pytest.raises(DeviceSilent, match="device 9"):
        await read(bus, device_id=9)


async def test_after_silence_the_line_works_again(bus: ModbusBus, meter: EmulatedMeter) -> None:
    meter.misbehave(Mood.SILENT)
    with pytest.raises(DeviceSilent):
        await read(bus)

    meter.misbehave(Mood.NORMAL)

    assert await read(bus) == meter.words()[:2]


async def test_a_late_answer_is_never_taken_for_that_of_the_next_request(bus: ModbusBus, meter: EmulatedMeter) -> None:
    meter.misbehave(Mood.LATE, late_by_s=LATE_S[type(bus.line)])
    with pytest.raises(DeviceSilent):
        await read(bus, address=0)
    meter.misbehave(Mood.NORMAL)

    words = await read(bus, address=0x48)

    assert words == meter.words()[0x48:0x4A]


async def test_when_a_repeated_request_got_the_late_answer_to_the_first_the_second_is_waited_for(
    meter: EmulatedMeter,
) -> None:
    server = MeterServer(meter)
    async with PtyPair() as cable:
        await server.start_serial(cable.left)
        bus = a_bus(rtu(cable.right))
        await bus.start(device="EVSE 1 meter")
        meter.misbehave(Mood.LATE, late_by_s=2.5 * TIMEOUT_S)
        late = await read(bus, address=0)  # asked at 0 and at 2 timeouts; answered at 2.5, and again at 4.5
        await asyncio.sleep(1.6 * TIMEOUT_S)
        meter.misbehave(Mood.LATE, late_by_s=0.8 * TIMEOUT_S)

        words = await read(bus, address=0x48)

        await bus.stop()
        await server.stop()
    assert late == meter.words()[:2]
    assert words == meter.words()[0x48:0x4A]


async def test_a_cancelled_request_leaves_nothing_for_the_next(bus: ModbusBus, meter: EmulatedMeter) -> None:
    meter.misbehave(Mood.LATE, late_by_s=TIMEOUT_S / 2)
    asking = asyncio.create_task(read(bus, address=0), name="read")
    await asyncio.sleep(TIMEOUT_S / 4)
    asking.cancel()
    await asyncio.wait([asking])
    meter.misbehave(Mood.NORMAL)

    words = await read(bus, address=0x48)

    assert words == meter.words()[0x48:0x4A]


async def test_requests_wait_for_their_turn(bus: ModbusBus, meter: EmulatedMeter) -> None:
    answers = await asyncio.gather(*(read(bus, address=address) for address in (0, 2, 0x46, 0x48)))

    assert answers == [meter.words()[address : address + 2] for address in (0, 2, 0x46, 0x48)]


async def test_a_server_that_went_away_is_gone_and_found_again_when_it_is_back(meter: EmulatedMeter) -> None:
    server = MeterServer(meter)
    port = await server.start_tcp()
    bus = a_bus(TcpLine(host="127.0.0.1", port=port))
    await bus.start(device="EVSE 1 meter")

    await server.stop()
    await asyncio.sleep(0.02)
    with pytest.raises(DeviceGone, match=r"EVSE 1 meter: no connection to 127\.0\.0\.1"):
        await read(bus)
    await server.start_tcp(port=port)
    await asyncio.sleep(0.3)  # the first attempt to reconnect comes after 0.1 s

    assert await read(bus) == meter.words()[:2]
    await bus.stop()
    await server.stop()


async def test_stopping_while_reconnecting_leaves_no_task(meter: EmulatedMeter) -> None:
    server = MeterServer(meter)
    bus = a_bus(TcpLine(host="127.0.0.1", port=await server.start_tcp()))
    await bus.start(device="EVSE 1 meter")
    await server.stop()
    await asyncio.sleep(0.02)

    await bus.stop()

    assert [task.get_name() for task in asyncio.all_tasks() if "reconnect" in task.get_name()] == []


@pytest.mark.parametrize("line", [TcpLine(host="127.0.0.1", port=1), rtu("/dev/ttyNotThere")])
async def test_a_line_that_cannot_be_opened_is_gone_and_may_be_tried_again(line: Line) -> None:
    bus = a_bus(line)

    for _ in range(2):
        with pytest.raises(DeviceGone, match="EVSE 1 meter"):
            await bus.start(device="EVSE 1 meter")


async def test_a_port_that_refuses_parity_says_how_to_mend_it() -> None:
    async with PtyPair() as cable:
        bus = a_bus(rtu(cable.right, parity="E"))

        with pytest.raises(WrongSettings, match="parity: N"):
            await bus.start(device="EVSE 1 meter")


async def test_a_cut_serial_cable_is_silence(meter: EmulatedMeter) -> None:
    server = MeterServer(meter)
    async with PtyPair() as cable:
        await server.start_serial(cable.left)
        bus = a_bus(rtu(cable.right), retries=0)
        await bus.start(device="EVSE 1 meter")

        cable.unplug()

        with pytest.raises(DeviceSilent):
            await read(bus)
        await bus.stop()
        await server.stop()


async def test_the_line_stays_open_until_its_last_user_left(bus: ModbusBus, meter: EmulatedMeter) -> None:
    await bus.start(device="EVSE 2 meter")

    await bus.stop()
    assert await read(bus) == meter.words()[:2]
    await bus.stop()

    with pytest.raises(DeviceGone):
        await read(bus)


async def test_an_answer_of_another_length_is_a_bad_reading() -> None:
    closed = asyncio.Event()

    async def answer_one_word(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readexactly(12)
        writer.write(request[:4] + b"\x00\x05\x01\x04\x02\x12\x34")
        await reader.read()
        writer.close()
        await writer.wait_closed()
        closed.set()

    server = await asyncio.start_server(answer_one_word, "127.0.0.1", 0)
    bus = a_bus(TcpLine(host="127.0.0.1", port=server.sockets[0].getsockname()[1]))
    await bus.start(device="EVSE 1 meter")

    with pytest.raises(BadReading, match="1 words instead of 2"):
        await read(bus)

    await bus.stop()
    async with asyncio.timeout(2):
        await closed.wait()
    server.close()
    await server.wait_closed()


async def test_a_cancellation_that_meets_the_answer_is_not_forgotten(bus: ModbusBus) -> None:
    came_first = 0
    turns = 0
    while came_first < 3:  # one turn of the loop later each time, until the answer is always there before
        reading = asyncio.create_task(read(bus), name="read")
        for _ in range(turns):
            await asyncio.sleep(0)
        was_cancelled = reading.cancel()
        await asyncio.wait([reading], timeout=2)

        assert reading.cancelled() is was_cancelled, f"cancelled after {turns} turns of the loop"
        came_first = 0 if was_cancelled else came_first + 1
        turns += 1
