"""Any electricity meter with a register map, on a Modbus line."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

from hal.errors import BadReading, WrongSettings
from hal.modbus.bus import Line, ModbusBus, SerialLine, TcpLine
from hal.modbus.map_file import load_map
from hal.modbus.registers import Register, blocks, decode_block, meter_reading
from hal.readings import MeterReading
from hal.registry import DriverContext

HIGHEST_DEVICE_ID = 247  # Modbus over serial line V1.02, 2.2


@dataclass(frozen=True, slots=True)
class ModbusMeterSettings:
    """Give `port` for a serial line, or `host` for TCP."""

    map: str = field(metadata={"doc": "Register map: a name such as eastron-sdm630, or a path ending in .yaml."})
    port: str | None = field(default=None, metadata={"doc": "Serial device of a Modbus RTU line."})
    baudrate: int = field(default=9600, metadata={"doc": "Bits per second of the serial line."})
    parity: str = field(default="N", metadata={"doc": "Parity of the serial line: N, E or O."})
    stopbits: int = field(default=1, metadata={"doc": "Stop bits of the serial line: 1 or 2."})
    host: str | None = field(default=None, metadata={"doc": "Host of a Modbus TCP meter or gateway."})
    tcp_port: int = field(default=502, metadata={"doc": "TCP port of the Modbus TCP meter or gateway."})
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
        _check_range("baudrate", self.baudrate, low=300, high=4_000_000)
        _check_range("tcp_port", self.tcp_port, low=1, high=65535)
        _check_range("device_id", self.device_id, low=1, high=HIGHEST_DEVICE_ID)
        _check_range("timeout_s", self.timeout_s, low=0.01, high=10)
        _check_range("retries", self.retries, low=0, high=5)

    @property
    def line(self) -> Line:
        """The line the meter is on."""
        if self.host is not None:
            return TcpLine(host=self.host, port=self.tcp_port)
        return SerialLine(port=self.port or "", baudrate=self.baudrate, parity=self.parity, stopbits=self.stopbits)


class ModbusMeter:
    """An EnergyMeter read through a register map, in few block reads."""

    Settings: ClassVar[type] = ModbusMeterSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"meter"})

    def __init__(self, settings: ModbusMeterSettings, context: DriverContext) -> None:
        self._settings = settings
        self._context = context
        self._map = load_map(settings.map)
        self._blocks = blocks(self._map)
        self._bus = _shared_bus(settings, context)
        self._started = False
        self._last_import_wh: int | None = None

    async def start(self) -> None:
        """Open the line. Raises DeviceGone or WrongSettings; whether the meter answers is for `read` to tell."""
        if not self._started:
            await self._bus.start(device=self._context.name)
            self._started = True
            self._last_import_wh = None

    async def stop(self) -> None:
        """Leave the line; the last device on it closes it."""
        if self._started:
            self._started = False
            await self._bus.stop()

    async def read(self) -> MeterReading:
        """All the map knows, stamped with the time the first request was begun.

        Raises DeviceGone, DeviceSilent, DeviceRefused; BadReading also for an import register that went back
        (until the driver is started anew: a meter that was exchanged is for a person to confirm).
        """
        mono_s = self._context.clock.monotonic()
        values: dict[Register, Fraction | None] = {}
        name = self._context.name
        for block in self._blocks:
            words = await self._bus.read(
                block.function,
                block.address,
                count=block.word_count,
                device_id=self._settings.device_id,
                device=name,
            )
            try:
                values |= decode_block(block, words)
            except BadReading as error:
                raise BadReading(str(error), device=name) from error
        try:
            reading = meter_reading(values, mono_s=mono_s)
        except BadReading as error:
            raise BadReading(str(error), device=name) from error
        last_wh = self._last_import_wh
        if last_wh is not None and reading.energy_import_wh < last_wh:
            raise BadReading(f"import went back from {last_wh} to {reading.energy_import_wh} Wh", device=name)
        self._last_import_wh = reading.energy_import_wh
        return reading


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
