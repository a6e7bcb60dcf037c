"""An Eastron SDM630 electricity meter in software, on Modbus TCP or on a serial line.

    python -m hil.devices.sdm630 --tcp 127.0.0.1:1502 --current 16
    python -m hil.devices.sdm630 --serial /dev/pts/4

Behind the registers is a physical load: voltages and currents make powers, powers over time make energy.
The register layout is written down here from the meter's protocol description, on its own: what is tested
against this meter must not share its map.
"""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import cast

from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.exceptions import NoSuchIdException
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

Phases = tuple[float, float, float]

# Parameter numbers as the protocol description counts them, from 1; each is a float in two input registers.
VOLTS = (1, 2, 3)
AMPS = (4, 5, 6)
WATTS = (7, 8, 9)
VOLT_AMPS = (10, 11, 12)
POWER_FACTORS = (16, 17, 18)
SUM_OF_AMPS = 25
SYSTEM_WATTS = 27
SYSTEM_VOLT_AMPS = 29
SYSTEM_POWER_FACTOR = 32
HERTZ = 36
IMPORT_KWH = 37
EXPORT_KWH = 38
TOTAL_KWH = 172
LAST_PARAMETER = 191

MOST_PARAMETERS_A_READ = 40
READ_INPUT_REGISTERS = 4


class Mood(Enum):
    """How the meter behaves."""

    NORMAL = auto()
    SILENT = auto()
    """Never answers."""
    BUSY = auto()
    """Answers every request with the exception "device busy"."""
    LATE = auto()
    """Answers `late_by_s` after it was asked."""
    FROZEN = auto()
    """Answers with the values of the moment it froze."""
    NOT_A_NUMBER = auto()
    """Answers NaN in every register."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is connected behind the meter, per phase; `exporting` turns the flow round."""

    current_a: Phases = (0.0, 0.0, 0.0)
    voltage_v: Phases = (230.0, 230.0, 230.0)
    power_factor: float = 1.0
    exporting: bool = False

    @property
    def power_w(self) -> Phases:
        """Active power per phase, negative when exporting."""
        sign = -1.0 if self.exporting else 1.0
        one, two, three = (
            sign * amps * volts * self.power_factor for amps, volts in zip(self.current_a, self.voltage_v, strict=True)
        )
        return one, two, three

    @property
    def apparent_va(self) -> Phases:
        """Apparent power per phase."""
        one, two, three = (amps * volts for amps, volts in zip(self.current_a, self.voltage_v, strict=True))
        return one, two, three


class EmulatedMeter:
    """One meter. `clock` (seconds) lets energy flow by itself; without it, time passes by `advance`."""

    def __init__(
        self,
        *,
        device_id: int = 1,
        clock: Callable[[], float] | None = None,
        import_kwh: float = 0.0,
        export_kwh: float = 0.0,
        frequency_hz: float = 50.0,
    ) -> None:
        self.device_id = device_id
        self.load = Load()
        self.mood = Mood.NORMAL
        self.late_by_s = 0.0
        self.requests = 0
        self._clock = clock
        self._seen_s = clock() if clock else 0.0
        self._frequency_hz = frequency_hz
        self._import_wh = import_kwh * 1000
        self._export_wh = export_kwh * 1000
        self._frozen: dict[int, float] = {}

    def set_load(
        self,
        *,
        current_a: Phases | None = None,
        voltage_v: Phases | None = None,
        power_factor: float | None = None,
        exporting: bool | None = None,
    ) -> None:
        """Change the load from now on; what is not given stays."""
        self._catch_up()
        old = self.load
        self.load = Load(
            current_a=old.current_a if current_a is None else current_a,
            voltage_v=old.voltage_v if voltage_v is None else voltage_v,
            power_factor=old.power_factor if power_factor is None else power_factor,
            exporting=old.exporting if exporting is None else exporting,
        )

    def set_energy(self, *, import_kwh: float | None = None, export_kwh: float | None = None) -> None:
        """Set the energy registers, as an exchanged meter would show others."""
        self._catch_up()
        self._import_wh = self._import_wh if import_kwh is None else import_kwh * 1000
        self._export_wh = self._export_wh if export_kwh is None else export_kwh * 1000

    def advance(self, seconds: float) -> None:
        """Let the load run for `seconds`."""
        power_w = sum(self.load.power_w)
        if power_w >= 0:
            self._import_wh += power_w * seconds / 3600
        else:
            self._export_wh -= power_w * seconds / 3600

    def misbehave(self, mood: Mood, *, late_by_s: float = 0.0) -> None:
        """Behave like this from now on; NORMAL ends it."""
        self._frozen = self._measured()
        self.mood = mood
        self.late_by_s = late_by_s

    def registers(self) -> dict[int, float]:
        """The float32 values it serves now, by the address of their first register."""
        served = self._measured()
        if self.mood is Mood.FROZEN:
            served = self._frozen
        if self.mood is Mood.NOT_A_NUMBER:
            served = dict.fromkeys(served, float("nan"))
        return {2 * (parameter - 1): _float32(value) for parameter, value in served.items()}

    def words(self) -> list[int]:
        """All input registers from address 0 on; parameters it does not measure are 0."""
        words = [0] * (2 * LAST_PARAMETER)
        for address, value in self.registers().items():
            words[address : address + 2] = struct.unpack(">HH", struct.pack(">f", value))
        return words

    def _catch_up(self) -> None:
        if self._clock is not None:
            now_s = self._clock()
            self.advance(now_s - self._seen_s)
            self._seen_s = now_s

    def _measured(self) -> dict[int, float]:
        self._catch_up()
        load = self.load
        watts, volt_amps = sum(load.power_w), sum(load.apparent_va)
        sign = -1.0 if load.exporting else 1.0
        return {
            **dict(zip(VOLTS, load.voltage_v, strict=True)),
            **dict(zip(AMPS, load.current_a, strict=True)),
            **dict(zip(WATTS, load.power_w, strict=True)),
            **dict(zip(VOLT_AMPS, load.apparent_va, strict=True)),
            **dict.fromkeys(POWER_FACTORS, sign * load.power_factor),
            SUM_OF_AMPS: sum(load.current_a),
            SYSTEM_WATTS: watts,
            SYSTEM_VOLT_AMPS: volt_amps,
            SYSTEM_POWER_FACTOR: watts / volt_amps if volt_amps else 1.0,
            HERTZ: self._frequency_hz,
            IMPORT_KWH: self._import_wh / 1000,
            EXPORT_KWH: self._export_wh / 1000,
            TOTAL_KWH: (self._import_wh + self._export_wh) / 1000,
        }


class MeterServer:
    """Puts meters on a line: Modbus TCP or RTU. A device id that is not there stays silent, as on a real bus."""

    def __init__(self, *meters: EmulatedMeter) -> None:
        self._meters = meters
        self._server: ModbusTcpServer | ModbusSerialServer | None = None
        self._stopping = asyncio.Event()

    async def start_tcp(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listen; returns the port. Raises RuntimeError where the address is taken."""
        server = ModbusTcpServer(self._devices(), address=(host, port), ignore_missing_devices=True)
        await self._serve(server)
        listening = cast("asyncio.Server", server.transport)
        bound: int = listening.sockets[0].getsockname()[1]
        return bound

    async def start_serial(self, port: str, *, baudrate: int = 9600, parity: str = "N", stopbits: int = 1) -> None:
        """Answer on a serial port. Raises RuntimeError where it cannot be opened."""
        server = ModbusSerialServer(
            self._devices(),
            port=port,
            framer=FramerType.RTU,
            baudrate=baudrate,
            parity=parity,
            stopbits=stopbits,
            ignore_missing_devices=True,
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

    def _devices(self) -> list[SimDevice]:
        return [*(self._device(meter) for meter in self._meters), _nobody()]

    def _device(self, meter: EmulatedMeter) -> SimDevice:
        async def on_request(
            function: int,
            _start: int,
            _address: int,
            count: int,
            registers: list[int],
            _written: list[int] | list[bool] | None,
        ) -> ExcCodes | None:
            meter.requests += 1
            if meter.mood is Mood.LATE:
                await self._wait(meter.late_by_s)
            if meter.mood is Mood.SILENT or self._stopping.is_set():
                raise NoSuchIdException("silent")
            if meter.mood is Mood.BUSY:
                return ExcCodes.DEVICE_BUSY
            if function != READ_INPUT_REGISTERS:
                return ExcCodes.ILLEGAL_FUNCTION
            if count > 2 * MOST_PARAMETERS_A_READ:
                return ExcCodes.ILLEGAL_VALUE
            words = meter.words()
            registers[: len(words)] = words
            return None

        return SimDevice(id=meter.device_id, simdata=_tables(), action=on_request)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def _tables() -> tuple[list[SimData], list[SimData], list[SimData], list[SimData]]:
    bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    settings = [SimData(0, values=[0] * 2, datatype=DataType.REGISTERS)]
    measurements = [SimData(0, values=[0] * (2 * LAST_PARAMETER), datatype=DataType.REGISTERS)]
    return bits, list(bits), settings, measurements


def _nobody() -> SimDevice:
    """Stands for every other device id; pymodbus answers for them otherwise."""

    async def stay_silent(*_request: object) -> ExcCodes | None:
        raise NoSuchIdException("nobody")

    return SimDevice(id=0, simdata=_tables(), action=stay_silent)


def _float32(value: float) -> float:
    (rounded,) = struct.unpack(">f", struct.pack(">f", value))
    return float(rounded)


if __name__ == "__main__":
    from hil.devices.sdm630_command import main

    main()
