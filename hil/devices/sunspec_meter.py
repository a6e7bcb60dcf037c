"""A SunSpec meter in software: a chain of models with the load behind it.

Laid out from the model definitions of sunspec/models (smdx_00001, smdx_00203), on its own: what is tested against
this meter must not share its offsets.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from hil.devices.meter_device import Behaviour, Image, Mood
from hil.devices.meter_load import MeteredLoad

MARK: Final = (0x5375, 0x6E53)
COMMON, COMMON_WORDS = 1, 66
METER_WORDS: Final = 105
END: Final = 0xFFFF
NOT_IMPLEMENTED: Final = 0x8000

# Point, offset in the model, quantity, phase, scale factor's offset, decimal digits it is given with
POINTS: Final = (
    ("AphA", 1, "current", "L1", 4, -2),
    ("AphB", 2, "current", "L2", 4, -2),
    ("AphC", 3, "current", "L3", 4, -2),
    ("PhVphA", 6, "voltage", "L1", 13, -1),
    ("PhVphB", 7, "voltage", "L2", 13, -1),
    ("PhVphC", 8, "voltage", "L3", 13, -1),
    ("Hz", 14, "frequency", None, 15, -2),
    ("W", 16, "power", None, 20, 0),
    ("WphA", 17, "power", "L1", 20, 0),
    ("WphB", 18, "power", "L2", 20, 0),
    ("WphC", 19, "power", "L3", 20, 0),
)
PF, PF_SF = 31, 35
TOT_WH_EXP, TOT_WH_IMP, TOT_WH_SF = 36, 44, 52


@dataclass(slots=True)
class SunSpecMeter:
    """One device: its chain begins at `base`, after the common model come the `others` (empty), then the meter."""

    base: int = 40000
    model: int = 203
    unit_id: int = 1
    manufacturer: str = "Acme"
    product: str = "M203"
    others: Sequence[int] = ()
    energy_exponent: int = 0
    load: MeteredLoad = field(default_factory=MeteredLoad)
    missing: frozenset[str] = frozenset()
    behaviour: Behaviour = field(default_factory=Behaviour)
    requests: int = 0
    longest_read: int = 125
    frozen: Image = field(default_factory=dict)

    def misbehave(self, mood: Mood) -> None:
        """Behave like this from now on."""
        self.frozen = self._measured()
        self.behaviour = Behaviour(mood=mood)

    def image(self) -> Image:
        """Every word it has now."""
        return self.frozen if self.behaviour.mood is Mood.FROZEN else self._measured()

    def write(self, address: int, values: list[int], *, coil: bool) -> bool:
        """It takes none."""
        del address, values, coil
        return False

    def _measured(self) -> Image:
        self.load.catch_up()
        words = [*MARK, COMMON, COMMON_WORDS, *_text(self.manufacturer), *_text(self.product), *([0] * 34)]
        for number in self.others:
            words += [number, 4, 0, 0, 0, 0]
        words += [self.model, METER_WORDS, *self._meter(), END, 0]
        return {("holding", self.base + index): word for index, word in enumerate(words)}

    def _meter(self) -> list[int]:
        words = [NOT_IMPLEMENTED] * METER_WORDS
        for name, offset, quantity, phase, exponent_at, exponent in POINTS:
            words[exponent_at] = exponent & 0xFFFF
            if name not in self.missing:
                words[offset] = round(self.load.value(quantity, phase) / 10.0**exponent) & 0xFFFF
        words[PF_SF] = -1 & 0xFFFF
        words[PF] = round(self.load.value("power_factor", None) * 1000) & 0xFFFF
        words[TOT_WH_SF] = NOT_IMPLEMENTED if "TotWh_SF" in self.missing else self.energy_exponent & 0xFFFF
        for offset, quantity in ((TOT_WH_EXP, "energy_export"), (TOT_WH_IMP, "energy_import")):
            count = round(self.load.value(quantity, None) / 10.0**self.energy_exponent)
            words[offset : offset + 2] = [count >> 16 & 0xFFFF, count & 0xFFFF]
        return words


def _text(text: str) -> list[int]:
    raw = text.encode("ascii").ljust(32, b"\0")
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, 32, 2)]
