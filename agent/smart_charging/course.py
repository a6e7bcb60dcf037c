"""What one installed profile says over time."""

from bisect import bisect_right
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from math import floor, inf
from typing import NamedTuple

from agent.smart_charging.profile import InstalledProfile, Kind, Purpose, RateUnit, Recurrence

DAY_S = 86_400
DAYS = {Recurrence.DAILY: 1, Recurrence.WEEKLY: 7}


class Rate(NamedTuple):
    """The most that may flow: `limit` in `unit`, on `phases` phases (None: three), said by `source`."""

    limit: float
    unit: RateUnit
    phases: int | None
    source: InstalledProfile


class Said(NamedTuple):
    """A rate, or None where the profile leaves it open; it stays so until `until`, in POSIX seconds."""

    rate: Rate | None
    until: float


Course = Callable[[float], Said]
"""What is said at a time given in POSIX seconds."""


def course_of(installed: InstalledProfile, *, charging_since: float | None, zone: tzinfo) -> Course:
    """The course of one profile.

    `charging_since` (POSIX seconds) is where a schedule without a start of its own begins; None leaves it open. In
    `zone` a recurring schedule begins at the same time of the day all year round.
    """
    profile, schedule = installed.profile, installed.profile.schedule
    valid_from = -inf if profile.valid_from is None else posix_of(profile.valid_from)
    valid_to = inf if profile.valid_to is None else posix_of(profile.valid_to)
    starts = [period.start_s for period in schedule.periods]
    rates = rates_of(installed)
    duration_s = inf if schedule.duration_s is None else schedule.duration_s
    round_at = _rounds(installed, charging_since=charging_since, zone=zone)

    def said(at: float) -> Said:
        if at < valid_from:
            return Said(None, valid_from)
        if at >= valid_to:
            return Said(None, inf)
        begin, following = round_at(at)
        if at < begin:
            return Said(None, min(begin, valid_to))
        # What is longer than the recurrence is not executed (1.6 section 5.16.4, errata 3.43 and 3.44).
        end = min(begin + duration_s, following)
        if at >= end:
            return Said(None, min(following, valid_to))
        place = bisect_right(starts, at - begin)
        until = begin + starts[place] if place < len(starts) else end
        return Said(rates[place - 1], min(until, end, valid_to))

    return said


def rates_of(installed: InstalledProfile) -> list[Rate]:
    """What each period of a profile allows."""
    schedule = installed.profile.schedule
    return [Rate(period.limit, schedule.unit, period.phases, installed) for period in schedule.periods]


def _rounds(
    installed: InstalledProfile, *, charging_since: float | None, zone: tzinfo
) -> Callable[[float], tuple[float, float]]:
    """For a time: when the round of the schedule begins that it lies in (or the first one), and when the next does."""
    profile = installed.profile
    start = profile.schedule.start
    if profile.kind is Kind.RECURRING and profile.recurrence is not None and start is not None:
        return _recurring(start, days=DAYS[profile.recurrence], zone=zone)
    begin = inf if charging_since is None else floor(charging_since)
    if profile.kind is not Kind.RELATIVE and start is not None:
        begin = posix_of(start)
    elif profile.purpose in (Purpose.STATION_MAX, Purpose.EXTERNAL_LIMITS):
        # There is no charge that it could be relative to (1.6 section 7.9 leaves the start point to us).
        begin = posix_of(installed.at)
    return lambda _at: (begin, inf)


def _recurring(start: datetime, *, days: int, zone: tzinfo) -> Callable[[float], tuple[float, float]]:
    """Rounds that begin every `days` days at the same local time."""
    first = posix_of(start)
    local = start.astimezone(zone).replace(tzinfo=None)

    def begin_of(number: int) -> int:
        # A time that the clocks skip begins as much later; of one that comes twice it is the first.
        return posix_of((local + timedelta(days=number * days)).replace(tzinfo=zone))

    def round_at(at: float) -> tuple[float, float]:
        if at < first:
            return first, inf
        number = max(0, floor((at - first) / (days * DAY_S)))
        while number and begin_of(number) > at:
            number -= 1
        while begin_of(number + 1) <= at:
            number += 1
        return (begin_of(number) if number else first), begin_of(number + 1)

    return round_at


def posix_of(at: datetime) -> int:
    """Whole POSIX seconds: what begins or ends within a second does so when the second begins."""
    return floor(at.timestamp())
