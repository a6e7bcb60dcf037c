"""What all profiles together allow: now, at any moment, and as a composite schedule (1.6 sections 3.13.3 and 5.7).

The same function answers what an EVSE may draw at this moment and what the CSMS is told about the next hours.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from math import floor, inf
from typing import NamedTuple

from agent.frozen import dataclass
from agent.smart_charging.course import Course, Rate, Said, course_of, posix_of, rates_of
from agent.smart_charging.profile import STATION, InstalledProfile, Period, Purpose, RateUnit
from agent.smart_charging.stack import ProfileSet, prevailing

ALL_PHASES = 3
"""Assumed where a period names none (1.6 section 7.14)."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """How an EVSE (or the station) hangs on the grid. `voltage_v` is the nominal one (errata 3.69).

    `phases` is how many it uses when nothing limits it; `can_drop_phases`: it can go on with one of three.
    """

    voltage_v: float
    phases: int
    most_a: float
    can_drop_phases: bool = False


@dataclass(frozen=True, slots=True)
class Running:
    """The transaction of an EVSE. `since` is when charging began, in POSIX seconds."""

    transaction_id: str
    since: float


class Limit(NamedTuple):
    """At most `amperes` on each of `phases` phases until `until` (POSIX seconds); `source` None: the wiring itself."""

    amperes: float
    phases: int
    until: float
    source: InstalledProfile | None = None


LimitCourse = Callable[[float], Limit]


@dataclass(frozen=True, slots=True)
class CompositeSchedule:
    """Periods from `start` on, for `duration_s`; a limit in watts is that of all phases together."""

    start: datetime
    duration_s: int
    unit: RateUnit
    periods: tuple[Period, ...]


def evse_limits(
    profiles: ProfileSet, *, evse_id: int, wiring: Wiring, running: Running | None, zone: tzinfo, now: float
) -> LimitCourse:
    """What one EVSE may draw. Without a transaction: what one that begins `now` could."""
    since = running.since if running is not None else now

    def stack(purpose: Purpose, *, of: int, transaction_id: str | None = None) -> Course:
        chosen = profiles.of(purpose, evse_id=of, transaction_id=transaction_id)
        return prevailing([course_of(one, charging_since=since, zone=zone) for one in chosen])

    own = [stack(Purpose.TX_DEFAULT, of=evse_id)]
    if running is not None:
        own.insert(0, stack(Purpose.TX, of=evse_id, transaction_id=running.transaction_id))
    merged = [
        prevailing(own),  # a TX profile overrules the default, while it says something
        stack(Purpose.STATION_MAX, of=STATION),
        stack(Purpose.EXTERNAL_LIMITS, of=STATION),
        stack(Purpose.EXTERNAL_LIMITS, of=evse_id),
    ]
    return lambda at: least([answers(at) for answers in merged], wiring)


def cautious_limit(profiles: ProfileSet, *, evse_id: int, wiring: Wiring, transaction_id: str | None = None) -> Limit:
    """What an EVSE (or the STATION) may draw at whatever time it is: the least of all that its profiles ever say."""
    chosen = [
        *profiles.of(Purpose.STATION_MAX, evse_id=STATION),
        *profiles.of(Purpose.EXTERNAL_LIMITS, evse_id=STATION),
    ]
    if evse_id != STATION:
        chosen += profiles.of(Purpose.EXTERNAL_LIMITS, evse_id=evse_id)
        chosen += profiles.of(Purpose.TX_DEFAULT, evse_id=evse_id)
        chosen += profiles.of(Purpose.TX, evse_id=evse_id, transaction_id=transaction_id) if transaction_id else []
    return least((Said(rate, inf) for one in chosen for rate in rates_of(one)), wiring)


def station_limits(profiles: ProfileSet, *, wiring: Wiring, zone: tzinfo) -> LimitCourse:
    """What the station as a whole may draw from the grid, on each phase."""

    def stack(purpose: Purpose) -> Course:
        chosen = profiles.of(purpose, evse_id=STATION)
        return prevailing([course_of(one, charging_since=None, zone=zone) for one in chosen])

    merged = [stack(Purpose.STATION_MAX), stack(Purpose.EXTERNAL_LIMITS)]
    return lambda at: least([answers(at) for answers in merged], wiring)


def total_limits(station: LimitCourse, evses: Sequence[LimitCourse]) -> LimitCourse:
    """What the station draws at most: its own limit, or that of all its EVSEs at once where it is less."""

    def total(at: float) -> Limit:
        whole, each = station(at), [evse(at) for evse in evses]
        sum_a = sum(one.amperes for one in each)
        until = min([whole.until, *(one.until for one in each)])
        if sum_a >= whole.amperes:
            return whole._replace(until=until)
        return Limit(sum_a, max(one.phases for one in each), until)

    return total


def least(said: Iterable[Said], wiring: Wiring) -> Limit:
    """The least of several rates and of the wiring (1.6 section 3.13.3)."""
    answers = tuple(said)
    rates = [answer.rate for answer in answers if answer.rate is not None]
    phases = wiring.phases
    if wiring.can_drop_phases:
        phases = min([phases, *(rate.phases or ALL_PHASES for rate in rates)])
    amperes, source = wiring.most_a, None
    for rate in rates:
        allowed_a = amperes_of(rate, voltage_v=wiring.voltage_v, phases=phases)
        if allowed_a < amperes:
            amperes, source = allowed_a, rate.source
    return Limit(amperes, phases, min((answer.until for answer in answers), default=inf), source)


def amperes_of(rate: Rate, *, voltage_v: float, phases: int) -> float:
    """Per phase. Watts are spread over the phases of the period (errata 3.69), or over more where more are used."""
    if rate.unit is RateUnit.AMPERES:
        return rate.limit  # as it is given, whatever the number of phases (errata 3.34)
    return rate.limit / (voltage_v * max(rate.phases or ALL_PHASES, phases))


def composed(
    limits: LimitCourse, *, now: datetime, duration_s: int, unit: RateUnit, voltage_v: float, max_periods: int
) -> CompositeSchedule:
    """The composite schedule from the whole second of `now` on; ends early rather than with too many periods."""
    begin = posix_of(now)
    end = begin + duration_s
    periods: list[Period] = []
    at: float = begin
    while at < end:
        limit = limits(at)
        number = _in_unit(limit, unit, voltage_v=voltage_v)
        if not periods or (number, limit.phases) != (periods[-1].limit, periods[-1].phases):
            if len(periods) == max_periods:
                end = int(at)
                break
            periods.append(Period(int(at) - begin, number, limit.phases))
        at = limit.until
    return CompositeSchedule(datetime.fromtimestamp(begin, UTC), end - begin, unit, tuple(periods))


def _in_unit(limit: Limit, unit: RateUnit, *, voltage_v: float) -> float:
    """One digit after the point (1.6 section 7.14), rounded down."""
    amount = limit.amperes if unit is RateUnit.AMPERES else limit.amperes * voltage_v * limit.phases
    return floor(round(amount * 10, 6)) / 10
