"""Charging profiles at this station: installed, cleared, told, obeyed (2.0.1 K; 1.6 5.5, 5.7, 5.16)."""

from dataclasses import replace
from math import inf

from agent.clock import Moment
from agent.smart_charging.compose import (
    Limit,
    LimitCourse,
    Running,
    Wiring,
    cautious_limit,
    composed,
    evse_limits,
    station_limits,
    total_limits,
)
from agent.smart_charging.profile import STATION, ChargingProfile, InstalledProfile, Purpose, RateUnit
from agent.smart_charging.stack import ProfileSet
from agent.smart_charging.validate import Bounds, problem_of
from agent.station.commands import (
    ClearChargingProfile,
    Composed,
    GetCompositeSchedule,
    Outcome,
    SetChargingProfile,
)
from agent.station.state import Evse, ScheduledLimit
from agent.station.step import Step
from agent.station.transaction import Transaction

BOUNDS = Bounds(max_stack_level=99, max_periods=240, units=frozenset(RateUnit))
MAX_INSTALLED = 200
MAX_COMPOSED_PERIODS = 1000
"""A longer composite schedule ends early; the CSMS can ask for the rest."""


def set_profile(step: Step, ticket: int, command: SetChargingProfile) -> None:
    """K01; 1.6 5.16."""
    profile = command.profile
    if command.evse_id != STATION and step.state.evse(command.evse_id) is None:
        step.reply(ticket, Outcome.REJECTED, reason="UnknownEvse")  # K01.FR.28
        return
    if profile.purpose is Purpose.TX:
        # 1.6 3.13.1: without an active transaction there is nothing that it could be for.
        tx = step.evse(command.evse_id).active_transaction if command.evse_id != STATION else None
        if tx is None or profile.transaction_id not in (None, tx.id):
            step.reply(ticket, Outcome.REJECTED, reason="TxNotFound")  # K01.FR.09, K01.FR.33
            return
        profile = replace(profile, transaction_id=tx.id)
    problem = problem_of(profile, evse_id=command.evse_id, bounds=BOUNDS)
    if problem is not None:
        step.reply(ticket, Outcome.REJECTED, reason=problem.flaw)
        return
    changed = step.state.profiles.installed(InstalledProfile(command.evse_id, profile, step.now.wall))
    if len(changed) > MAX_INSTALLED:
        step.reply(ticket, Outcome.REJECTED, reason="TooManyProfiles")
        return
    _put(step, changed)
    step.reply(ticket, Outcome.ACCEPTED)


def can_start_with(step: Step, profile: ChargingProfile) -> bool:
    """Whether the profile of a remote start can be installed with its transaction, at whichever EVSE."""
    if profile.purpose is not Purpose.TX or profile.transaction_id is not None:  # F01.FR.11; 1.6 5.16.2, errata 3.41
        return False
    some_evse = step.state.evses[0].id
    has_room = len(step.state.profiles) < MAX_INSTALLED
    return has_room and problem_of(profile, evse_id=some_evse, bounds=BOUNDS) is None


def clear_profiles(step: Step, ticket: int, command: ClearChargingProfile) -> None:
    """K10; 1.6 5.5. External limits are not the CSMS's to clear."""
    left = step.state.profiles.without(command.chosen.matches)
    if len(left) == len(step.state.profiles):
        step.reply(ticket, Outcome.UNKNOWN)  # K10.FR.09
        return
    _put(step, left)
    step.reply(ticket, Outcome.ACCEPTED)


def composite(step: Step, ticket: int, command: GetCompositeSchedule) -> None:
    """K08; 1.6 5.7: from now on, in the unit asked for."""
    evse = step.state.evse(command.evse_id)
    if evse is None and command.evse_id != STATION:
        step.reply(ticket, Outcome.REJECTED, reason="UnknownEvse")  # K08.FR.05
        return
    schedule = composed(
        _total(step) if evse is None else _evse_course(step, evse),
        now=step.now.wall,
        duration_s=command.duration_s,
        unit=command.unit or RateUnit.AMPERES,
        voltage_v=step.state.config.grid_voltage_v,
        max_periods=MAX_COMPOSED_PERIODS,
    )
    step.answer(ticket, Composed(command.evse_id, schedule))


def follow_profiles(step: Step) -> None:
    """Bind what came with a remote start to its transaction, drop what was of ended ones, work out what holds now."""
    for evse in step.state.evses:
        tx, grant = evse.active_transaction, evse.record.grant
        if tx is not None and grant is not None and grant.profile is not None:
            bound = replace(grant.profile, transaction_id=tx.id)
            _put(step, step.state.profiles.installed(InstalledProfile(evse.id, bound, step.now.wall)))
            step.change_record(evse.id, grant=replace(grant, profile=None))
    _drop_ended(step)
    if _is_past(step, step.state.limit):
        step.state = replace(step.state, limit=_scheduled(step, _station_limit(step)))
    for evse in step.state.evses:
        tx = evse.active_transaction
        tx_id = tx.id if tx is not None else None
        if _is_past(step, evse.limit, tx_id):
            step.change(evse.id, limit=_scheduled(step, _evse_limit(step, evse, tx_id), tx_id))


def _put(step: Step, profiles: ProfileSet) -> None:
    step.state = replace(step.state, profiles=profiles, limit=None)
    for evse in step.state.evses:
        step.change(evse.id, limit=None)


def _drop_ended(step: Step) -> None:
    """A TX profile ceases with its transaction (1.6 3.13.1; K02.FR.05)."""
    if not step.state.profiles.profiles:
        return
    running = {evse.record.transaction.id for evse in step.state.evses if evse.record.transaction is not None}
    bound = {one.profile.transaction_id for one in step.state.profiles.profiles} - {None}
    if not bound <= running:
        kept = step.state.profiles.without(lambda one: one.profile.transaction_id not in {None, *running})
        _put(step, kept)


def _is_past(step: Step, known: ScheduledLimit | None, transaction_id: str | None = None) -> bool:
    """It is of another transaction or another time; the clock may also have been set, forwards or back."""
    if known is None or (known.transaction_id, known.knew_time) != (transaction_id, step.now.wall_known):
        return True
    if step.now.mono_s >= known.due_s:
        return True  # the wall clock may lag behind: the due time is worked out anew
    return not known.since <= step.now.wall.timestamp() < known.limit.until


def _scheduled(step: Step, limit: Limit, transaction_id: str | None = None) -> ScheduledLimit:
    now = step.now.wall.timestamp()
    due_s = inf if limit.until == inf else step.now.mono_s + limit.until - now
    return ScheduledLimit(limit, since=now, due_s=due_s, knew_time=step.now.wall_known, transaction_id=transaction_id)


def _station_limit(step: Step) -> Limit:
    if not step.now.wall_known:
        # Nobody knows which period it is: none of them may be exceeded.
        return cautious_limit(step.state.profiles, evse_id=STATION, wiring=_grid(step))
    return _station_course(step)(step.now.wall.timestamp())


def _evse_limit(step: Step, evse: Evse, transaction_id: str | None) -> Limit:
    if not step.now.wall_known:
        wiring = _wiring(step, evse)
        return cautious_limit(step.state.profiles, evse_id=evse.id, wiring=wiring, transaction_id=transaction_id)
    return _evse_course(step, evse)(step.now.wall.timestamp())


def _wiring(step: Step, evse: Evse) -> Wiring:
    return Wiring(
        voltage_v=step.state.config.grid_voltage_v,
        phases=evse.config.phases,
        most_a=evse.config.max_current_a,
        can_drop_phases=evse.config.can_drop_phases,
    )


def _begin_of(tx: Transaction, now: Moment) -> float:
    """When it began by the clock as it is now set (POSIX seconds)."""
    if tx.started_at.boot == now.boot:
        return now.wall.timestamp() - (now.mono_s - tx.started_at.mono_s)
    return tx.started_at.wall.timestamp()


def _evse_course(step: Step, evse: Evse) -> LimitCourse:
    config, tx = step.state.config, evse.active_transaction
    return evse_limits(
        step.state.profiles,
        evse_id=evse.id,
        wiring=_wiring(step, evse),
        running=None if tx is None else Running(tx.id, _begin_of(tx, step.now)),
        zone=config.time_zone,
        now=step.now.wall.timestamp(),
    )


def _grid(step: Step) -> Wiring:
    config = step.state.config
    most_a = inf if config.grid_max_current_a is None else config.grid_max_current_a
    return Wiring(voltage_v=config.grid_voltage_v, phases=config.grid_phases, most_a=most_a)


def _total(step: Step) -> LimitCourse:
    """What the whole station expects to draw at most (1.6 5.7, errata 3.30)."""
    return total_limits(_station_course(step), [_evse_course(step, evse) for evse in step.state.evses])


def _station_course(step: Step) -> LimitCourse:
    return station_limits(step.state.profiles, wiring=_grid(step), zone=step.state.config.time_zone)
