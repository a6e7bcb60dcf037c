"""The keys of station.yaml by which a device is found on a Modbus line, and the bus that all devices on it share."""

from collections.abc import Hashable
from dataclasses import dataclass, field

from hal.errors import WrongSettings
from hal.modbus.bus import Line, ModbusBus, SerialLine, TcpLine
from hal.modbus.frames import Framing
from hal.registry import DriverContext

HIGHEST_DEVICE_ID = 247  # Modbus over serial line V1.02, 2.2


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSettings:
    """Give `port` for a serial line, or `host` for TCP."""

    port: str | None = field(default=None, metadata={"doc": "Serial device of a Modbus RTU line."})
    baudrate: int = field(default=9600, metadata={"doc": "Bits per second of the serial line."})
    parity: str = field(default="N", metadata={"doc": "Parity of the serial line: N, E or O."})
    stopbits: int = field(default=1, metadata={"doc": "Stop bits of the serial line: 1 or 2."})
    host: str | None = field(default=None, metadata={"doc": "Host of a Modbus TCP device or gateway."})
    tcp_port: int = field(default=502, metadata={"doc": "TCP port of the Modbus TCP device or gateway."})
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
        check_range("baudrate", self.baudrate, low=300, high=4_000_000)
        check_range("tcp_port", self.tcp_port, low=1, high=65535)
        check_range("device_id", self.device_id, low=1, high=HIGHEST_DEVICE_ID)
        check_range("timeout_s", self.timeout_s, low=0.01, high=10)
        check_range("retries", self.retries, low=0, high=5)

    @property
    def line(self) -> Line:
        """The line the device is on."""
        if self.host is not None:
            return TcpLine(host=self.host, port=self.tcp_port, framing=Framing(self.framing))
        return SerialLine(port=self.port or "", baudrate=self.baudrate, parity=self.parity, stopbits=self.stopbits)


def check_range(key: str, value: float, *, low: float, high: float) -> None:
    """Raises WrongSettings for a value that is out of range."""
    if not low <= value <= high:
        raise WrongSettings(f"{key} must be from {low} to {high}, not {value}", path=(key,))


def shared_bus(settings: LineSettings, context: DriverContext) -> ModbusBus:
    """The one bus of a line. Raises WrongSettings where another device sees that line otherwise."""
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
