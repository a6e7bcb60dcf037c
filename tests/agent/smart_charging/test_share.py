"""Sharing a supply: never more than the grid gives, never less than a charge needs."""

from hypothesis import given
from hypothesis import strategies as st

from agent.smart_charging.share import MINIMUM_CURRENT_A, share


def test_without_a_grid_limit_everybody_gets_what_he_can_use() -> None:
    assert share({1: 32.0, 2: 16.0}, grid_max_current_a=None) == {1: 32.0, 2: 16.0}


def test_equal_wishes_get_equal_shares() -> None:
    assert share({1: 32.0, 2: 32.0}, grid_max_current_a=40.0) == {1: 20.0, 2: 20.0}


def test_what_a_small_charger_cannot_use_goes_to_the_other() -> None:
    assert share({1: 32.0, 2: 10.0}, grid_max_current_a=40.0) == {1: 30.0, 2: 10.0}


def test_ten_amperes_serve_one_car_of_two() -> None:
    assert share({1: 32.0, 2: 32.0}, grid_max_current_a=10.0) == {1: 10.0}


def test_the_third_car_waits_where_there_is_enough_for_two() -> None:
    assert share({1: 16.0, 2: 16.0, 3: 16.0}, grid_max_current_a=16.0) == {1: 8.0, 2: 8.0}


def test_nobody_is_served_below_the_minimum() -> None:
    assert share({1: 32.0}, grid_max_current_a=5.0) == {}
    assert share({1: 5.0}, grid_max_current_a=None) == {}


@given(
    st.dictionaries(st.integers(1, 8), st.floats(0.0, 80.0), max_size=8),
    st.none() | st.floats(0.0, 250.0),
)
def test_shares_respect_grid_wishes_and_minimum(requests_a: dict[int, float], grid_a: float | None) -> None:
    shares = share(requests_a, grid_max_current_a=grid_a)

    assert all(MINIMUM_CURRENT_A - 1e-9 <= shares[evse] <= requests_a[evse] for evse in shares)
    if grid_a is not None:
        assert sum(shares.values()) <= grid_a + 1e-9
