"""An EVSE DIN / EVSE WB controller in software: registers 1000 to 1007 and 2005, a relay, a vehicle, and bad moods.

After the maker's register list. Written apart from the driver and sharing nothing with it, so that neither can hide the
other's mistakes. Put it on a line by hil.devices.meter_server.MeterLine, beside meters if need be.
"""

from dataclasses import dataclass
from typing import Final

from hil.devices.meter_device import DEVICE_BUSY, Behaviour, Image, Mood

FIRST: Final = 1000
LONGEST_READ: Final = 20
TURN_OFF: Final = 0x01
FIRMWARE: Final = 18
OPTIONS: Final = 2005
HUNDREDTHS: Final = 0x80
RELAY, NO_DIODE, VENTILATION, RCD_FAILED = 0x01, 0x02, 0x04, 0x20
FAULT_BITS: Final = {"diode": NO_DIODE, "ventilation": VENTILATION, "rcd": RCD_FAILED}


@dataclass(slots=True)
class Vehicle:
    """`wants`: asks for energy under a PWM. `draws_a`: None for all it may."""

    connected: bool = False
    wants: bool = False
    draws_a: float | None = None


class EmulatedEvseDin:
    """A slave of hil.devices.meter_server. Change its attributes at will."""

    longest_read = LONGEST_READ

    def __init__(
        self, *, unit_id: int = 1, cable_a: int = 32, hundredths: bool = False, firmware: int = FIRMWARE
    ) -> None:
        self.unit_id = unit_id
        self.vehicle = Vehicle()
        self.behaviour = Behaviour()
        self.requests = 0
        self.writes: list[tuple[int, int]] = []
        self.welded = False
        self.fault: str | None = None
        self._cable_a = cable_a
        self._steps_per_a = 100 if hundredths else 1
        self._firmware = firmware
        self._offer = cable_a * self._steps_per_a
        self._control = 0
        self._frozen: Image = {}

    @property
    def offers_a(self) -> float | None:
        """What the PWM offers; None where there is none."""
        configured_a = self._offer / self._steps_per_a
        is_off = self._control & TURN_OFF or self.fault is not None or configured_a < 6
        return None if is_off or not self.vehicle.connected else min(configured_a, self._cable_a)

    @property
    def is_energised(self) -> bool:
        """The mains reach the vehicle's inlet."""
        return self.welded or (self.offers_a is not None and self.vehicle.wants)

    @property
    def draw_a(self) -> float:
        """What flows per phase."""
        if not self.is_energised or not self.vehicle.wants:
            return 0.0
        return float(self.offers_a or 0) if self.vehicle.draws_a is None else self.vehicle.draws_a

    def misbehave(self, mood: Mood, *, late_by_s: float = 0.0, exception: int = DEVICE_BUSY) -> None:
        """Behave like this from now on; NORMAL ends it."""
        self._frozen = self._registers()
        self.behaviour = Behaviour(mood=mood, late_by_s=late_by_s, exception=exception)

    def reboot(self) -> None:
        """Lose power for a moment: it offers what its cable carries until it is told otherwise."""
        self._offer, self._control = self._cable_a * self._steps_per_a, 0

    def image(self) -> Image:
        """Every word it has now."""
        return self._frozen if self.behaviour.mood is Mood.FROZEN else self._registers()

    def write(self, address: int, values: list[int], *, coil: bool) -> bool:
        """Take what was written into registers 1000 and 1004."""
        if coil:
            return False
        for number, value in enumerate(values, start=address):
            self.writes.append((number, value))
            if number == FIRST:
                self._offer = value
            elif number == FIRST + 4:
                self._control = value
            else:
                return False
        return True

    def _registers(self) -> Image:
        words = (
            self._offer,
            int(self.offers_a or 0),
            self._vehicle_state(),
            self._cable_a,
            self._control,
            self._firmware,
            3 if self._control & TURN_OFF else 2 if self.offers_a is not None else 1,
            (RELAY if self.is_energised else 0) | (FAULT_BITS[self.fault] if self.fault else 0),
        )
        image = {("holding", FIRST + index): word for index, word in enumerate(words)}
        image["holding", OPTIONS] = HUNDREDTHS if self._steps_per_a > 1 else 0
        return image

    def _vehicle_state(self) -> int:
        if self.fault is not None:
            return 5
        if not self.vehicle.connected:
            return 1
        return 3 if self.vehicle.wants and self.offers_a is not None else 2
