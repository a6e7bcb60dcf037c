"""The emulated meter's own reader of register maps."""

from fractions import Fraction
from pathlib import Path

import pytest

from hil.devices.meter_map import names, read_map

TEXT = """
title: T
source: S
max_block_words: 11
identity: {function: holding, address: 11, type: uint16, between: [340, 345]}
defaults: {function: holding, type: int32, word_order: little, byte_order: little, not_available: highest}
registers:
- {name: i, address: 0x10, quantity: energy_import, unit: kWh, scale: 0.1, sign: absolute, scale_register: 9}
- {name: u, address: 0x12, quantity: voltage, unit: mV, phase: L1, type: float32, word_order: big, not_available: 7}
"""


def test_defaults_are_filled_in_and_units_become_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT, encoding="utf-8")

    found = read_map(str(path))

    energy, voltage = found.registers
    assert (energy.table, energy.type, energy.words, energy.low_word_first) == ("holding", "int32", 2, True)
    assert (energy.one_is, energy.sign, energy.exponent_at) == (Fraction(100), "absolute", 9)
    assert (energy.missing, voltage.missing) == (0x7FFFFFFF, 7)
    assert (voltage.one_is, voltage.low_word_first, voltage.low_byte_first) == (Fraction(1, 1000), False, True)
    assert (found.longest_read, found.identity_at, found.identity) == (11, ("holding", 11), 340)


@pytest.mark.parametrize("name", names())
def test_every_map_that_ships_is_understood(name: str) -> None:
    assert read_map(name).registers


@pytest.mark.parametrize(("name", "phases"), [("eastron-sdm120", 1), ("eastron-sdm630", 3), ("eastron-sdm72d-m", 3)])
def test_the_number_of_phases_is_that_of_the_voltages(name: str, phases: int) -> None:
    assert read_map(name).phases == phases


def test_a_map_that_is_not_there_is_an_error() -> None:
    with pytest.raises(OSError, match="no-such-meter"):
        read_map("no-such-meter")
