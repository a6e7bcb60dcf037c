"""Any electricity meter with a register map, or one that speaks SunSpec, on a Modbus line."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar

from hal.errors import BadReading
from hal.modbus import sunspec
from hal.modbus.line_settings import LineSettings, shared_bus
from hal.modbus.map_file import load_map
from hal.modbus.registers import Register, RegisterMap, blocks, decode_block, meter_reading
from hal.modbus.stale import count_wh
from hal.modbus.words import Function
from hal.readings import MeterReading
from hal.registry import DriverContext
from hal.stale import StaleWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusMeterSettings(LineSettings):
    """A meter on a line: `port` for a serial one, or `host` for TCP."""

    map: str = field(
        metadata={"doc": "Register map: a name such as eastron-sdm630, a path ending in .yaml, or sunspec."}
    )


class ModbusMeter:
    """An EnergyMeter read through a register map, in few block reads."""

    Settings: ClassVar[type] = ModbusMeterSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"meter"})

    def __init__(self, settings: ModbusMeterSettings, context: DriverContext) -> None:
        self._settings = settings
        self._context = context
        self._map = None if settings.map == sunspec.NAME else load_map(settings.map)
        self._stale = StaleWatch(count_wh=count_wh(self._map.registers) if self._map else 0.0)
        self._bus = shared_bus(settings, context)
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
