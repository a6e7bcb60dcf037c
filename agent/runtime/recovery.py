"""Waking up: the station's state from what was committed, and the model from defaults, station.yaml and the CSMS."""

from collections.abc import Callable, Mapping

from agent.log import get_logger
from agent.smart_charging.stack import ProfileSet
from agent.station.device_model import DeviceModel, VariableKey
from agent.station.state import EvseRecord, StationConfig, StationRecord, StationState, initial_state
from agent.station.station import Station
from agent.store.store import Store

log = get_logger(__name__)

RECORD_TYPES: Mapping[str, type] = {"station": StationRecord, "evse": EvseRecord, "profiles": ProfileSet}


async def wake(store: Store, config: StationConfig, model: DeviceModel, *, new_id: Callable[[], str]) -> Station:
    """The station as it was at the last commit. Raises StoreError."""
    records = await store.load_records(RECORD_TYPES)
    station, profiles = records.get("station"), records.get("profiles")
    evses = [record for record in records.values() if isinstance(record, EvseRecord)]
    state = initial_state(
        config,
        with_stored(model, await store.load_variables()),
        record=station if isinstance(station, StationRecord) else None,
        evse_records=tuple(evses),
        profiles=profiles if isinstance(profiles, ProfileSet) else None,
    )
    _tell(state, evses)
    return Station(state, new_id=new_id)


def with_stored(model: DeviceModel, stored: Mapping[VariableKey, str]) -> DeviceModel:
    """What a CSMS has set counts more than station.yaml; what this version does not know any more is left out."""
    for key, value in stored.items():
        try:
            model = model.with_value(key, value)
        except ValueError as error:
            log.warning("stored variable left out", variable=f"{key.component}.{key.variable}", why=error)
    return model


def _tell(state: StationState, stored: list[EvseRecord]) -> None:
    for evse in state.evses:
        tx = evse.record.transaction
        if tx is not None:
            log.info("open transaction found", evse=evse.id, transaction=tx.id, register_wh=tx.register_wh)
    known = {evse.id for evse in state.evses}
    for record in stored:
        if record.evse_id not in known and record.transaction is not None:
            log.error("open transaction of an EVSE that is gone from station.yaml", evse=record.evse_id)
