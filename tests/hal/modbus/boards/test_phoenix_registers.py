"""What the registers of Phoenix controllers say."""

import pytest

from hal.errors import BadReading
from hal.modbus.boards.phoenix_registers import METER_WORDS, meter_reading, pilot_of
from hal.readings import PilotState


@pytest.mark.parametrize(
    ("word", "letters", "state"),
    [(0x0041, 1, PilotState.A), (0x0043, 1, PilotState.C), (0x4331, 2, PilotState.C), (0x4630, 2, PilotState.F)],
)
def test_a_state_is_a_letter(word: int, letters: int, state: PilotState) -> None:
    assert pilot_of(word, letters=letters, device="EVSE 1") is state


@pytest.mark.parametrize("word", [0x0000, 0x0047, 0xFFFF])
def test_anything_else_is_no_state(word: int) -> None:
    with pytest.raises(BadReading, match="EVSE 1"):
        pilot_of(word, letters=1, device="EVSE 1")


def test_a_meter_is_read_in_thousandths() -> None:
    words = [0] * METER_WORDS
    words[0:2] = [0x0003, 0x81F3]  # 229875 mV
    words[6:8] = [0x0000, 0x3E80]  # 16000 mA
    words[12:14] = [0x00A8, 0x7580]  # 11040128 mW
    words[18:22] = [0, 0, 0x0001, 0x0002]

    reading = meter_reading(words, mono_s=7.0)

    assert reading.voltage_v[0] == pytest.approx(229.875)
    assert reading.current_a == (16.0, 0.0, 0.0)
    assert reading.power_w == pytest.approx(11040.128)
    assert (reading.energy_import_wh, reading.mono_s) == (65538, 7.0)


@pytest.mark.parametrize("words", [[0] * 21, [0] * 18 + [0xFFFF] * 4])
def test_what_no_meter_can_say_is_no_reading(words: list[int]) -> None:
    with pytest.raises(BadReading):
        meter_reading(words, mono_s=0.0)
