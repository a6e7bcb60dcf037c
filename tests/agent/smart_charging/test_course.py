"""One profile over time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from agent.smart_charging.course import Said, course_of
from agent.smart_charging.profile import InstalledProfile, Kind, Purpose, Recurrence
from tests.agent.smart_charging.profiles import NOON, installed, periods, tx_default

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def said(profile: InstalledProfile, at: datetime, *, zone: ZoneInfo | None = None, since: datetime = NOON) -> Said:
    """What it says at a time."""
    return course_of(profile, charging_since=since.timestamp(), zone=zone or ZoneInfo("UTC"))(at.timestamp())


def limit(
    profile: InstalledProfile, at: datetime, *, zone: ZoneInfo | None = None, since: datetime = NOON
) -> float | None:
    """The limit it sets at a time."""
    rate = said(profile, at, zone=zone, since=since).rate
    return rate.limit if rate else None


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_nothing_is_said_before_it_starts_and_after_its_duration() -> None:
    profile = tx_default(steps=periods((0, 10.0), (60, 8.0)), duration_s=100)

    assert [limit(profile, after(at)) for at in (-1, 0, 59, 60, 99, 100)] == [None, 10.0, 10.0, 8.0, 8.0, None]


def test_the_last_period_goes_on_without_a_duration() -> None:
    profile = tx_default(steps=periods((0, 10.0), (60, 8.0)))

    assert said(profile, after(1e9)).until == float("inf")
    assert limit(profile, after(1e9)) == 8.0


def test_validity_cuts_it_at_both_ends() -> None:
    profile = tx_default(valid_from=after(10), valid_to=after(20))

    assert [limit(profile, after(at)) for at in (9, 10, 19, 20)] == [None, 10.0, 10.0, None]
    assert said(profile, after(0)).until == after(10).timestamp()
    assert said(profile, after(12)).until == after(20).timestamp()


def test_a_relative_schedule_counts_from_when_charging_began() -> None:
    profile = tx_default(kind=Kind.RELATIVE, steps=periods((0, 16.0), (30, 6.0)))

    assert limit(profile, after(129), since=after(100)) == 16.0
    assert limit(profile, after(130), since=after(100)) == 6.0


def test_an_absolute_schedule_without_a_start_does_too() -> None:
    assert limit(tx_default(start=None, steps=periods((0, 16.0), (30, 6.0))), after(131), since=after(100)) == 6.0


def test_a_station_profile_without_a_start_counts_from_its_installation() -> None:
    profile = installed(Purpose.STATION_MAX, start=None, kind=Kind.RELATIVE, steps=periods((0, 16.0), (30, 6.0)))

    assert limit(profile, after(29), since=after(-500)) == 16.0
    assert limit(profile, after(31), since=after(-500)) == 6.0


def test_a_daily_schedule_begins_anew_each_day_and_leaves_the_rest_of_a_longer_one_out() -> None:
    profile = tx_default(
        kind=Kind.RECURRING, recurrence=Recurrence.DAILY, steps=periods((0, 16.0), (3600, 8.0), (90_000, 6.0))
    )

    assert limit(profile, NOON + timedelta(days=40, minutes=59)) == 16.0
    assert limit(profile, NOON + timedelta(days=40, hours=23)) == 8.0
    assert limit(profile, NOON + timedelta(days=41)) == 16.0
    assert limit(profile, NOON - timedelta(seconds=1)) is None


def test_a_weekly_schedule_leaves_its_gap_open() -> None:
    profile = tx_default(kind=Kind.RECURRING, recurrence=Recurrence.WEEKLY, duration_s=86_400)

    assert limit(profile, NOON + timedelta(days=7, hours=23)) == 10.0
    assert limit(profile, NOON + timedelta(days=8)) is None
    assert said(profile, NOON + timedelta(days=8)).until == (NOON + timedelta(days=14)).timestamp()


def test_a_month_has_as_many_days_as_it_has() -> None:
    start = datetime(2028, 1, 31, 22, tzinfo=UTC)
    profile = tx_default(kind=Kind.RECURRING, recurrence=Recurrence.DAILY, start=start, duration_s=60)

    assert limit(profile, datetime(2028, 2, 29, 22, 0, 59, tzinfo=UTC)) == 10.0
    assert limit(profile, datetime(2028, 3, 1, 22, 1, tzinfo=UTC)) is None


def test_a_daily_schedule_keeps_its_local_time_when_the_clocks_change() -> None:
    start = datetime(2026, 3, 20, 22, tzinfo=AMSTERDAM)
    profile = tx_default(kind=Kind.RECURRING, recurrence=Recurrence.DAILY, start=start, duration_s=3600)

    assert limit(profile, datetime(2026, 3, 28, 21, tzinfo=UTC), zone=AMSTERDAM) == 10.0
    assert limit(profile, datetime(2026, 3, 29, 20, tzinfo=UTC), zone=AMSTERDAM) == 10.0
    assert limit(profile, datetime(2026, 3, 29, 21, tzinfo=UTC), zone=AMSTERDAM) is None


def test_the_day_of_the_change_has_an_hour_less_or_more() -> None:
    whole_day = tx_default(
        kind=Kind.RECURRING,
        recurrence=Recurrence.DAILY,
        start=datetime(2026, 3, 1, 0, tzinfo=AMSTERDAM),
        steps=periods((0, 10.0), (84_600, 6.0)),
    )
    short, long = datetime(2026, 3, 29, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)

    # The last half hour is cut from a day of 23 hours, and an hour longer in one of 25.
    assert limit(whole_day, short - timedelta(seconds=1), zone=AMSTERDAM) == 10.0
    assert limit(whole_day, short, zone=AMSTERDAM) == 10.0
    assert limit(whole_day, long - timedelta(minutes=89), zone=AMSTERDAM) == 6.0
    assert limit(whole_day, long, zone=AMSTERDAM) == 10.0


def test_a_begin_in_the_hour_that_is_skipped_comes_as_much_later() -> None:
    start = datetime(2026, 3, 1, 2, 30, tzinfo=AMSTERDAM)
    profile = tx_default(kind=Kind.RECURRING, recurrence=Recurrence.DAILY, start=start, duration_s=60)

    assert limit(profile, datetime(2026, 3, 29, 1, 30, tzinfo=UTC), zone=AMSTERDAM) == 10.0  # 03:30 in summer time


def test_a_begin_in_the_hour_that_comes_twice_is_the_first() -> None:
    start = datetime(2026, 10, 1, 2, 30, tzinfo=AMSTERDAM)
    profile = tx_default(kind=Kind.RECURRING, recurrence=Recurrence.DAILY, start=start, duration_s=60)

    assert limit(profile, datetime(2026, 10, 25, 0, 30, tzinfo=UTC), zone=AMSTERDAM) == 10.0
    assert limit(profile, datetime(2026, 10, 25, 1, 30, tzinfo=UTC), zone=AMSTERDAM) is None
