from dataclasses import replace
from datetime import UTC, datetime

from agent.api.station_view import evse_statuses
from agent.api.views import EvseStatus
from agent.clock import Moment
from agent.station.connector import ConnectorStatus
from agent.station.device_model import DeviceModel
from agent.station.facts import ChargingState
from agent.station.faults import Fault
from agent.station.id_token import IdToken
from agent.station.pilot import PilotState
from agent.station.samples import Measurand, MeterSample, Quantity
from agent.station.state import Evse, EvseConfig, EvseRecord, StationConfig, initial_state
from agent.station.transaction import Transaction
from agent.units import Wh

THEN = Moment(wall=datetime(2026, 5, 4, 12, 0, tzinfo=UTC), mono_s=100.0, boot="b")
NOW = THEN.later(2.5)
CONFIG = EvseConfig(evse_id=1)
SAMPLE = MeterSample(
    evse_id=1,
    at=THEN,
    energy_wh=Wh(5_200),
    quantities=(
        Quantity(Measurand.CURRENT_IMPORT, 6.2, "A", phase="L2"),
        Quantity(Measurand.CURRENT_IMPORT, 6.1, "A", phase="L1"),
        Quantity(Measurand.VOLTAGE, 230, "V", phase="L1-N"),
        Quantity(Measurand.POWER_ACTIVE_IMPORT, 1_400, "W", phase="L1"),
        Quantity(Measurand.POWER_ACTIVE_IMPORT, 1_426, "W", phase="L2"),
    ),
)
TX = Transaction(
    id="tx-1",
    connector_id=1,
    started_at=THEN,
    next_seq_no=4,
    token=IdToken("04A1B2C3"),
    charging_state=ChargingState.CHARGING,
    begin_wh=Wh(5_000),
    register_wh=Wh(5_100),
)


def shown(evse: Evse) -> EvseStatus:
    """How one EVSE is shown while its pilot offers 6 A."""
    state = initial_state(StationConfig((CONFIG,)), DeviceModel.build(((1, (1,)),), {}))
    (status,) = evse_statuses(replace(state, evses=(evse,)), now=NOW, offered_a={1: 6.0})
    return status


def test_an_evse_that_has_reported_nothing_yet_is_shown_as_unknown() -> None:
    status = shown(Evse(config=CONFIG, record=EvseRecord(evse_id=1)))

    assert status == EvseStatus(id=1, connector_id=1, offered_a=6.0)


def test_a_charge_is_shown_with_its_energy_and_its_token_masked() -> None:
    evse = Evse(
        config=CONFIG,
        record=EvseRecord(evse_id=1, transaction=TX),
        pilot=PilotState.C,
        contactor_closed=True,
        sample=SAMPLE,
        permitted_a=6.0,
        status=ConnectorStatus.CHARGING,
    )

    status = shown(evse)

    assert status.transaction is not None
    assert (status.transaction.energy_wh, status.transaction.token) == (200, "...B2C3")
    assert status.transaction.seq_no == 4
    assert (status.plugged, status.limit_a, status.status) == (True, 6.0, ConnectorStatus.CHARGING)


def test_a_reading_is_shown_with_its_age_and_phases_in_order() -> None:
    meter = shown(Evse(config=CONFIG, record=EvseRecord(evse_id=1), sample=SAMPLE)).meter

    assert meter is not None
    assert (meter.age_s, meter.energy_wh, meter.power_w) == (2.5, 5_200, 2_826.0)
    assert (meter.current_a, meter.voltage_v) == ((6.1, 6.2), (230.0,))


def test_a_total_power_counts_more_than_the_sum_of_the_phases() -> None:
    total = Quantity(Measurand.POWER_ACTIVE_IMPORT, 2_830, "W")
    sample = replace(SAMPLE, quantities=(*SAMPLE.quantities, total))

    meter = shown(Evse(config=CONFIG, record=EvseRecord(evse_id=1), sample=sample)).meter

    assert meter is not None
    assert meter.power_w == 2_830.0


def test_without_a_meter_the_last_stored_register_tells_the_energy() -> None:
    evse = Evse(config=CONFIG, record=EvseRecord(evse_id=1, transaction=TX), faults=frozenset({Fault.POWER_METER}))

    status = shown(evse)

    assert status.transaction is not None
    assert status.transaction.energy_wh == 100
    assert status.faults == (Fault.POWER_METER,)


def test_an_evse_set_inoperative_shows_it() -> None:
    record = EvseRecord(evse_id=1, connector_operative=False)

    assert not shown(Evse(config=CONFIG, record=record)).operative
