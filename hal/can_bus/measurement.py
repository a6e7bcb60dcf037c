"""One reading of the board's meter, gathered from frames that came after it was asked for."""

import asyncio
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hal.can_bus.board_map import Meter
from hal.can_bus.signals import Quantity, Raw
from hal.errors import BadReading
from hal.readings import MeterReading

if TYPE_CHECKING:
    from cantools.database.can import Message


class Measurement:
    """Waits until each quantity came once. `complete` is done then, or fails with what ended the wait."""

    def __init__(self, meter: Meter, *, device: str) -> None:
        self.complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.refused = ""
        self._meter = meter
        self._device = device
        self._raws: dict[str, Raw] = {}
        self._missing = {quantity.found.name for quantity in meter.quantities()}

    def take(self, message: "Message", raws: Mapping[str, Raw]) -> None:
        """A frame came."""
        for signal, raw in raws.items():
            name = f"{message.name}.{signal}"
            self._raws[name] = raw
            self._missing.discard(name)
        if not self._missing and not self.complete.done():
            self.complete.set_result(None)

    def refuse(self, message: str, reason: str) -> None:
        """A frame came that makes no sense."""
        if any(name.startswith(f"{message}.") for name in self._missing):
            self.refused = f"{message}: {reason}"

    @property
    def missing(self) -> str:
        """What has not come yet."""
        return ", ".join(sorted(self._missing))

    def reading(self, *, mono_s: float) -> MeterReading:
        """What was gathered. BadReading for a value out of its range."""
        meter = self._meter
        energy_wh = self._value(meter.energy)
        if energy_wh is None:
            raise BadReading(f"{meter.energy.found.name} is not available", device=self._device)
        return MeterReading(
            mono_s=mono_s,
            energy_import_wh=math.floor(energy_wh + 1e-6),  # 0.1 kWh is no binary fraction
            power_w=self._value(meter.power),
            current_a=self._phases(meter.currents),
            voltage_v=self._phases(meter.voltages),
            frequency_hz=self._value(meter.frequency),
            temperature_c=self._value(meter.temperature),
        )

    def _phases(self, quantities: tuple[Quantity, ...]) -> tuple[float, ...]:
        values = [self._value(quantity) for quantity in quantities]
        known = tuple(value for value in values if value is not None)
        return known if len(known) == len(values) else ()

    def _value(self, quantity: Quantity | None) -> float | None:
        if quantity is None:
            return None
        raws = {quantity.found.signal.name: self._raws[quantity.found.name]}
        try:
            return quantity.read(raws)
        except BadReading as error:
            raise BadReading(str(error), device=self._device) from error
