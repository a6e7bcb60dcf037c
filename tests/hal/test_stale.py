"""Noticing values that stand still."""

import pytest

from hal.errors import BadReading
from hal.readings import MeterReading
from hal.stale import StaleWatch


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


def reading(mono_s: float, *, energy_wh: int = 1000, power_w: float = 7360.0) -> MeterReading:
    return MeterReading(
        mono_s=mono_s, energy_import_wh=energy_wh, power_w=power_w, current_a=(32.0,), voltage_v=(230.0,)
    )


def test_a_reading_that_stands_still_under_load_is_no_reading() -> None:
    watch = StaleWatch()
    for mono_s in (0.0, 100.0, 146.0):
        watch.check(reading(mono_s), device="EVSE 1")

    with pytest.raises(BadReading, match="EVSE 1: not one value has moved in 147 s although 7360 W flow"):
        watch.check(reading(147.0), device="EVSE 1")


def test_a_reading_whose_energy_moves_is_believed_for_ever() -> None:
    watch = StaleWatch()

    for second in range(0, 10_000, 100):
        watch.check(reading(float(second), energy_wh=1000 + second), device="EVSE 1")
