"""How fine a meter counts."""

from fractions import Fraction

import pytest

from hal.modbus.registers import Quantity, Register
from hal.modbus.stale import count_wh
from hal.modbus.words import WordType

IMPORT = Register(name="import", address=0, quantity=Quantity.ENERGY_IMPORT, unit="kWh")


@pytest.mark.parametrize(
    ("register", "expected_wh"),
    [
        (IMPORT, 0.0),
        (Register(name="i", address=0, quantity=Quantity.ENERGY_IMPORT, unit="kWh", type=WordType.INT32,
                  scale=Fraction(1, 10)), 100.0),
        (Register(name="i", address=0, quantity=Quantity.ENERGY_IMPORT, unit="Wh", type=WordType.UINT32,
                  scale_register=9), 0.0),
        (Register(name="u", address=0, quantity=Quantity.VOLTAGE, unit="V"), 0.0),
    ],
)  # fmt: skip
def test_the_step_of_a_counter_is_its_scale(register: Register, expected_wh: float) -> None:
    assert count_wh([register]) == expected_wh
