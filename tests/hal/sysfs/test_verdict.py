"""What measurements mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hal.readings import FAULT_NAMES, LimitReading
from hal.sysfs.derating import Curve
from hal.sysfs.verdict import DERATES, STOPS, Judge, Measurement, Place, Rules


def judge(
    *, place: Place = Place.INSIDE, without_a: float = 6.0, under_v: float | None = None, over_v: float | None = None
) -> Judge:
    curve = Curve.of([[60, 32], [80, 6]], key="derating")
    return Judge(
        Rules(
            curve=curve,
            hysteresis_c=3,
            place=place,
            limit_without_a=without_a,
            under_voltage_v=under_v,
            over_voltage_v=over_v,
            hysteresis_v=0.2,
        )
    )


def at(temperature_c: float) -> Measurement:
    return Measurement(temperature_c=temperature_c)


def test_a_cool_charger_is_limited_by_nothing() -> None:
    verdict = judge().measured(at(40))

    assert (verdict.limit, dict(verdict.faults)) == (LimitReading(None), {})


@pytest.mark.parametrize("place", list(Place))
def test_heat_lowers_the_current_and_is_told_by_its_place(place: Place) -> None:
    verdict = judge(place=place).measured(at(70))

    assert verdict.limit == LimitReading(19.0, f"{place} at 70.0 °C")
    assert dict(verdict.faults) == {DERATES[place]: f"{place} at 70.0 °C"}


@pytest.mark.parametrize("place", list(Place))
def test_too_much_heat_stops_the_current(place: Place) -> None:
    verdict = judge(place=place).measured(at(81))

    assert verdict.limit.max_current_a == 0.0
    assert list(verdict.faults) == [STOPS[place]]


def test_every_fault_has_a_known_name() -> None:
    assert {*DERATES.values(), *STOPS.values(), "SensorFailure", "UnderVoltage", "OverVoltage"} <= set(FAULT_NAMES)


def test_a_sensor_that_fails_is_told_with_its_limit_and_never_with_the_old_value() -> None:
    one = judge()
    one.measured(at(40))

    verdict = one.failed("gone")

    assert verdict.limit == LimitReading(6.0, "gone")
    assert dict(verdict.faults) == {"SensorFailure": "gone"}


def test_a_sensor_that_fails_in_the_heat_does_not_raise_the_limit_and_its_stop_stands() -> None:
    one = judge(place=Place.CABLE)
    one.measured(at(90))

    verdict = one.failed("gone")

    assert verdict.limit.max_current_a == 0.0
    assert set(verdict.faults) == {"SensorFailure", "CableOverTempStop"}


def test_a_derating_is_over_when_the_sensor_fails() -> None:
    one = judge()
    one.measured(at(70))

    assert set(one.failed("gone").faults) == {"SensorFailure"}


def test_the_sensor_that_is_back_decides_again() -> None:
    one = judge()
    one.measured(at(90))
    one.failed("gone")

    verdict = one.measured(at(40))

    assert (verdict.limit, dict(verdict.faults)) == (LimitReading(None), {})


def test_no_current_flows_without_the_sensor_where_the_settings_say_so() -> None:
    assert judge(without_a=0.0).failed("gone").limit.max_current_a == 0.0


@pytest.mark.parametrize(("voltage_v", "fault"), [(10.0, "UnderVoltage"), (15.0, "OverVoltage")])
def test_a_supply_out_of_its_range_is_a_fault_that_stands_while_nobody_knows_better(
    voltage_v: float, fault: str
) -> None:
    one = judge(under_v=11.0, over_v=14.0)

    assert list(one.measured(Measurement(voltage_v=voltage_v)).faults) == [fault]
    assert set(one.failed("gone").faults) == {"SensorFailure", fault}
    assert not one.measured(Measurement(voltage_v=12.0)).faults


@given(st.lists(st.one_of(st.floats(-40, 120), st.none()), max_size=30), st.floats(0, 32))
def test_whatever_happens_no_limit_is_above_what_the_sensor_or_its_absence_allows(
    course_c: list[float | None], without_a: float
) -> None:
    one = judge(without_a=without_a)
    curve = Curve.of([[60, 32], [80, 6]], key="derating")

    for at_c in course_c:
        verdict = one.failed("gone") if at_c is None else one.measured(at(at_c))
        allowed_a = without_a if at_c is None else curve.at(at_c)
        limit_a = verdict.limit.max_current_a

        assert (float("inf") if limit_a is None else limit_a) <= allowed_a
        assert ("SensorFailure" in verdict.faults) is (at_c is None)
