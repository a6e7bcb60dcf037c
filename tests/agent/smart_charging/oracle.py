"""What profiles allow at one second, as plainly as the text of 1.6 says it, and as slowly.

Shares nothing with the engine but the profiles. Sections are those of OCPP 1.6 edition 2 with its errata.
"""

from datetime import datetime, timedelta, tzinfo

from agent.smart_charging.profile import (
    STATION,
    ChargingProfile,
    InstalledProfile,
    Kind,
    Period,
    Purpose,
    RateUnit,
    Recurrence,
)

Found = tuple[Period, RateUnit]


def limit_at(
    at: datetime,
    profiles: tuple[InstalledProfile, ...],
    *,
    evse_id: int,
    transaction: tuple[str, datetime] | None,
    charging_since: datetime,
    most_a: float,
    voltage_v: float,
    phases: int,
    can_drop_phases: bool,
    zone: tzinfo,
) -> tuple[float, int]:
    """Amperes per phase and the number of phases."""
    since = transaction[1] if transaction else charging_since

    def prevailing(purpose: Purpose, place: int) -> Found | None:
        """3.13.2: the highest level among those that are valid; 5.16.4: a lower one where it has run out."""
        candidates = [one for one in profiles if one.profile.purpose is purpose and counts(one, place)]
        for one in sorted(candidates, key=lambda one: -one.profile.stack_level):
            found = period_at(at, one, since=since, zone=zone)
            if found is not None:
                return found
        return None

    def counts(one: InstalledProfile, place: int) -> bool:
        if one.profile.purpose is Purpose.TX:
            return one.evse_id == place and transaction is not None and one.profile.transaction_id == transaction[0]
        if one.profile.purpose is Purpose.TX_DEFAULT and one.evse_id == STATION:
            # 3.13.1: replaced for that connector only
            return not any(
                other.evse_id == place
                and other.profile.purpose is Purpose.TX_DEFAULT
                and other.profile.stack_level == one.profile.stack_level
                for other in profiles
            )
        return one.evse_id == place

    found = [
        prevailing(Purpose.TX, evse_id) or prevailing(Purpose.TX_DEFAULT, evse_id),
        prevailing(Purpose.STATION_MAX, STATION),
        prevailing(Purpose.EXTERNAL_LIMITS, STATION),
        prevailing(Purpose.EXTERNAL_LIMITS, evse_id),
    ]
    merged = [one for one in found if one is not None]
    used = min([phases, *(period.phases or 3 for period, _ in merged)]) if can_drop_phases else phases
    allowed = [most_a]
    for period, unit in merged:
        spread = max(period.phases or 3, used)  # errata 3.69, and never more than the watts said
        allowed.append(period.limit if unit is RateUnit.AMPERES else period.limit / voltage_v / spread)
    return min(allowed), used


def period_at(at: datetime, one: InstalledProfile, *, since: datetime, zone: tzinfo) -> Found | None:
    """The period of a profile that counts at a second."""
    profile, schedule = one.profile, one.profile.schedule
    if profile.valid_from is not None and at < profile.valid_from:
        return None
    if profile.valid_to is not None and at >= profile.valid_to:
        return None
    begins = begins_of(profile, at, since=since, installed_at=one.at, zone=zone)
    if not begins:
        return None
    elapsed_s = (at - begins[-1]).total_seconds()
    if schedule.duration_s is not None and elapsed_s >= schedule.duration_s:
        return None
    reached = [period for period in schedule.periods if period.start_s <= elapsed_s]
    return reached[-1], schedule.unit


def begins_of(
    profile: ChargingProfile, at: datetime, *, since: datetime, installed_at: datetime, zone: tzinfo
) -> list[datetime]:
    """Every time up to `at` that the schedule began."""
    start = profile.schedule.start
    if profile.kind is Kind.RELATIVE or start is None:
        is_of_station = profile.purpose in (Purpose.STATION_MAX, Purpose.EXTERNAL_LIMITS)
        start = installed_at if is_of_station else since
        return [start] if start <= at else []
    begins = []
    step = {None: 0, Recurrence.DAILY: 1, Recurrence.WEEKLY: 7}[profile.recurrence]
    begin = start
    day = 0
    while begin <= at:
        begins.append(begin)
        if not step:
            break
        day += step
        wall = start.astimezone(zone).replace(tzinfo=None) + timedelta(days=day)
        begin = wall.replace(tzinfo=zone).astimezone(start.tzinfo)
    return begins
