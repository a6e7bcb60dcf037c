"""An electricity meter in software, of any model that has a register map, with a load behind it and bad moods."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from hil.devices.meter_load import MeteredLoad
from hil.devices.meter_map import MapRegister, MeterMap
from hil.devices.meter_words import USUAL_EXPONENTS, exponent_word, identity_words, missing_words, value_words

Image = dict[tuple[str, int], int]
"""Words by their table ("input", "holding") and address."""


class Mood(Enum):
    """How the meter behaves."""

    NORMAL = auto()
    SILENT = auto()
    """Never answers."""
    NOISE = auto()
    """Answers with bytes that mean nothing."""
    HALF = auto()
    """Stops in the middle of the answer."""
    WRONG_CRC = auto()
    """The checksum does not fit; on Modbus TCP, which has none, the length in the header does not."""
    LATE = auto()
    """Answers `late_by_s` after it was asked."""
    EXCEPTION = auto()
    """Answers every request with `exception`."""
    FROZEN = auto()
    """Answers with the values of the moment it froze."""
    OTHER_UNIT = auto()
    """Answers under the next unit id."""
    SHORT = auto()
    """Answers one word less than was asked for, in a frame that is sound."""


DEVICE_BUSY = 6


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A mood and its figures."""

    mood: Mood = Mood.NORMAL
    late_by_s: float = 0.0
    exception: int = DEVICE_BUSY


class MeterDevice:
    """One meter on a line. Reads longer than the map allows and addresses beyond its registers are refused."""

    def __init__(self, meter_map: MeterMap, *, unit_id: int = 1, load: MeteredLoad | None = None) -> None:
        self.map = meter_map
        self.unit_id = unit_id
        self.load = load or MeteredLoad()
        self.behaviour = Behaviour()
        self.requests = 0
        self.exponents: dict[str, int] = dict(USUAL_EXPONENTS)
        self._withheld: set[str] = set()
        self._frozen: Image = {}

    @property
    def longest_read(self) -> int:
        """The most words it answers at once."""
        return self.map.longest_read

    def misbehave(self, mood: Mood, *, late_by_s: float = 0.0, exception: int = DEVICE_BUSY) -> None:
        """Behave like this from now on; NORMAL ends it."""
        self._frozen = self._measured()
        self.behaviour = Behaviour(mood=mood, late_by_s=late_by_s, exception=exception)

    def withhold(self, *names: str) -> None:
        """Say "no value" in the registers of these names from now on; without names, none is withheld any more."""
        self._withheld = set(names)

    def image(self) -> Image:
        """Every word it has now."""
        return self._frozen if self.behaviour.mood is Mood.FROZEN else self._measured()

    def write(self, address: int, values: list[int], *, coil: bool) -> bool:
        """It takes none."""
        del address, values, coil
        return False

    def _measured(self) -> Image:
        self.load.catch_up()
        words: Image = {}
        for register in self.map.registers:
            _put(words, register.table, register.address, self._words(register))
            if register.exponent_at is not None:
                _put(words, register.table, register.exponent_at, [exponent_word(self.exponents[register.quantity])])
        if self.map.identity_at is not None:
            _put(words, *self.map.identity_at, identity_words(self.map))
        return words

    def _words(self, register: MapRegister) -> list[int]:
        if register.name in self._withheld:
            return missing_words(register)
        value = self.load.value(register.quantity, register.phase)
        return value_words(register, value, exponent=self.exponents[register.quantity])


def span(image: Mapping[tuple[str, int], int], table: str) -> tuple[int, int] | None:
    """The first and the last address of a table; None where it is empty."""
    addresses = [address for of, address in image if of == table]
    return (min(addresses), max(addresses)) if addresses else None


def _put(image: Image, table: str, address: int, words: list[int]) -> None:
    for index, word in enumerate(words):
        image[table, address + index] = word
