"""A line with good and bad devices on it: what each fault becomes, and that no device suffers for another."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent, HalError
from hal.modbus.backoff import Patience
from hal.modbus.bus import Line, ModbusBus, SerialLine, TcpLine
from hal.modbus.frames import Framing
from hal.modbus.words import Function
from hil.devices.meter_device import MeterDevice, Mood
from hil.devices.meter_map import read_map
from hil.devices.meter_server import MeterLine
from hil.devices.pty_line import PtyLine

TIMEOUT_S = 0.06
PATIENT = Patience(failures=1_000)
IMPATIENT = Patience(failures=2, first_s=0.5, longest_s=0.8)


@dataclass
class Bench:
    bus: ModbusBus
    one: MeterDevice
    two: MeterDevice

    async def read(self, device_id: int = 1) -> list[int]:
        return await self.bus.read(
            Function.HOLDING, 0x5B00, count=6, device_id=device_id, device=f"EVSE {device_id} meter"
        )


@asynccontextmanager
async def bench_on(kind: str, folder: Path, *, patience: Patience = PATIENT) -> AsyncIterator[Bench]:
    one, two = (MeterDevice(read_map("abb-b23"), unit_id=unit_id) for unit_id in (1, 2))
    meters = MeterLine(one, two)
    async with PtyLine(folder / "adapter") as pty:
        line: Line = SerialLine(port=str(pty.path), baudrate=9600, parity="N", stopbits=1)
        if kind == "serial":
            await meters.start_serial(pty.device)
        else:
            port = await meters.start_tcp(rtu=kind == "rtu-in-tcp")
            line = TcpLine(host="127.0.0.1", port=port, framing=Framing.RTU if kind == "rtu-in-tcp" else Framing.TCP)
        bus = ModbusBus(line, timeout_s=TIMEOUT_S, retries=0, patience=patience)
        await bus.start(device="EVSE 1 meter")
        yield Bench(bus=bus, one=one, two=two)
        await bus.stop()
        await meters.stop()


@pytest.fixture(params=["serial", "tcp", "rtu-in-tcp"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench_on(request.param, tmp_path) as bench:
        yield bench


@pytest.fixture
async def impatient(tmp_path: Path) -> AsyncIterator[Bench]:
    async with bench_on("tcp", tmp_path, patience=IMPATIENT) as bench:
        yield bench


@pytest.mark.parametrize(
    ("mood", "error", "says"),
    [
        (Mood.SILENT, DeviceSilent, "gave no answer"),
        (Mood.NOISE, BadReading, "garbled answer"),
        (Mood.HALF, BadReading, "broke off after"),
        (Mood.WRONG_CRC, BadReading, "checksum|no Modbus TCP|broke off"),
        (Mood.EXCEPTION, DeviceRefused, r"DEVICE_BUSY \(6\)"),
        (Mood.OTHER_UNIT, BadReading, "device 2 answered in its place"),
        (Mood.SHORT, BadReading, "5 words instead of 6"),
    ],
)
async def test_each_fault_is_an_error_of_its_own_with_the_name_of_the_device(
    bench: Bench, mood: Mood, error: type[HalError], says: str
) -> None:
    good = await bench.read()
    bench.one.misbehave(mood)

    with pytest.raises(error, match=f"^EVSE 1 meter: .*({says})"):
        await bench.read()

    bench.one.misbehave(Mood.NORMAL)
    assert await bench.read() == good


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.NOISE, Mood.HALF, Mood.WRONG_CRC, Mood.EXCEPTION, Mood.SHORT])
async def test_the_other_device_on_the_line_is_read_all_the_same(bench: Bench, mood: Mood) -> None:
    bench.one.misbehave(mood)

    for _ in range(3):
        with pytest.raises(HalError, match=r"^EVSE 1 meter: "):
            await bench.read(1)
        assert await bench.read(2) == [0, 2300, 0, 2300, 0, 2300]


async def test_a_late_answer_is_not_taken_for_that_of_another_device(bench: Bench) -> None:
    bench.one.load.set(voltage_v=(199, 199, 199))
    bench.one.misbehave(Mood.LATE, late_by_s=1.5 * TIMEOUT_S)
    with pytest.raises(DeviceSilent):
        await bench.read(1)

    assert await bench.read(2) == [0, 2300, 0, 2300, 0, 2300]


async def test_a_dead_device_is_soon_left_alone_and_asked_again_now_and_then(impatient: Bench) -> None:
    impatient.one.misbehave(Mood.SILENT)
    for _ in range(2):
        with pytest.raises(DeviceSilent, match="gave no answer to 1 request"):
            await impatient.read(1)
    begun_s = asyncio.get_running_loop().time()

    for _ in range(20):
        with pytest.raises(
            DeviceSilent, match=r"EVSE 1 meter: gave no answer 2 times in a row .*; not asked for 0\.\d s"
        ):
            await impatient.read(1)

    assert asyncio.get_running_loop().time() - begun_s < 0.4  # 20 requests would take 1.2 s
    await asyncio.sleep(IMPATIENT.first_s)
    impatient.one.misbehave(Mood.NORMAL)
    assert await impatient.read(1) == [0, 2300, 0, 2300, 0, 2300]
    assert await impatient.read(1) == [0, 2300, 0, 2300, 0, 2300]


async def test_a_dead_device_takes_no_time_from_the_others(impatient: Bench) -> None:
    impatient.one.misbehave(Mood.SILENT)
    finished = asyncio.Event()

    async def ask_the_dead_one() -> None:
        while not finished.is_set():
            with pytest.raises(DeviceSilent):
                await impatient.read(1)
            await asyncio.sleep(0.001)

    asking = asyncio.create_task(ask_the_dead_one(), name="dead")
    await asyncio.sleep(3 * TIMEOUT_S)
    begun_s = asyncio.get_running_loop().time()
    for _ in range(50):
        await impatient.read(2)
    took_s = asyncio.get_running_loop().time() - begun_s
    finished.set()
    await asking

    assert took_s < 1.0  # behind the dead one's requests they would take 3 s


async def test_between_the_attempts_for_one_device_another_has_its_turn(tmp_path: Path) -> None:
    async with bench_on("tcp", tmp_path) as bench:
        bench.bus.retries = 3
        bench.one.misbehave(Mood.SILENT)
        order: list[str] = []

        async def ask(device_id: int) -> None:
            try:
                await bench.read(device_id)
            except DeviceSilent:
                order.append("silent")
            else:
                order.append("answered")

        await asyncio.gather(ask(1), ask(2))

    assert order == ["answered", "silent"]


async def test_the_log_tells_of_a_dead_device_once_and_of_its_return(
    impatient: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="hal.modbus.bus")
    impatient.one.misbehave(Mood.SILENT)
    for _ in range(60):
        with pytest.raises(DeviceSilent):
            await impatient.read(1)
        await asyncio.sleep(0.01)
    impatient.one.misbehave(Mood.NORMAL)
    await asyncio.sleep(IMPATIENT.longest_s)

    await impatient.read(1)

    said = [record.getMessage() for record in caplog.records if record.name == "hal.modbus.bus"]
    assert len(said) == 2
    assert "device 1" in said[0]
    assert "left alone" in said[0]
    assert "answers again" in said[1]


async def test_many_silences_on_tcp_end_in_a_new_connection_and_never_in_a_lost_line(tmp_path: Path) -> None:
    async with bench_on("tcp", tmp_path) as bench:
        bench.one.misbehave(Mood.SILENT)
        for _ in range(10):
            with pytest.raises(DeviceSilent):
                await bench.read(1)

        assert await bench.read(2) == [0, 2300, 0, 2300, 0, 2300]


@pytest.fixture
async def adapter(tmp_path: Path) -> AsyncIterator[PtyLine]:
    async with PtyLine(tmp_path / "by-id-usb-acme-if00-port0") as pty:
        yield pty


async def test_an_adapter_that_is_pulled_is_gone_and_read_again_when_it_is_back(adapter: PtyLine) -> None:
    device = MeterDevice(read_map("abb-b23"))
    meters = MeterLine(device)
    await meters.start_serial(adapter.device)
    line = SerialLine(port=str(adapter.path), baudrate=9600, parity="N", stopbits=1)
    bench = Bench(bus=ModbusBus(line, timeout_s=TIMEOUT_S, retries=0), one=device, two=device)
    await bench.bus.start(device="EVSE 1 meter")
    before = await bench.read()

    adapter.unplug()
    for _ in range(3):
        with pytest.raises(DeviceGone, match=r"^EVSE 1 meter: no connection to .*by-id-usb-acme"):
            await bench.read()
    adapter.plug()
    await asyncio.sleep(0.5)  # the second wait before it is tried again is 0.2 s

    assert await bench.read() == before
    await bench.bus.stop()
    await meters.stop()


async def test_an_adapter_put_back_between_two_requests_is_noticed_by_its_place(adapter: PtyLine) -> None:
    device = MeterDevice(read_map("abb-b23"))
    meters = MeterLine(device)
    await meters.start_serial(adapter.device)
    line = SerialLine(port=str(adapter.path), baudrate=9600, parity="N", stopbits=1)
    bench = Bench(bus=ModbusBus(line, timeout_s=TIMEOUT_S, retries=0), one=device, two=device)
    await bench.bus.start(device="EVSE 1 meter")
    held = os.open(adapter.path, os.O_RDWR | os.O_NOCTTY)  # so that the new terminal has another number

    adapter.unplug()
    adapter.plug()
    os.close(held)

    assert await bench.read() == [0, 2300, 0, 2300, 0, 2300]
    await bench.bus.stop()
    await meters.stop()


async def test_settings_that_a_port_refuses_leave_it_free_for_others(adapter: PtyLine) -> None:
    refused = ModbusBus(SerialLine(str(adapter.path), 19200, "E", 1), timeout_s=TIMEOUT_S, retries=0)
    with pytest.raises(HalError, match="parity: N"):
        await refused.start(device="EVSE 1 meter")

    other = ModbusBus(SerialLine(str(adapter.path), 9600, "N", 1), timeout_s=TIMEOUT_S, retries=0)
    await other.start(device="EVSE 1 meter")

    await other.stop()
