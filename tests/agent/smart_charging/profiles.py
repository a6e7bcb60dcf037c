"""Builders of charging profiles, and random ones."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from agent.smart_charging.profile import (
    STATION,
    ChargingProfile,
    InstalledProfile,
    Kind,
    Period,
    Purpose,
    RateUnit,
    Recurrence,
    Schedule,
)
from agent.smart_charging.stack import ProfileSet

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
"""A Monday."""

ZONES: tuple[tzinfo, ...] = (UTC, ZoneInfo("Europe/Amsterdam"), ZoneInfo("America/New_York"))


def periods(*pairs: tuple[int, float], phases: int | None = None) -> tuple[Period, ...]:
    """Of pairs of start and limit."""
    return tuple(Period(start_s, limit, phases) for start_s, limit in pairs)


def installed(
    purpose: Purpose,
    limit: float = 10.0,
    *,
    number: int = 1,
    level: int = 0,
    evse_id: int | None = None,
    start: datetime | None = NOON,
    duration_s: int | None = None,
    steps: tuple[Period, ...] = (),
    unit: RateUnit = RateUnit.AMPERES,
    phases: int | None = None,
    kind: Kind = Kind.ABSOLUTE,
    **fields: Any,
) -> InstalledProfile:
    """A profile at its place."""
    if evse_id is None:
        evse_id = 1 if purpose in (Purpose.TX, Purpose.TX_DEFAULT) else STATION
    schedule = Schedule(unit, steps or periods((0, limit), phases=phases), start=start, duration_s=duration_s)
    profile = ChargingProfile(number, purpose, level, kind, schedule, **fields)
    return InstalledProfile(evse_id, profile, NOON)


tx_default = partial(installed, Purpose.TX_DEFAULT)
"""A TX_DEFAULT of ten amperes for EVSE 1, unless told otherwise."""


def set_of(*profiles: InstalledProfile) -> ProfileSet:
    """All of them, installed one after the other."""
    found = ProfileSet()
    for one in profiles:
        found = found.installed(one)
    return found


def random_profile(random: Random, *, number: int, near: datetime, within_s: int) -> InstalledProfile:
    """A profile that has something to say about the seconds around `near`, or nearly so."""
    purpose = random.choice(list(Purpose))
    kind = random.choice([Kind.ABSOLUTE, Kind.RECURRING, Kind.RELATIVE])

    def instant() -> datetime:
        return near + timedelta(seconds=random.randint(-within_s, within_s))

    start: datetime | None = instant() if kind is not Kind.RELATIVE and random.random() < 0.9 else None
    recurrence = None
    if kind is Kind.RECURRING:
        start = instant() - timedelta(days=random.choice([-1, 0, 1, 6, 7, 13, 30, 80]))
        recurrence = random.choice(list(Recurrence))
    starts = sorted({0, *(random.randint(1, 2 * within_s) for _ in range(random.randint(0, 5)))})
    unit = random.choice(list(RateUnit))
    step = {RateUnit.AMPERES: 0.1, RateUnit.WATTS: 50.0}[unit]
    schedule = Schedule(
        unit,
        tuple(Period(at, round(random.randint(0, 400) * step, 1), random.choice([None, 1, 2, 3])) for at in starts),
        start=start,
        duration_s=random.choice([None, random.randint(1, 3 * within_s), 86_400, 100_000]),
    )
    profile = ChargingProfile(
        number,
        purpose,
        random.randint(0, 3),
        kind,
        schedule,
        recurrence=recurrence,
        valid_from=random.choice([None, None, instant()]),
        valid_to=random.choice([None, None, instant()]),
        transaction_id=random.choice(["TX-1", "TX-2"]) if purpose is Purpose.TX else None,
    )
    evse_id = random.choice([1, 2]) if purpose is Purpose.TX else random.choice([STATION, 1, 2])
    if purpose is Purpose.STATION_MAX:
        evse_id = STATION
    return InstalledProfile(evse_id, profile, instant())
