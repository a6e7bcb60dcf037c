"""Phoenix Contact's charge controllers in software: an EM-CP-PP-ETH, and one controller of a CHARX with its meter.

After the registers that public software uses. Written apart from the driver and sharing nothing with it. Put it on a
line by hil.devices.meter_server.MeterLine.
"""

import struct
import time
from collections.abc import Callable
from typing import Final

from hil.devices.evse_din import Vehicle
from hil.devices.meter_device import DEVICE_BUSY, Behaviour, Image, Mood

LONGEST_READ: Final = 60
VOLTAGE_MV: Final = 230_000


class EmulatedPhoenix:
    """A slave of hil.devices.meter_server. `charx` gives the number of its controller, None is an EM-CP-PP-ETH."""

    longest_read = LONGEST_READ

    def __init__(
        self, *, unit_id: int = 180, charx: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.unit_id = unit_id
        self.vehicle = Vehicle()
        self.behaviour = Behaviour()
        self.requests = 0
        self.pilot_fault: str | None = None
        self.energy_wh = 5000.0
        self._charx = charx
        self._released = False
        self._limit_a = 6
        self._clock = clock
        self._counted_at_s = clock()
        self._frozen: Image = {}

    @property
    def offers_a(self) -> int | None:
        """What the PWM offers; None where there is none."""
        return self._limit_a if self._released and self.vehicle.connected and self.pilot_fault is None else None

    @property
    def is_energised(self) -> bool:
        """The mains reach the vehicle's inlet."""
        return self.offers_a is not None and self.vehicle.wants

    @property
    def draw_a(self) -> float:
        """What flows per phase."""
        if not self.is_energised:
            return 0.0
        return float(self.offers_a or 0) if self.vehicle.draws_a is None else self.vehicle.draws_a

    def advance(self, seconds: float) -> None:
        """Let the present current flow for so long at once."""
        self._count()
        self.energy_wh += 3 * self.draw_a * VOLTAGE_MV / 1000 * seconds / 3600

    def misbehave(self, mood: Mood, *, late_by_s: float = 0.0, exception: int = DEVICE_BUSY) -> None:
        """Behave like this from now on; NORMAL ends it."""
        self._frozen = self._registers()
        self.behaviour = Behaviour(mood=mood, late_by_s=late_by_s, exception=exception)

    def image(self) -> Image:
        """Every word it has now."""
        return self._frozen if self.behaviour.mood is Mood.FROZEN else self._registers()

    def write(self, address: int, values: list[int], *, coil: bool) -> bool:
        """Take the release or the current."""
        self._count()
        (value,) = values
        if self._charx is None and coil and address == 400:
            self._released = bool(value)
        elif self._charx is None and not coil and address == 300:
            self._limit_a = value
        elif self._charx is not None and not coil and address == 1000 * self._charx + 300:
            self._released = bool(value)
        elif self._charx is not None and not coil and address == 1000 * self._charx + 301:
            self._limit_a = value
        else:
            return False
        return True

    def _count(self) -> None:
        now_s = self._clock()
        self.energy_wh += 3 * self.draw_a * VOLTAGE_MV / 1000 * (now_s - self._counted_at_s) / 3600
        self._counted_at_s = now_s

    def _letter(self) -> str:
        if self.pilot_fault is not None:
            return self.pilot_fault
        if not self.vehicle.connected:
            return "A"
        return "C" if self.vehicle.wants and self._released else "B"

    def _registers(self) -> Image:
        self._count()
        if self._charx is None:
            return {
                ("input", 100): ord(self._letter()),
                ("holding", 300): self._limit_a,
                ("coil", 400): int(self._released),
            }
        first = 1000 * self._charx
        milliamperes = round(self.draw_a * 1000)
        power_mw = round(3 * self.draw_a * VOLTAGE_MV)
        meter = struct.pack(
            ">3i3iiiiq",
            *(VOLTAGE_MV,) * 3,
            *(milliamperes,) * 3,
            *(power_mw, 0, 0),
            int(self.energy_wh),
        )
        words: Image = {("holding", first + 232 + at): word for at, word in enumerate(struct.unpack(">22H", meter))}
        digit = "2" if self._released else "1"
        words["holding", first + 299] = ord(self._letter()) << 8 | ord(digit)
        words["holding", first + 300] = int(self._released)
        words["holding", first + 301] = self._limit_a
        return words
