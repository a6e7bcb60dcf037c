"""What the sensors' settings are checked for."""

import math

import pytest

from hal.errors import WrongSettings
from hal.sysfs.checks import check_range, check_temperatures


@pytest.mark.parametrize("value", [0.9, 2.1, math.nan])
def test_a_number_out_of_its_range_is_refused_by_its_key(value: float) -> None:
    with pytest.raises(WrongSettings) as refused:
        check_range("poll_s", value, low=1, high=2)

    assert refused.value.path == ("poll_s",)


@pytest.mark.parametrize(("lowest_c", "highest_c"), [(20, 20), (20, 10), (20, math.nan), (-300, 20), (0, 2000)])
def test_a_range_of_temperatures_with_nothing_in_it_is_refused(lowest_c: float, highest_c: float) -> None:
    with pytest.raises(WrongSettings):
        check_temperatures(lowest_c, highest_c)


def test_a_sensible_range_is_taken() -> None:
    check_temperatures(-50, 150)
    check_range("poll_s", 1, low=1, high=2)
