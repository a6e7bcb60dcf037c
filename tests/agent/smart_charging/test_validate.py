"""Profiles that no schema refuses and no station can execute."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.smart_charging.profile import STATION, ChargingProfile, Kind, Period, Purpose, RateUnit, Recurrence
from agent.smart_charging.validate import Bounds, Flaw, problem_of
from tests.agent.smart_charging.profiles import NOON, installed, periods, tx_default

BOUNDS = Bounds(max_stack_level=8, max_periods=24, units=frozenset(RateUnit))
SOUND = tx_default().profile


def flaw(profile: ChargingProfile, *, evse_id: int = 1) -> Flaw | None:
    problem = problem_of(profile, evse_id=evse_id, bounds=BOUNDS)
    return problem.flaw if problem else None


def with_periods(*found: Period) -> ChargingProfile:
    return replace(SOUND, schedule=replace(SOUND.schedule, periods=found))


def test_sound_profiles_have_no_flaw() -> None:
    assert flaw(SOUND) is None
    assert flaw(SOUND, evse_id=STATION) is None
    assert flaw(installed(Purpose.STATION_MAX).profile, evse_id=STATION) is None
    assert flaw(installed(Purpose.TX, transaction_id="TX-1").profile) is None
    assert flaw(replace(SOUND, kind=Kind.RECURRING, recurrence=Recurrence.DAILY)) is None


@pytest.mark.parametrize(
    ("profile", "evse_id", "expected"),
    [
        (installed(Purpose.STATION_MAX).profile, 1, Flaw.PURPOSE_AND_EVSE),
        (installed(Purpose.TX, transaction_id="TX-1").profile, STATION, Flaw.PURPOSE_AND_EVSE),
        (installed(Purpose.EXTERNAL_LIMITS).profile, STATION, Flaw.PURPOSE_AND_EVSE),
        (replace(SOUND, transaction_id="TX-1"), 1, Flaw.PURPOSE_AND_EVSE),
        (replace(SOUND, stack_level=9), 1, Flaw.STACK_LEVEL),
        (replace(SOUND, stack_level=-1), 1, Flaw.STACK_LEVEL),
        (replace(SOUND, kind=Kind.RECURRING), 1, Flaw.KIND),
        (replace(SOUND, recurrence=Recurrence.DAILY), 1, Flaw.KIND),
        (
            replace(tx_default(start=None).profile, kind=Kind.RECURRING, recurrence=Recurrence.DAILY),
            1,
            Flaw.SCHEDULE,
        ),
        (replace(SOUND, valid_from=NOON, valid_to=NOON), 1, Flaw.SCHEDULE),
        (replace(SOUND, valid_from=datetime(1, 1, 1, tzinfo=UTC)), 1, Flaw.SCHEDULE),
        (replace(SOUND, valid_to=datetime(9999, 12, 31, tzinfo=UTC)), 1, Flaw.SCHEDULE),
        (with_periods(), 1, Flaw.SCHEDULE),
        (with_periods(Period(5, 10.0)), 1, Flaw.SCHEDULE),
        (with_periods(*periods((0, 10.0), (60, 8.0), (60, 6.0))), 1, Flaw.SCHEDULE),
        (with_periods(*periods((0, 10.0), (60, 8.0), (30, 6.0))), 1, Flaw.SCHEDULE),
        (with_periods(Period(0, -1.0)), 1, Flaw.SCHEDULE),
        (with_periods(Period(0, float("nan"))), 1, Flaw.SCHEDULE),
        (with_periods(Period(0, float("inf"))), 1, Flaw.SCHEDULE),
        (with_periods(Period(0, 10.0, 4)), 1, Flaw.SCHEDULE),
        (with_periods(Period(0, 10.0, 0)), 1, Flaw.SCHEDULE),
        (with_periods(*periods(*((n, 10.0) for n in range(25)))), 1, Flaw.TOO_MANY_PERIODS),
        (tx_default(duration_s=0).profile, 1, Flaw.SCHEDULE),
        (tx_default(duration_s=-5).profile, 1, Flaw.SCHEDULE),
    ],
)
def test_what_cannot_be_executed_is_named(profile: ChargingProfile, evse_id: int, expected: Flaw) -> None:
    assert flaw(profile, evse_id=evse_id) is expected


def test_a_unit_that_is_not_offered_is_refused() -> None:
    only_amperes = replace(BOUNDS, units=frozenset({RateUnit.AMPERES}))
    watts = tx_default(unit=RateUnit.WATTS).profile

    problem = problem_of(watts, evse_id=1, bounds=only_amperes)

    assert problem is not None
    assert problem.flaw is Flaw.UNIT


def test_validity_of_a_second_is_enough() -> None:
    assert flaw(replace(SOUND, valid_from=NOON, valid_to=NOON + timedelta(seconds=1))) is None
