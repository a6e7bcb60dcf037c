"""What can be the reading of a meter, and what cannot."""

from dataclasses import replace

import pytest

from hal.modbus.plausible import plausibility
from hal.readings import MeterReading

GOOD = MeterReading(
    mono_s=1.0,
    energy_import_wh=1000,
    energy_export_wh=0,
    power_w=4140.0,
    phase_power_w=(1380.0, 1380.0, 1380.0),
    current_a=(6.0, 6.0, 6.0),
    voltage_v=(230.0, 230.0, 230.0),
    frequency_hz=50.0,
    power_factor=1.0,
)


def test_a_good_reading_counts_every_value() -> None:
    assert plausibility(GOOD) == 13


@pytest.mark.parametrize(
    "change",
    [
        {"voltage_v": (23.0, 230.0, 230.0)},
        {"voltage_v": (230.0, 400.0, 230.0)},
        {"frequency_hz": 5000.0},
        {"frequency_hz": 0.0},
        {"energy_import_wh": 10**12},
        {"current_a": (6000.0, 6.0, 6.0)},
        {"power_factor": 5.0},
        {"power_w": 1.0},
        {"phase_power_w": (), "power_w": 41_400.0},
        {"voltage_v": (), "frequency_hz": None},
    ],
)
def test_one_value_that_cannot_be_spoils_it(change: dict[str, object]) -> None:
    assert plausibility(replace(GOOD, **change)) == 0  # type: ignore[arg-type]  # the fields differ in type


def test_a_phase_that_is_not_wired_up_speaks_for_nothing() -> None:
    one_phase = replace(
        GOOD, voltage_v=(230.0, 0.0, 0.0), current_a=(6.0, 0.0, 0.0), phase_power_w=(1380.0, 0.0, 0.0), power_w=1380.0
    )

    assert plausibility(one_phase) == 7


def test_feeding_back_is_as_good() -> None:
    feeding = replace(GOOD, power_w=-4140.0, phase_power_w=(-1380.0, -1380.0, -1380.0), power_factor=-1.0)

    assert plausibility(feeding) == 13
