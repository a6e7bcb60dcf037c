"""Puts emulated meters on a line: Modbus TCP, RTU inside TCP, or RTU on a serial port."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Final, Protocol, cast

from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.framer import FramerRTU
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from hil.devices.meter_device import Behaviour, Image, Mood, span

TABLE_OF_FUNCTION: Final = {1: "coil", 3: "holding", 4: "input"}
READ_COILS: Final = 1
WRITES: Final = (5, 6, 15, 16)
WRITE_COIL: Final = 5
COILS: Final = 512
WORD_BITS: Final = 16

NOISE: Final = bytes((0x00, 0xFF, 0x13, 0x37, 0xA5, 0x5A, 0x80))
CRC_BYTES: Final = 2
TCP_LENGTH_AT: Final = 5  # the low byte of the length in the header of Modbus TCP
TCP_UNIT_AT: Final = 6

Action = Callable[
    [int, int, int, int, list[int], list[int] | list[bool] | None], Coroutine[None, None, ExcCodes | None]
]
Tables = tuple[list[SimData], list[SimData], list[SimData], list[SimData]]


class Slave(Protocol):
    """What a line needs of an emulated device."""

    unit_id: int
    behaviour: Behaviour
    requests: int

    @property
    def longest_read(self) -> int:
        """The most words it answers at once."""
        ...

    def image(self) -> Image:
        """Every word it has now."""
        ...

    def write(self, address: int, values: list[int], *, coil: bool) -> bool:
        """Take what was written; False where it takes none."""
        ...


class MeterLine:
    """A line with devices on it; a unit id that is not there stays silent, as on a real bus."""

    def __init__(self, *devices: Slave) -> None:
        self._devices = {device.unit_id: device for device in devices}
        self._server: ModbusTcpServer | ModbusSerialServer | None = None
        self._stopping = asyncio.Event()
        self._rtu = False

    async def start_tcp(self, host: str = "127.0.0.1", port: int = 0, *, rtu: bool = False) -> int:
        """Listen; returns the port. `rtu`: RTU frames inside TCP. Raises RuntimeError where the address is taken."""
        self._rtu = rtu
        server = ModbusTcpServer(
            self._sim_devices(),
            framer=FramerType.RTU if rtu else FramerType.SOCKET,
            address=(host, port),
            ignore_missing_devices=True,
            trace_packet=self._on_packet,
        )
        await self._serve(server)
        listening = cast("asyncio.Server", server.transport)
        bound: int = listening.sockets[0].getsockname()[1]
        return bound

    async def start_serial(self, port: str, *, baudrate: int = 9600, parity: str = "N", stopbits: int = 1) -> None:
        """Answer on a serial port. Raises RuntimeError where it cannot be opened."""
        self._rtu = True
        server = ModbusSerialServer(
            self._sim_devices(),
            port=port,
            framer=FramerType.RTU,
            baudrate=baudrate,
            parity=parity,
            stopbits=stopbits,
            ignore_missing_devices=True,
            trace_packet=self._on_packet,
        )
        await self._serve(server)

    async def stop(self) -> None:
        """Leave the line; late answers are dropped. It may be started again."""
        self._stopping.set()
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]  # pymodbus leaves it untyped
            self._server = None
        # Connections and late answers end in the next turns of the loop.
        for _ in range(3):
            await asyncio.sleep(0)

    async def _serve(self, server: ModbusTcpServer | ModbusSerialServer) -> None:
        self._stopping.clear()
        self._server = server
        await server.serve_forever(background=True)

    def _sim_devices(self) -> list[SimDevice]:
        known = [self._sim_device(device) for device in self._devices.values()]
        return [*known, SimDevice(id=0, simdata=_tables(None), action=_stay_silent)]

    def _sim_device(self, device: Slave) -> SimDevice:
        return SimDevice(id=device.unit_id, simdata=_tables(device), action=self._action(device))

    def _action(self, device: Slave) -> Action:
        async def on_request(
            function: int,
            start: int,
            address: int,
            count: int,
            registers: list[int],
            written: list[int] | list[bool] | None,
        ) -> ExcCodes | None:
            device.requests += 1
            behaviour = device.behaviour
            if behaviour.mood is Mood.LATE:
                await self._wait(behaviour.late_by_s)
            if behaviour.mood is Mood.SILENT or self._stopping.is_set():
                raise NoSuchIdException("silent")
            if behaviour.mood is Mood.EXCEPTION:
                return ExcCodes(behaviour.exception)
            if function in WRITES:
                if written is None:
                    return None  # pymodbus reads back a coil that it wrote
                taken = device.write(address, [int(one) for one in written], coil=function == WRITE_COIL)
                return None if taken else ExcCodes.ILLEGAL_FUNCTION
            return _answer(device, function, registers, start=start, address=address, count=count)

        return on_request

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return

    def _on_packet(self, sending: bool, packet: bytes) -> bytes:  # noqa: FBT001 - pymodbus calls it so
        if not sending:
            return packet
        device = self._devices.get(packet[0 if self._rtu else TCP_UNIT_AT])
        # Nobody answers for a unit id that is not there, not even that an address is wrong.
        return b"" if device is None else spoiled(packet, device.behaviour.mood, rtu=self._rtu)


def spoiled(packet: bytes, mood: Mood, *, rtu: bool) -> bytes:
    """An answer as a device in that mood sends it."""
    spoil = SPOILS.get(mood)
    return packet if spoil is None else spoil(packet, rtu)


def _wrong_crc(packet: bytes, rtu: bool) -> bytes:  # noqa: FBT001 - as SPOILS has it
    at = len(packet) - 1 if rtu else TCP_LENGTH_AT
    return packet[:at] + bytes((packet[at] ^ 0x55,)) + packet[at + 1 :]


def _other_unit(packet: bytes, rtu: bool) -> bytes:  # noqa: FBT001 - as SPOILS has it
    at = 0 if rtu else TCP_UNIT_AT
    changed = packet[:at] + bytes((packet[at] + 1,)) + packet[at + 1 :]
    return _with_crc(changed[:-CRC_BYTES]) if rtu else changed


def _one_word_less(packet: bytes, rtu: bool) -> bytes:  # noqa: FBT001 - as SPOILS has it
    if rtu:
        unit, function, length = packet[:3]
        return _with_crc(bytes((unit, function, length - 2)) + packet[3 : -CRC_BYTES - 2])
    head, unit_and_function, length = packet[:TCP_LENGTH_AT], packet[TCP_UNIT_AT : TCP_UNIT_AT + 2], packet[8]
    return head + bytes((packet[TCP_LENGTH_AT] - 2,)) + unit_and_function + bytes((length - 2,)) + packet[9:-2]


SPOILS: Final[Mapping[Mood, Callable[[bytes, bool], bytes]]] = {
    Mood.SILENT: lambda _packet, _rtu: b"",
    Mood.NOISE: lambda _packet, _rtu: NOISE,
    Mood.HALF: lambda packet, _rtu: packet[: len(packet) // 2],
    Mood.WRONG_CRC: _wrong_crc,
    Mood.OTHER_UNIT: _other_unit,
    Mood.SHORT: _one_word_less,
}
"""What becomes of a packet; the second argument tells whether it is an RTU frame."""


def _with_crc(frame: bytes) -> bytes:
    return frame + FramerRTU.compute_CRC(frame).to_bytes(CRC_BYTES, "big")


def _answer(
    device: Slave, function: int, registers: list[int], *, start: int, address: int, count: int
) -> ExcCodes | None:
    """Put what was asked for where pymodbus takes it from."""
    if function not in TABLE_OF_FUNCTION:
        return ExcCodes.ILLEGAL_FUNCTION
    image, table = device.image(), TABLE_OF_FUNCTION[function]
    if function == READ_COILS:
        _put_coils(registers, image, word=address // WORD_BITS, words=count)
        return None
    if count > device.longest_read:
        return ExcCodes.ILLEGAL_VALUE
    for at in range(address, address + count):
        registers[at - start] = image.get((table, at), 0)
    return None


def _put_coils(registers: list[int], image: Image, *, word: int, words: int) -> None:
    """pymodbus keeps sixteen coils in a word, the first in its lowest bit, and counts in words here."""
    for at in range(word, word + words):
        registers[at] = sum(image.get(("coil", at * WORD_BITS + bit), 0) << bit for bit in range(WORD_BITS))


def _tables(device: Slave | None) -> Tables:
    last = (span(device.image(), "coil") if device else None) or (0, 0)
    count = max(COILS, (last[1] // WORD_BITS + 1) * WORD_BITS)
    bits = [SimData(0, values=[False] * count, datatype=DataType.BITS)]
    return bits, list(bits), _registers(device, "holding"), _registers(device, "input")


def _registers(device: Slave | None, table: str) -> list[SimData]:
    first, last = (span(device.image(), table) if device else None) or (0, 1)
    return [SimData(first, values=[0] * (last - first + 1), datatype=DataType.REGISTERS)]


async def _stay_silent(*_request: object) -> ExcCodes | None:
    """Stands for every other unit id; pymodbus answers for them otherwise."""
    raise NoSuchIdException("nobody")
