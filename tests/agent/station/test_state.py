"""The station's state: what survives, and what follows from it."""

from agent.station.device_model import DeviceModel
from agent.station.faults import Fault
from agent.station.state import Evse, EvseConfig, EvseRecord, StationConfig, StationRecord, initial_state

CONFIG = StationConfig(evses=(EvseConfig(evse_id=1), EvseConfig(evse_id=2)))
MODEL = DeviceModel.build(((1, (1,)), (2, (1,))), {})


def test_stored_records_come_back_and_those_of_vanished_evses_do_not() -> None:
    records = (EvseRecord(evse_id=2, finished=True), EvseRecord(evse_id=7, finished=True))

    state = initial_state(CONFIG, MODEL, record=StationRecord(accepted=True), evse_records=records)

    assert [evse.record.finished for evse in state.evses] == [False, True]
    assert state.record.accepted
    assert state.evse(7) is None


def test_an_evse_is_operative_only_with_its_station_and_connector() -> None:
    for record, station in (
        (EvseRecord(evse_id=1, evse_operative=False), StationRecord()),
        (EvseRecord(evse_id=1, connector_operative=False), StationRecord()),
        (EvseRecord(evse_id=1), StationRecord(operative=False)),
    ):
        state = initial_state(CONFIG, MODEL, record=station, evse_records=(record,))
        assert not state.is_operative(state.evses[0])
    state = initial_state(CONFIG, MODEL)
    assert state.is_operative(state.evses[0])


def test_the_fault_to_name_is_the_one_that_keeps_the_evse_out_of_service() -> None:
    faults = frozenset({Fault.READER, Fault.UNDER_VOLTAGE})
    evse = Evse(config=CONFIG.evses[0], record=EvseRecord(evse_id=1), faults=faults)

    assert evse.worst_fault is Fault.UNDER_VOLTAGE
    assert evse.faulted
    assert evse.powerless


def test_a_dead_meter_is_a_fault_also_where_charges_may_go_on_without_it() -> None:
    config = EvseConfig(evse_id=1, energy_without_meter=True)
    evse = Evse(config=config, record=EvseRecord(evse_id=1), faults=frozenset({Fault.POWER_METER}))

    assert evse.faulted
    assert not evse.powerless
    assert not evse.ends_transaction(Fault.POWER_METER)
