"""Which measurands are reported, and when a sample is due."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.clock import Moment
from agent.station.metering import STALE_AFTER_S, aligned_slot, is_fresh, periodic_due, select
from agent.station.samples import Context, Measurand, MeterSample, Quantity
from agent.units import Wh

THEN = Moment(wall=datetime(2026, 1, 1, tzinfo=UTC), mono_s=100.0, boot="boot-1")
REGISTER = Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, 5000, "Wh")
VOLTAGES = tuple(Quantity(Measurand.VOLTAGE, 230.0 + n, "V", f"L{n}-N") for n in (1, 2, 3))
SAMPLE = MeterSample(1, THEN, Wh(5000), (REGISTER, *VOLTAGES))


def test_only_the_configured_measurands_are_told_with_all_their_phases() -> None:
    (value,) = select(SAMPLE, ["Voltage"], context=Context.SAMPLE_PERIODIC, offered_a=0.0, phases=3)

    assert value.quantities == VOLTAGES
    assert (value.at, value.context) == (THEN, Context.SAMPLE_PERIODIC)


def test_what_is_offered_is_the_stations_own_word() -> None:
    (value,) = select(SAMPLE, ["Current.Offered", "Power.Offered"], context=Context.OTHER, offered_a=10.0, phases=3)

    assert [(each.measurand, each.value, each.unit) for each in value.quantities] == [
        ("Current.Offered", 10.0, "A"),
        ("Power.Offered", 6900.0, "W"),
    ]


@pytest.mark.parametrize("members", [[], ["SoC"]])
def test_nothing_asked_or_nothing_measured_is_nothing_told(members: list[str]) -> None:
    assert select(SAMPLE, members, context=Context.OTHER, offered_a=10.0, phases=3) == ()


def test_no_sample_is_nothing_told() -> None:
    assert select(None, ["Voltage"], context=Context.OTHER, offered_a=0.0, phases=3) == ()


def test_a_reading_ages() -> None:
    assert is_fresh(SAMPLE, now=THEN.later(STALE_AFTER_S))
    assert not is_fresh(SAMPLE, now=THEN.later(STALE_AFTER_S + 0.1))
    assert not is_fresh(None, now=THEN)


@pytest.mark.parametrize(
    ("interval_s", "now_s", "due_s"),
    [(60, 159.9, None), (60, 160.0, 160.0), (60, 161.0, 160.0), (60, 300.0, 280.0), (0, 1e9, None), (-1, 1e9, None)],
)
def test_a_sample_is_due_at_multiples_of_the_interval(interval_s: int, now_s: float, due_s: float | None) -> None:
    assert periodic_due(100.0, interval_s, now_s) == due_s


def test_aligned_intervals_are_counted_from_midnight() -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)

    slots = [aligned_slot(midnight + timedelta(seconds=s), 900) for s in (-1, 0, 899, 900)]

    assert slots[1] == slots[2]
    assert len(set(slots)) == 3
    assert aligned_slot(midnight, 0) is None


def test_an_interval_that_does_not_divide_the_day_begins_anew_at_midnight() -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)

    assert aligned_slot(midnight - timedelta(seconds=1), 7000) != aligned_slot(midnight, 7000)
    assert aligned_slot(midnight, 7000) == aligned_slot(midnight + timedelta(seconds=6999), 7000)
