"""Sharing a supply: never more than the grid gives on any phase, never less than a charge needs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.smart_charging.share import MINIMUM_CURRENT_A, PHASES, Claim, Policy, left_a, room_a, share


def wishes(**most_a: float) -> list[Claim]:
    """Claims of EVSEs e1, e2, ... on all phases."""
    return [Claim(int(name[1:]), most) for name, most in most_a.items()]


def equal(capacity_a: float | None, **most_a: float) -> dict[int, float]:
    return share(wishes(**most_a), capacity_a=capacity_a)


def test_without_a_grid_limit_everybody_gets_what_he_can_use() -> None:
    assert equal(None, e1=32.0, e2=16.0) == {1: 32.0, 2: 16.0}


def test_equal_wishes_get_equal_shares() -> None:
    assert equal(40.0, e1=32.0, e2=32.0) == {1: 20.0, 2: 20.0}


def test_what_a_small_charger_cannot_use_goes_to_the_other() -> None:
    assert equal(40.0, e1=32.0, e2=10.0) == {1: 30.0, 2: 10.0}


def test_ten_amperes_serve_one_car_of_two() -> None:
    assert equal(10.0, e1=32.0, e2=32.0) == {1: 10.0}


def test_the_third_car_waits_where_there_is_enough_for_two() -> None:
    assert equal(16.0, e1=16.0, e2=16.0, e3=16.0) == {1: 8.0, 2: 8.0}


def test_nobody_is_served_below_the_minimum() -> None:
    assert equal(5.0, e1=32.0) == {}
    assert equal(None, e1=5.0) == {}


def test_cars_on_different_phases_do_not_share() -> None:
    claims = [Claim(1, 32.0, (1,)), Claim(2, 32.0, (2,)), Claim(3, 32.0, (1,))]

    assert share(claims, capacity_a=20.0) == {1: 10.0, 2: 20.0, 3: 10.0}


def test_a_full_phase_does_not_keep_others_from_the_rest() -> None:
    claims = [Claim(1, 32.0, (1,)), Claim(2, 32.0, (1,)), Claim(3, 32.0, (2, 3)), Claim(4, 32.0)]

    assert share(claims, capacity_a=10.0) == {1: 10.0, 3: 10.0}


def test_first_come_first_served() -> None:
    claims = [Claim(1, 32.0, since=30.0), Claim(2, 32.0, since=10.0), Claim(3, 32.0, since=20.0)]

    assert share(claims, capacity_a=50.0, policy=Policy.FIRST_COME) == {2: 32.0, 3: 12.0, 1: 6.0}
    assert share(claims, capacity_a=12.0, policy=Policy.FIRST_COME) == {2: 6.0, 3: 6.0}


def test_the_higher_priority_first_and_equals_alike() -> None:
    claims = [Claim(1, 32.0), Claim(2, 16.0, priority=5), Claim(3, 32.0, priority=5)]

    assert share(claims, capacity_a=40.0, policy=Policy.PRIORITY) == {2: 16.0, 3: 18.0, 1: 6.0}


def test_what_others_may_draw_is_no_room() -> None:
    one, two, three = Claim(1, 32.0), Claim(2, 32.0, (1,)), Claim(3, 32.0, (2,))

    assert room_a(one, [two, three], {2: 10.0, 3: 6.0}, capacity_a=32.0) == 22.0
    assert room_a(two, [one, three], {1: 16.0, 3: 6.0}, capacity_a=32.0) == 16.0
    assert room_a(one, [two], {2: 10.0}, capacity_a=None) == float("inf")


CLAIMS = st.lists(
    st.builds(
        Claim,
        st.integers(1, 8),
        st.floats(0.0, 80.0),
        st.sampled_from([(1,), (2,), (3,), (1, 2), PHASES]),
        st.integers(0, 3).map(float),
        st.integers(0, 2),
    ),
    max_size=8,
    unique_by=lambda claim: claim.evse_id,
)


@given(CLAIMS, st.none() | st.floats(0.0, 250.0), st.sampled_from(Policy))
def test_shares_respect_every_phase_every_wish_and_the_minimum(
    claims: list[Claim], grid_a: float | None, policy: Policy
) -> None:
    shares = share(claims, capacity_a=grid_a, policy=policy)

    most_a = {claim.evse_id: claim.most_a for claim in claims}
    assert all(MINIMUM_CURRENT_A - 1e-9 <= shares[evse] <= most_a[evse] for evse in shares)
    if grid_a is not None:
        assert min(left_a(claims, shares, capacity_a=grid_a).values()) >= -1e-6


@given(CLAIMS, st.floats(0.0, 250.0), st.sampled_from(Policy))
def test_nothing_is_left_that_somebody_could_use(claims: list[Claim], grid_a: float, policy: Policy) -> None:
    shares = share(claims, capacity_a=grid_a, policy=policy)

    left = left_a(claims, shares, capacity_a=grid_a)
    for claim in claims:
        room = min(left[phase] for phase in claim.phases)
        if claim.evse_id in shares:
            assert room < 1e-6 or shares[claim.evse_id] > claim.most_a - 1e-6


@pytest.mark.parametrize("policy", Policy)
def test_everybody_is_served_fully_where_there_is_enough(policy: Policy) -> None:
    claims: list[Any] = [Claim(1, 16.0, since=2.0), Claim(2, 10.0, priority=1), Claim(3, 32.0, (1,))]

    assert share(claims, capacity_a=100.0, policy=policy) == {1: 16.0, 2: 10.0, 3: 32.0}
