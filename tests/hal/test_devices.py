"""The table of supported devices."""

from pathlib import Path

import pytest

from hal.devices import BEGIN, END, SUPPORTED, with_tables
from hal.modbus.map_file import known_maps
from hal.registry import DRIVERS

ROOT = Path(__file__).parents[2]


def test_every_driver_says_what_it_drives_and_nothing_else_does() -> None:
    assert set(SUPPORTED) == set(DRIVERS)


@pytest.mark.parametrize("driver", sorted(SUPPORTED))
def test_every_driver_is_tested_against_something_that_exists(driver: str) -> None:
    assert (ROOT / SUPPORTED[driver].emulator).exists()
    assert (ROOT / SUPPORTED[driver].tests).exists()


def test_the_tables_name_every_driver_and_every_meter_and_leave_the_rest_alone() -> None:
    made = with_tables(f"before\n{BEGIN}\nstale\n{END}\nafter\n")

    assert made.startswith("before\n")
    assert made.endswith(f"{END}\nafter\n")
    assert "stale" not in made
    assert all(f"`{name}`" in made for name in (*DRIVERS, *known_maps()))


def test_making_them_twice_changes_nothing() -> None:
    once = with_tables(f"{BEGIN}{END}")

    assert with_tables(once) == once


def test_a_readme_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="marks"):
        with_tables("nothing here")
