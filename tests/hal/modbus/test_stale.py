"""Noticing values that stand still."""

from fractions import Fraction

import pytest

from hal.modbus.registers import Quantity, Register
from hal.modbus.stale import StaleWatch, count_wh
from hal.modbus.words import WordType

IMPORT = Register(name="import", address=0, quantity=Quantity.ENERGY_IMPORT, unit="kWh")


def test_values_that_stand_still_under_load_are_disbelieved_once_the_counter_missed_three_steps() -> None:
    watch = StaleWatch(count_wh=100)  # 300 Wh at 10800 W take 100 s

    told = [watch.frozen_for_s([[1, 2]], power_w=10_800, mono_s=mono_s) for mono_s in (0.0, 100.0, 101.0)]

    assert told == [None, None, 101.0]


def test_one_bit_that_moves_is_enough() -> None:
    watch = StaleWatch(count_wh=100)
    watch.frozen_for_s([[1, 2]], power_w=10_800, mono_s=0)

    watch.frozen_for_s([[1, 3]], power_w=10_800, mono_s=99)

    assert watch.frozen_for_s([[1, 3]], power_w=10_800, mono_s=198) is None


@pytest.mark.parametrize("power_w", [0.0, None])
def test_where_nothing_flows_nothing_can_be_told(power_w: float | None) -> None:
    watch = StaleWatch(count_wh=100)
    watch.frozen_for_s([[1]], power_w=power_w, mono_s=0)

    assert watch.frozen_for_s([[1]], power_w=power_w, mono_s=1e6) is None


def test_after_forgetting_it_begins_anew() -> None:
    watch = StaleWatch(count_wh=100)
    watch.frozen_for_s([[1]], power_w=10_800, mono_s=0)

    watch.forget()

    assert watch.frozen_for_s([[1]], power_w=10_800, mono_s=1e6) is None


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
