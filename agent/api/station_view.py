"""The station's state as the local API shows it: a pure projection."""

from collections.abc import Mapping

from agent.api.views import EvseStatus, MeterStatus, TransactionStatus
from agent.clock import Moment
from agent.station.samples import Measurand, MeterSample
from agent.station.state import Evse, StationState, age_s
from agent.station.transaction import Transaction


def evse_statuses(state: StationState, *, now: Moment, offered_a: Mapping[int, float | None]) -> tuple[EvseStatus, ...]:
    """Every EVSE; `offered_a` is what each pilot offers per phase, by EVSE id, None or left out for nothing."""
    return tuple(
        EvseStatus(
            id=evse.id,
            connector_id=evse.config.connector_ids[0],
            status=evse.status,
            operative=state.is_operative(evse),
            plugged=evse.plugged,
            pilot=evse.pilot,
            contactor_closed=evse.contactor_closed,
            limit_a=evse.permitted_a,
            offered_a=offered_a.get(evse.id),
            transaction=_transaction(evse.record.transaction, evse),
            meter=_meter(evse.sample, now),
            faults=tuple(sorted(evse.faults)),
        )
        for evse in state.evses
    )


def _transaction(tx: Transaction | None, evse: Evse) -> TransactionStatus | None:
    if tx is None:
        return None
    register_wh = evse.sample.energy_wh if evse.sample is not None else tx.register_wh
    return TransactionStatus(
        id=tx.id,
        since=tx.started_at.wall,
        charging_state=tx.charging_state,
        token=tx.token.masked() if tx.token is not None else None,
        energy_wh=register_wh - tx.begin_wh if register_wh is not None and tx.begin_wh is not None else None,
        seq_no=tx.next_seq_no,
    )


def _meter(sample: MeterSample | None, now: Moment) -> MeterStatus | None:
    if sample is None:
        return None
    power_w = _phases(sample, Measurand.POWER_ACTIVE_IMPORT)
    total_w = [
        each.value
        for each in sample.quantities
        if each.measurand is Measurand.POWER_ACTIVE_IMPORT and each.phase is None
    ]
    return MeterStatus(
        energy_wh=sample.energy_wh,
        age_s=round(max(0.0, age_s(sample, now)), 3),
        power_w=float(total_w[0]) if total_w else sum(power_w) if power_w else None,
        current_a=_phases(sample, Measurand.CURRENT_IMPORT),
        voltage_v=_phases(sample, Measurand.VOLTAGE),
    )


def _phases(sample: MeterSample, measurand: Measurand) -> tuple[float, ...]:
    """The values that belong to a phase, in the order of the phases' names."""
    found = [each for each in sample.quantities if each.measurand is measurand and each.phase is not None]
    return tuple(float(each.value) for each in sorted(found, key=lambda each: each.phase or ""))
