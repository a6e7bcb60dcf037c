"""Who of the EVSEs may draw how much: the grid's limit shared, each one's own devices heeded."""

from dataclasses import replace
from math import isinf

from agent.smart_charging.share import MINIMUM_CURRENT_A, share
from agent.station.charging_profiles import follow_profiles
from agent.station.effects import LockConnector, PermitEnergy, WithdrawEnergy
from agent.station.state import Evse, StationState
from agent.station.step import Step


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
    wishes = {evse.id: _wish_a(evse) for evse in step.state.evses if is_entitled(evse)}
    shares = share(wishes, grid_max_current_a=grid_limit_a(step.state))
    # Lower before raising, so that the sum stays within the limit at every moment.
    for evse in sorted(step.state.evses, key=lambda evse: shares.get(evse.id, 0.0) - (evse.permitted_a or 0.0)):
        limit_a = shares.get(evse.id)
        is_denied = limit_a is None and evse.id in wishes
        if is_denied and wishes[evse.id] < MINIMUM_CURRENT_A and evse.permitted_a is not None:
            limit_a = 0.0  # a pause: the EV has time to leave C before the contactor opens
        if is_denied != evse.supply_denied:
            step.change(evse.id, supply_denied=is_denied)
        if limit_a == evse.permitted_a:
            continue
        step.change(evse.id, permitted_a=limit_a)
        if limit_a is None:
            step.emit(WithdrawEnergy(evse.id))
            continue
        tx = evse.record.transaction
        if tx is not None and tx.offered_at_s is None:
            step.change_record(evse.id, transaction=replace(tx, offered_at_s=step.now.mono_s))
        if evse.config.has_lock and not evse.locked:
            step.emit(LockConnector(evse.id))
            step.change(evse.id, locked=True)
        step.emit(PermitEnergy(evse.id, limit_a))


def _wish_a(evse: Evse) -> float:
    """The most this EVSE may draw per phase: by its wiring, its own devices and its charging profiles."""
    most_a = evse.config.max_current_a if evse.limit is None else evse.limit.limit.amperes
    return most_a if evse.derated_to_a is None else min(most_a, evse.derated_to_a)


def grid_limit_a(state: StationState) -> float | None:
    """What all EVSEs share, per phase; None where nothing limits it."""
    known = state.limit
    most_a = state.config.grid_max_current_a if known is None else known.limit.amperes
    return None if most_a is None or isinf(most_a) else most_a
