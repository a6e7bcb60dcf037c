"""The registers of Phoenix Contact's charge controllers, model by model, and what they say. No I/O."""

from dataclasses import dataclass

from hal.errors import BadReading
from hal.readings import MeterReading, PilotState

METER_WORDS = 22


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Addresses are from the controller's first register on; `stride` is how far controllers are apart.

    `letters`: how many characters the state has. `is_coil`: the release is a coil. `is_input`: the state is an input
    register.
    """

    state: int
    release: int
    current: int
    stride: int = 0
    letters: int = 1
    is_coil: bool = False
    is_input: bool = False
    has_meter: bool = False


MODELS: dict[str, Model] = {
    "em-cp-pp-eth": Model(state=100, release=400, current=300, is_coil=True, is_input=True),
    "charx": Model(state=299, release=300, current=301, stride=1000, letters=2, has_meter=True),
}


def pilot_of(word: int, *, letters: int, device: str) -> PilotState:
    """The pilot state in a register. Raises BadReading for anything else.

    One letter stands in the low byte; of two characters the first is the state.
    """
    letter = chr(word & 0xFF) if letters == 1 else chr(word >> 8)
    try:
        return PilotState(letter)
    except ValueError as error:
        raise BadReading(f"{word:#06x} where the pilot state should be", device=device) from error


def meter_reading(words: list[int], *, mono_s: float) -> MeterReading:
    """Registers 232 to 253 of a CHARX controller. Raises BadReading for what no meter can say."""
    if len(words) != METER_WORDS:
        raise BadReading(f"{len(words)} meter registers instead of {METER_WORDS}")
    voltage_v = tuple(_signed(words[at : at + 2]) / 1000 for at in (0, 2, 4))
    current_a = tuple(_signed(words[at : at + 2]) / 1000 for at in (6, 8, 10))
    energy_wh = _signed(words[18:22])
    if energy_wh < 0:
        raise BadReading(f"{energy_wh} Wh imported")
    return MeterReading(
        mono_s=mono_s,
        energy_import_wh=energy_wh,
        power_w=_signed(words[12:14]) / 1000,
        current_a=current_a,
        voltage_v=voltage_v,
    )


def _signed(words: list[int]) -> int:
    """Most significant word first, two's complement."""
    return int.from_bytes(b"".join(word.to_bytes(2, "big") for word in words), "big", signed=True)
