"""Any electricity meter with a register map, or one that speaks SunSpec, on a Modbus line."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

from hal.errors import BadReading, WrongSettings
from hal.modbus import sunspec
from hal.modbus.bus import Line, ModbusBus, SerialLine, TcpLine
from hal.modbus.frames import Framing
from hal.modbus.map_file import load_map
from hal.modbus.registers import Register, RegisterMap, blocks, decode_block, meter_reading
from hal.modbus.stale import StaleWatch, count_wh
from hal.modbus.words import Function
from hal.readings import MeterReading
from hal.registry import DriverContext

HIGHEST_DEVICE_ID = 247  # Modbus over serial line V1.02, 2.2


@dataclass(frozen=True, slots=True)
class ModbusMeterSettings:
    """Give `port` for a serial line, or `host` for TCP."""

    map: str = field(
        metadata={"doc": "Register map: a name such as eastron-sdm630, a path ending in .yaml, or sunspec."}
    )
    port: str | None = field(default=None, metadata={"doc": "Serial device of a Modbus RTU line."})
    baudrate: int = field(default=9600, metadata={"doc": "Bits per second of the serial line."})
    parity: str = field(default="N", metadata={"doc": "Parity of the serial line: N, E or O."})
    stopbits: int = field(default=1, metadata={"doc": "Stop bits of the serial line: 1 or 2."})
    host: str | None = field(default=None, metadata={"doc": "Host of a Modbus TCP meter or gateway."})
    tcp_port: int = field(default=502, metadata={"doc": "TCP port of the Modbus TCP meter or gateway."})
    framing: str = field(
        default="tcp",
        metadata={"doc": "With host: tcp for Modbus TCP, rtu for a converter that passes serial frames on unchanged."},
    )
    device_id: int = field(default=1, metadata={"doc": "Modbus device id (unit id), 1 to 247."})
    timeout_s: float = field(default=1.0, metadata={"doc": "How long one answer may take. The same for a whole line."})
    retries: int = field(default=1, metadata={"doc": "How often a request without an answer is repeated."})

    def __post_init__(self) -> None:
        """Refuse combinations that cannot work."""
        if (self.port is None) == (self.host is None):
            raise WrongSettings("give either `port: /dev/tty...` or `host: ...`", path=("port",))
        if self.parity not in ("N", "E", "O"):
            raise WrongSettings(f"parity is N, E or O, not {self.parity!r}", path=("parity",))
        if self.stopbits not in (1, 2):
            raise WrongSettings(f"stopbits is 1 or 2, not {self.stopbits}", path=("stopbits",))
        if self.framing not in ("tcp", "rtu"):
            raise WrongSettings(f"framing is tcp or rtu, not {self.framing!r}", path=("framing",))
        _check_range("baudrate", self.baudrate, low=300, high=4_000_000)
        _check_range("tcp_port", self.tcp_port, low=1, high=65535)
        _check_range("device_id", self.device_id, low=1, high=HIGHEST_DEVICE_ID)
        _check_range("timeout_s", self.timeout_s, low=0.01, high=10)
        _check_range("retries", self.retries, low=0, high=5)

    @property
    def line(self) -> Line:
        """The line the meter is on."""
        if self.host is not None:
            return TcpLine(host=self.host, port=self.tcp_port, framing=Framing(self.framing))
        return SerialLine(port=self.port or "", baudrate=self.baudrate, parity=self.parity, stopbits=self.stopbits)


class ModbusMeter:
    """An EnergyMeter read through a register map, in few block reads."""

    Settings: ClassVar[type] = ModbusMeterSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"meter"})

    def __init__(self, settings: ModbusMeterSettings, context: DriverContext) -> None:
        self._settings = settings
        self._context = context
        self._map = None if settings.map == sunspec.NAME else load_map(settings.map)
        self._stale = StaleWatch(count_wh=count_wh(self._map.registers) if self._map else 0.0)
        self._bus = _shared_bus(settings, context)
        self._started = False
        self._last_import_wh: int | None = None

    @property
    def register_map(self) -> RegisterMap | None:
        """What it is read by; None for a SunSpec meter that has not been read yet."""
        return self._map

    async def start(self) -> None:
        """Open the line. Raises DeviceGone or WrongSettings; whether the meter answers is for `read` to tell."""
        if not self._started:
            await self._bus.start(device=self._context.name)
            self._started = True
            self._last_import_wh = None
            self._stale.forget()

    async def stop(self) -> None:
        """Leave the line; the last device on it closes it."""
        if self._started:
            self._started = False
            await self._bus.stop()

    async def read(self) -> MeterReading:
        """All the map knows, stamped with the time the first request was begun.

        Raises DeviceGone, DeviceSilent, DeviceRefused; BadReading also for values that have stood still under load,
        and for an import register that went back (until the driver is started anew: a meter that was exchanged is
        for a person to confirm).
        """
        mono_s = self._context.clock.monotonic()
        try:
            register_map = self._map = self._map or await sunspec.meter_map(self._read_holding)
            answers: list[list[int]] = []
            values: dict[Register, Fraction | None] = {}
            for block in blocks(register_map):
                answers.append(await self._read_words(block.function, block.address, block.word_count))
                values |= decode_block(block, answers[-1])
            reading = meter_reading(values, mono_s=mono_s)
            self._check_moving(answers, reading)
        except BadReading as error:
            if error.device:
                raise
            raise BadReading(str(error), device=self._context.name) from error
        self._last_import_wh = reading.energy_import_wh
        return reading

    def _check_moving(self, answers: list[list[int]], reading: MeterReading) -> None:
        last_wh = self._last_import_wh
        if last_wh is not None and reading.energy_import_wh < last_wh:
            raise BadReading(f"import went back from {last_wh} to {reading.energy_import_wh} Wh")
        frozen_s = self._stale.frozen_for_s(answers, power_w=reading.power_w, mono_s=reading.mono_s)
        if frozen_s is not None:
            raise BadReading(f"not one value has moved in {frozen_s:.0f} s although {reading.power_w:.0f} W flow")

    async def _read_holding(self, address: int, count: int) -> list[int]:
        return await self._read_words(Function.HOLDING, address, count)

    async def _read_words(self, function: Function, address: int, count: int) -> list[int]:
        return await self._bus.read(
            function, address, count=count, device_id=self._settings.device_id, device=self._context.name
        )


def _check_range(key: str, value: float, *, low: float, high: float) -> None:
    if not low <= value <= high:
        raise WrongSettings(f"{key} must be from {low} to {high}, not {value}", path=(key,))


def _shared_bus(settings: ModbusMeterSettings, context: DriverContext) -> ModbusBus:
    line = settings.line
    key: Hashable = ("modbus", str(line))
    bus = context.shared.get(key, lambda: ModbusBus(line, timeout_s=settings.timeout_s, retries=settings.retries))
    if (bus.line, bus.timeout_s, bus.retries) != (line, settings.timeout_s, settings.retries):
        raise WrongSettings(
            f"{context.name}: another device uses {line} with other settings; "
            "baudrate, parity, stopbits, timeout_s and retries belong to the line: make them equal",
            path=("port" if isinstance(line, SerialLine) else "host",),
        )
    return bus
