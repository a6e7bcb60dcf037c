"""What readers' settings are checked for."""

import math

import pytest

from hal.errors import WrongSettings
from hal.readers.checks import check_path, check_range


@pytest.mark.parametrize("value", [0.9, 2.1, math.nan, math.inf])
def test_a_number_out_of_its_range_is_refused_by_its_key(value: float) -> None:
    with pytest.raises(WrongSettings, match="poll_s") as refused:
        check_range("poll_s", value, low=1, high=2)

    assert refused.value.path == ("poll_s",)


@pytest.mark.parametrize("value", [1, 1.5, 2])
def test_a_number_in_its_range_is_taken(value: float) -> None:
    check_range("poll_s", value, low=1, high=2)


def test_only_absolute_paths_are_taken() -> None:
    check_path("port", "/dev/serial/by-id/x")
    with pytest.raises(WrongSettings, match="port"):
        check_path("port", "ttyUSB0")
