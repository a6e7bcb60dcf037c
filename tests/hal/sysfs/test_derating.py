"""Derating curves and thresholds."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.errors import WrongSettings
from hal.sysfs.derating import STEP_A, Curve, Derating, Threshold, rounded_down

CURVE = Curve.of([[60, 32], [80, 6]], key="derating")


@pytest.mark.parametrize(
    ("temperature_c", "limit_a"),
    [(-40, math.inf), (59.9, math.inf), (60, 32), (70, 19), (80, 6), (80.1, 0), (500, 0)],
)
def test_the_curve_is_linear_between_its_points_and_stops_above_the_last(temperature_c: float, limit_a: float) -> None:
    assert CURVE.at(temperature_c) == pytest.approx(limit_a)


def test_one_point_is_a_curve() -> None:
    curve = Curve.of([[70, 16]], key="derating")

    assert [curve.at(69), curve.at(70), curve.at(71)] == [math.inf, 16, 0]


def test_no_point_limits_nothing() -> None:
    assert Curve.of([], key="derating").at(1000) == math.inf


@pytest.mark.parametrize(
    ("points", "number"),
    [
        ([[60, 32], [60, 6]], 1),
        ([[60, 32], [50, 6]], 1),
        ([[60, 6], [70, 32]], 1),
        ([[60]], 0),
        ([[60, 32, 1]], 0),
        ([[60, -1]], 0),
        ([[60, 32], [math.nan, 6]], 1),
        ([[60, math.inf]], 0),
    ],
)
def test_a_curve_that_does_not_fall_is_refused_at_its_point(points: Sequence[Sequence[float]], number: int) -> None:
    with pytest.raises(WrongSettings) as refused:
        Curve.of(points, key="derating")

    assert refused.value.path == ("derating", number)


def test_heat_counts_at_once_and_cooling_beyond_the_hysteresis() -> None:
    derating = Derating(CURVE, hysteresis_c=5)

    limits = [derating.limit_a(at_c) for at_c in (50, 70, 66, 65, 60, 70)]

    assert limits == [math.inf, 19, 19, 19, 25.5, 19]


def test_after_a_stop_nothing_flows_before_it_cooled_down_by_the_hysteresis() -> None:
    derating = Derating(CURVE, hysteresis_c=5)

    assert [derating.limit_a(at_c) for at_c in (81, 79, 76.1, 75)] == [0, 0, 0, 6]


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    temperatures = draw(st.lists(st.integers(-40, 120), min_size=1, max_size=6, unique=True))
    currents = draw(st.lists(st.integers(0, 80), min_size=len(temperatures), max_size=len(temperatures)))
    return Curve.of(list(zip(sorted(temperatures), sorted(currents, reverse=True), strict=True)), key="derating")


TEMPERATURES = st.floats(-60, 140)


@given(curves(), TEMPERATURES, TEMPERATURES)
def test_more_heat_never_allows_more_current(curve: Curve, one_c: float, other_c: float) -> None:
    cooler_c, hotter_c = sorted((one_c, other_c))

    assert curve.at(hotter_c) <= curve.at(cooler_c)


@given(curves(), st.lists(TEMPERATURES, min_size=1, max_size=30), st.floats(0, 20))
def test_the_limit_is_never_above_the_curve_and_never_further_below_than_the_hysteresis(
    curve: Curve, course_c: list[float], hysteresis_c: float
) -> None:
    derating = Derating(curve, hysteresis_c=hysteresis_c)

    for at_c in course_c:
        limit_a = derating.limit_a(at_c)

        assert limit_a <= curve.at(at_c)
        assert limit_a >= curve.at(at_c + hysteresis_c) - STEP_A


@given(curves(), st.lists(TEMPERATURES, min_size=2, max_size=30))
def test_a_course_that_only_rises_never_raises_the_limit(curve: Curve, course_c: list[float]) -> None:
    derating = Derating(curve, hysteresis_c=3)

    limits = [derating.limit_a(at_c) for at_c in sorted(course_c)]

    assert limits == sorted(limits, reverse=True)


@given(curves(), TEMPERATURES, st.lists(st.floats(-1, 1), max_size=30))
def test_trembling_within_the_hysteresis_lets_the_limit_fall_but_never_rise(
    curve: Curve, at_c: float, noise_c: list[float]
) -> None:
    derating = Derating(curve, hysteresis_c=2.0)

    limits = [derating.limit_a(at_c + by_c) for by_c in (0, *noise_c)]

    assert limits == sorted(limits, reverse=True)


@given(st.floats(0, 200))
def test_rounding_never_goes_up_and_never_far(current_a: float) -> None:
    assert current_a - STEP_A <= rounded_down(current_a) <= current_a


def test_a_threshold_is_passed_at_once_and_left_by_the_hysteresis() -> None:
    over = Threshold(12.6, hysteresis=0.2, is_upper=True)
    under = Threshold(10.8, hysteresis=0.2, is_upper=False)

    assert [over.passed(value) for value in (12.6, 12.7, 12.5, 12.3, 12.5)] == [False, True, True, False, False]
    assert [under.passed(value) for value in (10.8, 10.7, 10.9, 11.1, 10.9)] == [False, True, True, False, False]


def test_without_a_limit_nothing_is_beyond_it() -> None:
    assert not Threshold(None, hysteresis=0, is_upper=True).passed(math.inf)
