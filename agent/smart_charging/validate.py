"""Whether a charging profile can be executed here: everything that a JSON schema cannot know of it.

Rules: 1.6 sections 3.13.1, 5.16 and 7.8 to 7.14 with the errata; 2.0.1 part 2, K01.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from itertools import chain
from math import isfinite

from agent.frozen import dataclass
from agent.smart_charging.profile import STATION, ChargingProfile, Kind, Purpose, RateUnit

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Times beyond have no sensible neighbours in every time zone."""
LONGEST_S = 100 * 366 * 86_400


class Flaw(StrEnum):
    """What is wrong, in a word: a reasonCode of 2.0.1 (appendix 5) where it has one, else one of our own."""

    PURPOSE_AND_EVSE = "InvalidProfile"
    SCHEDULE = "InvalidSchedule"
    UNIT = "UnsupportedRateUnit"
    STACK_LEVEL = "InvalidStackLevel"
    KIND = "UnsupportedKind"
    TOO_MANY_PERIODS = "TooManyPeriods"


@dataclass(frozen=True, slots=True)
class Problem:
    """A flaw, and the field and the value that show it."""

    flaw: Flaw
    detail: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a station takes: 1.6 section 9.4 and the variables of SmartChargingCtrlr."""

    max_stack_level: int
    max_periods: int
    units: frozenset[RateUnit]


def problem_of(profile: ChargingProfile, *, evse_id: int, bounds: Bounds) -> Problem | None:
    """The first thing that is wrong with a profile for an EVSE (or the STATION); None for a sound one."""
    problems = chain(
        _of_place(profile, evse_id), _of_kind(profile, bounds), _of_validity(profile), _of_schedule(profile, bounds)
    )
    return next(problems, None)


def _of_place(profile: ChargingProfile, evse_id: int) -> Iterator[Problem]:
    purpose = profile.purpose
    if purpose is Purpose.STATION_MAX and evse_id != STATION:
        yield Problem(Flaw.PURPOSE_AND_EVSE, f"{purpose} is for the station, not for EVSE {evse_id}")
    if purpose is Purpose.TX and evse_id == STATION:
        yield Problem(Flaw.PURPOSE_AND_EVSE, f"{purpose} is for one EVSE, not for the station")
    if purpose is Purpose.EXTERNAL_LIMITS:
        yield Problem(Flaw.PURPOSE_AND_EVSE, f"{purpose} is not set by a CSMS")  # 2.0.1 K01.FR.22
    if purpose is not Purpose.TX and profile.transaction_id is not None:
        yield Problem(Flaw.PURPOSE_AND_EVSE, f"{purpose} is for no single transaction")


def _of_kind(profile: ChargingProfile, bounds: Bounds) -> Iterator[Problem]:
    if not 0 <= profile.stack_level <= bounds.max_stack_level:
        yield Problem(Flaw.STACK_LEVEL, f"stackLevel {profile.stack_level} is not within 0..{bounds.max_stack_level}")
    if profile.kind is not Kind.RECURRING and profile.recurrence is not None:  # errata 3.56
        yield Problem(Flaw.KIND, f"recurrencyKind is for Recurring profiles, not for {profile.kind} ones")
    if profile.kind is Kind.RECURRING and profile.recurrence is None:
        yield Problem(Flaw.KIND, "a Recurring profile says by recurrencyKind how often")
    if profile.kind is Kind.RECURRING and profile.schedule.start is None:
        yield Problem(Flaw.SCHEDULE, "a Recurring profile needs a startSchedule to recur from")


def _of_validity(profile: ChargingProfile) -> Iterator[Problem]:
    begin, end = profile.valid_from, profile.valid_to
    for name, at in (("validFrom", begin), ("validTo", end), ("startSchedule", profile.schedule.start)):
        if at is not None and not EARLIEST <= at < LATEST:
            yield Problem(Flaw.SCHEDULE, f"{name} {at.isoformat()} lies outside the calendar")
    if begin is not None and end is not None and end <= begin:
        yield Problem(Flaw.SCHEDULE, "validTo is not after validFrom")


def _of_schedule(profile: ChargingProfile, bounds: Bounds) -> Iterator[Problem]:
    schedule = profile.schedule
    if schedule.unit not in bounds.units:
        yield Problem(Flaw.UNIT, f"chargingRateUnit {schedule.unit} is not taken here")
    if len(schedule.periods) > bounds.max_periods:
        yield Problem(Flaw.TOO_MANY_PERIODS, f"{len(schedule.periods)} periods, at most {bounds.max_periods}")
    if not schedule.periods or schedule.periods[0].start_s != 0:  # errata 3.45
        yield Problem(Flaw.SCHEDULE, "the first period must have startPeriod 0")
    if schedule.duration_s is not None and not 0 < schedule.duration_s <= LONGEST_S:
        yield Problem(Flaw.SCHEDULE, f"duration {schedule.duration_s} s is not within 1..{LONGEST_S}")
    before_s = -1
    for period in schedule.periods:
        if not before_s < period.start_s <= LONGEST_S:
            yield Problem(Flaw.SCHEDULE, f"startPeriod {period.start_s} does not follow {before_s}")
        if not (isfinite(period.limit) and period.limit >= 0):
            yield Problem(Flaw.SCHEDULE, f"limit {period.limit} is no current and no power")
        if period.phases not in (None, 1, 2, 3):
            yield Problem(Flaw.SCHEDULE, f"numberPhases {period.phases} is not 1, 2 or 3")
        before_s = period.start_s
