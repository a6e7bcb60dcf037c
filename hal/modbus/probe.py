"""Finds meters on a line: speed and parity, unit ids, and which map reads them.

A model is known by its identity register where its map has one, by its SunSpec chain, or by a reading that makes
sense. Nothing is ever written to a device.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent, WrongSettings
from hal.modbus import sunspec
from hal.modbus.backoff import Patience
from hal.modbus.bus import Line, ModbusBus, SerialLine, TcpLine
from hal.modbus.frames import Framing
from hal.modbus.identity import identified
from hal.modbus.map_file import known_maps, load_map
from hal.modbus.plausible import plausibility
from hal.modbus.registers import Register, RegisterMap, blocks, decode_block, meter_reading
from hal.modbus.words import Function
from hal.readings import MeterReading

log = logging.getLogger(__name__)

BAUDRATES = (9600, 19200, 2400, 38400, 115200, 4800, 57600, 1200)
PARITIES = ("N", "E", "O")
FIRST_IDS = (1, 2, 3, 4, 5)
"""What is tried at every speed; the other ids only where one of these, or something else, answered."""
ALL_IDS = tuple(range(1, 248))  # Modbus over serial line V1.02, 2.2

ASKED_BY = "probe"
GREETINGS = ((Function.INPUT, 0), (Function.HOLDING, 0))
NEVER_REST = Patience(failures=1_000_000)

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SerialTarget:
    """A serial port to search, at every speed and parity given; those that meters come with are tried first."""

    port: str
    baudrates: Sequence[int] = BAUDRATES
    parities: Sequence[str] = PARITIES


@dataclass(frozen=True, slots=True)
class TcpTarget:
    """A host to search: for Modbus TCP, then for RTU frames inside TCP."""

    host: str
    port: int = 502


class How(StrEnum):
    """By what a model was recognised."""

    IDENTITY = "identity"
    SUNSPEC = "sunspec"
    PLAUSIBLE = "plausible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MeterListing:
    """One kind of meter that the agent can read. `name` is what station.yaml calls it."""

    name: str
    title: str
    models: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A device that answered. `map` is "" where no map fits; `others` would read it as well, by the same places."""

    line: Line
    device_id: int
    how: How
    map: str = ""
    title: str = ""
    identity: str = ""
    others: tuple[str, ...] = ()
    reading: MeterReading | None = None

    def as_yaml(self) -> str:
        """The `meter` block of station.yaml that reads this device."""
        keys: list[tuple[str, object]] = [("driver", "modbus-meter"), ("map", self.map or "???")]
        match self.line:
            case TcpLine(host=host, port=port, framing=framing):
                keys += [("host", host), ("tcp_port", port)]
                keys += [("framing", "rtu")] if framing is Framing.RTU else []
            case SerialLine(port=path, baudrate=baudrate, parity=parity, stopbits=stopbits):
                keys += [("port", path), ("baudrate", baudrate), ("parity", parity), ("stopbits", stopbits)]
        keys.append(("device_id", self.device_id))
        body = "\n".join(f"  {key}: {value}" for key, value in keys)
        return f"{self._comment()}meter:\n{body}\n"

    def _comment(self) -> str:
        lines = [f"# {self.title or 'unknown device'}, recognised by: {self.how}"]
        if self.identity:
            lines.append(f"# it says of itself: {self.identity}")
        if self.others:
            lines.append(f"# these maps fit as well: {', '.join(self.others)}")
        if self.reading is not None:
            volts = ", ".join(f"{volt:.1f} V" for volt in self.reading.voltage_v)
            lines.append(f"# compare with its display: {self.reading.energy_import_wh / 1000:.3f} kWh, {volts}")
        return "\n".join(lines) + "\n"


def list_meters() -> tuple[MeterListing, ...]:
    """Every meter that can be read without a map of one's own, by name."""
    maps = (load_map(name) for name in known_maps())
    listed = [MeterListing(name=one.name, title=one.title, models=one.models, source=one.source) for one in maps]
    chain = MeterListing(
        name=sunspec.NAME,
        title="SunSpec meters (models 201 to 204)",
        models=("any",),
        source="SunSpec Device Information Model Specification",
    )
    return tuple(sorted([*listed, chain], key=lambda one: one.name))


async def probe(
    target: SerialTarget | TcpTarget,
    *,
    device_ids: Sequence[int] = FIRST_IDS,
    timeout_s: float = 0.3,
    limit_s: float = 120.0,
    progress: Progress | None = None,
) -> tuple[Finding, ...]:
    """Every device of `device_ids` that answers; what was found within `limit_s` seconds.

    On a serial line the search ends at the first speed and parity at which something answers. `timeout_s` is how
    long each answer may take; `progress` is told a line of text at each step. Raises DeviceGone where no line can
    be opened.
    """
    search = _Search(device_ids=device_ids, timeout_s=timeout_s, progress=progress or log.info)
    try:
        async with asyncio.timeout(limit_s):
            await search.run(_lines(target, search.maps))
    except TimeoutError:
        search.progress(f"stopped after {limit_s:g} s")
    if not search.opened and search.gone is not None:
        raise search.gone
    return tuple(search.found)


def _lines(target: SerialTarget | TcpTarget, maps: Sequence[RegisterMap]) -> list[Line]:
    if isinstance(target, TcpTarget):
        return [TcpLine(host=target.host, port=target.port, framing=framing) for framing in (Framing.TCP, Framing.RTU)]
    wanted = [(baudrate, parity) for baudrate in target.baudrates for parity in target.parities]
    factory = {(one.serial.baudrate, one.serial.parity) for one in maps if one.serial is not None}
    # Sorting keeps the order of the rest.
    ordered = sorted(wanted, key=lambda settings: settings not in factory)
    return [SerialLine(port=target.port, baudrate=speed, parity=parity, stopbits=1) for speed, parity in ordered]


class _Search:
    """One search; what it found so far outlives its being cut short."""

    def __init__(self, *, device_ids: Sequence[int], timeout_s: float, progress: Progress) -> None:
        self.found: list[Finding] = []
        self.opened = False
        self.gone: DeviceGone | None = None
        self.progress = progress
        self._device_ids = device_ids
        self._timeout_s = timeout_s
        self.maps = tuple(load_map(name) for name in known_maps())

    async def run(self, lines: Sequence[Line]) -> None:
        """Try one line setting after the other until one has devices."""
        for line in lines:
            try:
                async with _open(line, timeout_s=self._timeout_s) as bus:
                    self.opened = True
                    await self._scan(bus)
            except DeviceGone as error:
                self.gone = error
            except WrongSettings as error:
                self.progress(str(error))
            if self.found:
                return

    async def _scan(self, bus: ModbusBus) -> None:
        self.progress(f"looking at {_described(bus.line)}")
        for device_id in self._device_ids:
            device = _Device(bus, device_id)
            if await device.is_there():
                self.progress(f"device {device_id} answers")
                self.found.append(await self._recognise(device))

    async def _recognise(self, device: "_Device") -> Finding:
        by_identity = [(one, text) for one in self.maps if (text := await device.identity(one)) is not None]
        named: list[tuple[RegisterMap, str, MeterReading]] = []
        for one, text in by_identity:
            if (reading := await device.reading(one)) is not None:
                named.append((one, text, reading))
        if named:
            first, text, reading = named[0]
            others = tuple(one.name for one, _text, _reading in named[1:])
            return device.finding(How.IDENTITY, first, identity=text, others=others, reading=reading)
        chained = await device.sunspec_map()
        if chained is not None:
            return device.finding(How.SUNSPEC, chained, reading=await device.reading(chained))
        return await self._by_plausibility(device)

    async def _by_plausibility(self, device: "_Device") -> Finding:
        # A map with an identity would have been recognised by it.
        readings = [(one, await device.reading(one)) for one in self.maps if one.identity is None]
        scored = [(plausibility(reading), one, reading) for one, reading in readings if reading is not None]
        best = max((score for score, _map, _reading in scored), default=0)
        if best == 0:
            return Finding(line=device.line, device_id=device.device_id, how=How.UNKNOWN)
        _score, chosen, reading = next(entry for entry in scored if entry[0] == best)
        others = tuple(
            one.name
            for score, one, _reading in scored
            if one is not chosen and (score == best or (score > 0 and _is_part_of(one, chosen)))
        )
        return device.finding(How.PLAUSIBLE, chosen, others=others, reading=reading)


def _is_part_of(small: RegisterMap, large: RegisterMap) -> bool:
    """Whether all that one map reads, another reads at the same places."""
    places = {replace(one, name="") for one in large.registers}
    return all(replace(one, name="") in places for one in small.registers)


class _Device:
    """One unit id on a line, asked with care: what it refuses or does not answer is None."""

    def __init__(self, bus: ModbusBus, device_id: int) -> None:
        self.line = bus.line
        self.device_id = device_id
        self._bus = bus
        self._answers: dict[tuple[Function, int, int], list[int] | None] = {}

    async def is_there(self) -> bool:
        """Whether anything sound comes back, an exception too. Raises DeviceGone."""
        for function, address in GREETINGS:
            try:
                await self._bus.read(function, address, count=2, device_id=self.device_id, device=ASKED_BY)
            except DeviceRefused:
                return True
            except (DeviceSilent, BadReading):
                continue
            return True
        return False

    async def identity(self, one: RegisterMap) -> str | None:
        """What it says it is, where that is what the map is for."""
        if one.identity is None:
            return None
        words = await self._words(one.identity.function, one.identity.address, one.identity.words)
        return None if words is None else identified(one.identity, words)

    async def reading(self, one: RegisterMap) -> MeterReading | None:
        """A reading by this map; None where the device does not have its registers."""
        values: dict[Register, Fraction | None] = {}
        for block in blocks(one):
            words = await self._words(block.function, block.address, block.word_count)
            if words is None:
                return None
            try:
                values |= decode_block(block, words)
            except BadReading:
                return None
        try:
            return meter_reading(values, mono_s=asyncio.get_running_loop().time())
        except BadReading:
            return None

    async def sunspec_map(self) -> RegisterMap | None:
        """The map that its SunSpec chain makes; None where it has none."""
        try:
            return await sunspec.meter_map(self._read)
        except (BadReading, DeviceRefused, DeviceSilent):
            return None

    def finding(
        self,
        how: How,
        one: RegisterMap,
        *,
        reading: MeterReading | None,
        identity: str = "",
        others: tuple[str, ...] = (),
    ) -> Finding:
        """What was found of it."""
        return Finding(
            line=self.line,
            device_id=self.device_id,
            how=how,
            map=one.name,
            title=one.title,
            identity=identity,
            others=others,
            reading=reading,
        )

    async def _read(self, address: int, count: int) -> list[int]:
        return await self._bus.read(Function.HOLDING, address, count=count, device_id=self.device_id, device=ASKED_BY)

    async def _words(self, function: Function, address: int, count: int) -> list[int] | None:
        """Asked once: many maps have blocks in common."""
        key = (function, address, count)
        if key not in self._answers:
            self._answers[key] = await self._asked(function, address, count)
        return self._answers[key]

    async def _asked(self, function: Function, address: int, count: int) -> list[int] | None:
        try:
            return await self._bus.read(function, address, count=count, device_id=self.device_id, device=ASKED_BY)
        except (DeviceRefused, DeviceSilent, BadReading):
            return None


@asynccontextmanager
async def _open(line: Line, *, timeout_s: float) -> AsyncIterator[ModbusBus]:
    bus = ModbusBus(line, timeout_s=timeout_s, retries=0, patience=NEVER_REST)
    await bus.start(device=ASKED_BY)
    try:
        yield bus
    finally:
        await bus.stop()


def _described(line: Line) -> str:
    match line:
        case SerialLine(port=port, baudrate=baudrate, parity=parity, stopbits=stopbits):
            return f"{port} with {baudrate} baud, 8{parity}{stopbits}"
        case TcpLine(framing=framing):
            return f"{line}, {'Modbus TCP' if framing is Framing.TCP else 'RTU inside TCP'}"
