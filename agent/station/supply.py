"""Who of the EVSEs may draw how much: the grid's limit shared, each one's own limits heeded, lowered before raised."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from math import inf, isinf

from agent.smart_charging.share import MINIMUM_CURRENT_A, Claim, Policy, room_a, share
from agent.station.charging_profiles import follow_profiles
from agent.station.effects import LockConnector, PermitEnergy, WithdrawEnergy
from agent.station.phase_rotation import grid_phases
from agent.station.standard_variables import CONNECTOR_PHASE_ROTATION
from agent.station.state import Evse, StationState
from agent.station.step import Step

EASE_S = 5.0
"""An EV follows a lowered PWM within five seconds (IEC 61851-1 annex A); until then it may draw what it drew."""
TRIFLE_A = 0.01


def is_entitled(evse: Evse) -> bool:
    """Whether energy is due here: a recorded transaction, authorized, plugged, no fault."""
    tx = evse.active_transaction
    return (
        tx is not None
        and not tx.suspended
        and evse.record.grant is not None
        and evse.plugged
        and not evse.powerless
        and evse.interrupted_until_s is None
    )


def share_supply(step: Step) -> None:
    """Permit what is due to each EVSE now, and withdraw what is not."""
    follow_profiles(step)
    for evse in step.state.evses:
        _ease(step, evse)
    claims = {evse.id: _claim(step.state, evse) for evse in step.state.evses}
    capacity_a = grid_limit_a(step.state)
    shares = _shares(tuple(claims.values()), capacity_a, step.state.config.sharing)
    for evse in step.state.evses:
        if shares.get(evse.id, 0.0) < (evse.permitted_a or 0.0) or evse.id not in shares:
            _lower(step, evse, shares.get(evse.id), wish_a=claims[evse.id].most_a)
    for evse in step.state.evses:
        if evse.id in shares and shares[evse.id] != evse.permitted_a:
            others = [claim for claim in claims.values() if claim.evse_id != evse.id]
            draws_a = {one.id: one.may_draw_a for one in step.state.evses}
            room = room_a(claims[evse.id], others, draws_a, capacity_a=capacity_a)
            _raise(step, step.evse(evse.id), shares[evse.id], room=room)


@lru_cache(maxsize=8)  # asked at every event, and most events leave the claims as they were
def _shares(claims: tuple[Claim, ...], capacity_a: float | None, policy: Policy) -> Mapping[int, float]:
    return share(claims, capacity_a=capacity_a, policy=policy)


def grid_limit_a(state: StationState) -> float | None:
    """What all EVSEs share, per phase; None where nothing limits it."""
    known = state.limit
    most_a = state.config.grid_max_current_a if known is None else known.limit.amperes
    return None if most_a is None or isinf(most_a) else most_a


def supply_dues_s(state: StationState, evse: Evse) -> Iterator[float]:
    """When current may become free for others, or a pause be over (monotonic)."""
    if evse.eased_by_s is not None and grid_limit_a(state) is not None:
        yield evse.eased_by_s
    resume_s = _resume_due_s(state, evse)
    if resume_s is not None:
        yield resume_s


def _resume_due_s(state: StationState, evse: Evse) -> float | None:
    """Until when a pause lasts at least (monotonic); None outside of a pause."""
    return None if evse.paused_at_s is None else evse.paused_at_s + state.config.min_pause_s


def _claim(state: StationState, evse: Evse) -> Claim:
    tx = evse.active_transaction
    number = sum(len(one.config.connector_ids) for one in state.evses if one.id < evse.id) + 1
    return Claim(
        evse.id,
        most_a=_wish_a(evse) if is_entitled(evse) else 0.0,
        phases=grid_phases(state.model.text(CONNECTOR_PHASE_ROTATION), connector=number, phases=evse.config.phases),
        since=0.0 if tx is None else tx.started_at.wall.timestamp(),
        priority=evse.config.priority,
    )


def _wish_a(evse: Evse) -> float:
    """The most this EVSE may draw per phase: by its wiring, its own devices and its charging profiles."""
    most_a = evse.config.max_current_a if evse.limit is None else evse.limit.limit.amperes
    return most_a if evse.derated_to_a is None else min(most_a, evse.derated_to_a)


def _ease(step: Step, evse: Evse) -> None:
    """Note what may still be drawn: what was permitted before, until the EV has followed or the contactor is open."""
    resume_s = _resume_due_s(step.state, evse)
    if resume_s is not None and step.now.mono_s >= resume_s:
        step.change(evse.id, paused_at_s=None)
    permitted_a = evse.permitted_a or 0.0
    if permitted_a >= evse.may_draw_a or not evse.contactor_closed:
        may_draw_a, eased_by_s = permitted_a, None
    elif not permitted_a:
        may_draw_a, eased_by_s = evse.may_draw_a, inf  # the contactor opens; how soon, its port sees to
    elif evse.eased_by_s is None:
        may_draw_a, eased_by_s = evse.may_draw_a, step.now.mono_s + EASE_S
    elif step.now.mono_s >= evse.eased_by_s:
        may_draw_a, eased_by_s = permitted_a, None
    else:
        return
    if (may_draw_a, eased_by_s) != (evse.may_draw_a, evse.eased_by_s):
        step.change(evse.id, may_draw_a=may_draw_a, eased_by_s=eased_by_s)


def _lower(step: Step, evse: Evse, limit_a: float | None, *, wish_a: float) -> None:
    """Less than is permitted now, or nothing."""
    is_denied = limit_a is None and is_entitled(evse)
    if is_denied and wish_a < MINIMUM_CURRENT_A and evse.permitted_a is not None:
        limit_a = 0.0  # a pause: the EV has time to leave C before the contactor opens
    if is_denied != evse.supply_denied:
        step.change(evse.id, supply_denied=is_denied)
    if not is_entitled(evse):
        step.change(evse.id, paused_at_s=None)
    elif is_denied and evse.is_permitted:
        step.change(evse.id, paused_at_s=step.now.mono_s)
    if limit_a == evse.permitted_a:
        return
    # Lowered again while it still follows: it may draw the first until it has followed the last.
    changed = step.change(evse.id, permitted_a=limit_a, eased_by_s=None)
    step.emit(WithdrawEnergy(evse.id) if limit_a is None else PermitEnergy(evse.id, limit_a))
    _ease(step, changed)


def _raise(step: Step, evse: Evse, limit_a: float, *, room: float) -> None:
    """As much of its share as the others have left by now; the rest comes once they have followed."""
    resume_s = _resume_due_s(step.state, evse)
    if resume_s is not None and step.now.mono_s < resume_s:
        return
    allowed_a = limit_a if room >= limit_a - TRIFLE_A else room
    if allowed_a < MINIMUM_CURRENT_A or allowed_a == evse.permitted_a:
        return
    if evse.is_permitted and allowed_a < (evse.permitted_a or 0.0) + TRIFLE_A:
        return
    evse = step.change(
        evse.id,
        permitted_a=allowed_a,
        may_draw_a=max(evse.may_draw_a, allowed_a),
        supply_denied=False,
        paused_at_s=None,
    )
    tx = evse.record.transaction
    if tx is not None and tx.offered_at_s is None:
        step.change_record(evse.id, transaction=replace(tx, offered_at_s=step.now.mono_s))
    if evse.config.has_lock and not evse.locked:
        step.emit(LockConnector(evse.id))
        step.change(evse.id, locked=True)
    step.emit(PermitEnergy(evse.id, allowed_a))
