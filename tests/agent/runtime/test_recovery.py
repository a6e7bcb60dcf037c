"""Waking up: what was committed before the process died is what the station knows afterwards."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.runtime.recovery import wake, with_stored
from agent.station.commands import Outcome, SetVariables, VariableAssignment
from agent.station.device_model import DeviceModel, VariableKey
from agent.station.effects import PermitEnergy, Record
from agent.station.events import ContactorMoved, MeterSampled, PilotChanged, StationStarted
from agent.station.facts import StopReason, TransactionEnded
from agent.station.pilot import PilotState
from agent.station.samples import MeterSample
from agent.station.standard_variables import HEARTBEAT_INTERVAL, RESUMPTION_TIMEOUT
from agent.station.state import EvseConfig, EvseRecord, StationConfig, StationRecord
from agent.station.station import Station
from agent.station.transaction import Transaction
from agent.store.store import Changes, Store
from agent.units import Wh
from tests.agent.smart_charging.profiles import periods, set_of, tx_default
from tests.agent.store.builders import NOW
from tests.fakes.fast_time import LoopClock
from tests.fakes.linked_station import linked_station

EVSES = ((1, (1,)), (2, (1,)))
CONFIG = StationConfig(evses=(EvseConfig(evse_id=1), EvseConfig(evse_id=2)))
CHARGING = Transaction(
    id="tx-1", connector_id=1, started_at=NOW, next_seq_no=7, begin_wh=Wh(100), register_wh=Wh(900), register_at=NOW
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "agent.db")
    yield opened
    await opened.close()


async def awake(store: Store, *, config: StationConfig = CONFIG, resumption_s: int = 600) -> Station:
    model = DeviceModel.build(EVSES, {RESUMPTION_TIMEOUT: str(resumption_s)})
    return await wake(store, config, model, new_id=lambda: "tx-new")


def shown(station: Station, *, plugged: bool = True) -> list[object]:
    """Power comes back five seconds later and the hardware of EVSE 1 shows itself; everything that follows."""
    now = NOW.later(5)
    pilot = PilotState.C if plugged else PilotState.A
    events = (
        StationStarted(),
        PilotChanged(1, pilot),
        ContactorMoved(1, closed=False),
        MeterSampled(MeterSample(1, now, Wh(900), ())),
    )
    return [effect for event in events for effect in station.handle(event, now)]


async def test_a_new_station_knows_nothing(store: Store) -> None:
    state = (await awake(store)).state

    assert [evse.id for evse in state.evses] == [1, 2]
    assert all(evse.record == EvseRecord(evse.id) for evse in state.evses)
    assert state.record == StationRecord()


async def test_what_was_committed_is_what_the_station_knows(store: Store) -> None:
    profiles = set_of(tx_default(steps=periods((0, 16.0), (60, 8.1), phases=1)), tx_default(number=2, evse_id=2))
    records = {
        "station": StationRecord(operative=False, accepted=True),
        "profiles": profiles,
        "evse/1": EvseRecord(1, transaction=CHARGING),
        "evse/2": EvseRecord(2, evse_operative=False),
    }
    await store.commit(Changes(moment=NOW, records=records))

    state = (await awake(store)).state

    assert state.record == records["station"]
    assert state.profiles == profiles
    assert [evse.record for evse in state.evses] == [records["evse/1"], records["evse/2"]]


async def test_an_interrupted_transaction_goes_on_where_the_same_car_still_stands(store: Store) -> None:
    await store.commit(Changes(moment=NOW, records={"evse/1": EvseRecord(1, transaction=CHARGING)}))
    station = await awake(store)

    effects = shown(station)

    assert not [one for one in effects if isinstance(one, Record) and isinstance(one.fact, TransactionEnded)]
    evse = station.state.evse(1)
    assert evse is not None
    assert evse.record.transaction is not None
    assert evse.record.transaction.id == "tx-1"


@pytest.mark.parametrize(("resumption_s", "plugged"), [(0, True), (600, False)])
async def test_an_interrupted_transaction_ends_where_it_may_not_go_on(
    store: Store, resumption_s: int, plugged: bool
) -> None:
    await store.commit(Changes(moment=NOW, records={"evse/1": EvseRecord(1, transaction=CHARGING)}))
    station = await awake(store, resumption_s=resumption_s)

    effects = shown(station, plugged=plugged)

    (ended,) = (one.fact for one in effects if isinstance(one, Record) and isinstance(one.fact, TransactionEnded))
    assert (ended.transaction_id, ended.seq_no, ended.register_wh) == ("tx-1", 7, 900)
    assert ended.stop_reason is StopReason.POWER_LOSS
    assert not [one for one in effects if isinstance(one, PermitEnergy)]


async def test_an_open_transaction_is_told_to_the_operator(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await store.commit(Changes(moment=NOW, records={"evse/1": EvseRecord(1, transaction=CHARGING)}))

    await awake(store)

    values = [one.__dict__["evse_values"] for one in caplog.records if one.getMessage() == "open transaction found"]
    assert values == [{"evse": 1, "transaction": "tx-1", "register_wh": 900}]


async def test_a_transaction_of_an_evse_that_is_gone_is_an_error_and_is_kept(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    await store.commit(Changes(moment=NOW, records={"evse/2": EvseRecord(2, transaction=CHARGING)}))

    only_one = StationConfig(evses=(EvseConfig(evse_id=1),))
    await awake(store, config=only_one)
    again = (await awake(store)).state.evse(2)

    assert [one.levelno for one in caplog.records if "gone from station.yaml" in one.getMessage()] == [logging.ERROR]
    assert again is not None
    assert again.record.transaction == CHARGING


async def test_what_the_csms_has_set_counts_more_than_station_yaml(store: Store) -> None:
    await store.commit(Changes(moment=NOW, variables=[(HEARTBEAT_INTERVAL, "77")]))

    state = (await awake(store)).state

    assert state.model.integer(HEARTBEAT_INTERVAL) == 77


def test_stored_variables_this_version_cannot_use_are_left_out_and_their_values_are_not_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    password = VariableKey("SecurityCtrlr", "BasicAuthPassword")
    secret = "hidden-" * 100
    stored = {
        VariableKey("OldCtrlr", "Gone"): "5",
        VariableKey("OCPPCommCtrlr", "HeartbeatInterval"): "often",
        password: secret,
        RESUMPTION_TIMEOUT: "60",
    }

    model = with_stored(DeviceModel.build(EVSES), stored)

    assert model.integer(RESUMPTION_TIMEOUT) == 60
    told = [one.__dict__["evse_values"]["variable"] for one in caplog.records]
    assert told[:2] == ["OldCtrlr.Gone", "OCPPCommCtrlr.HeartbeatInterval"]
    assert all("hidden" not in str(one.__dict__["evse_values"]) for one in caplog.records)


async def test_a_variable_set_over_the_wire_outlives_the_process(tmp_path: Path) -> None:
    async with linked_station(tmp_path) as station:
        await station.until_online()
        answer = await station.runner.ask(SetVariables((VariableAssignment(HEARTBEAT_INTERVAL, "1234"),)))

    async with linked_station(tmp_path, clock=lambda: LoopClock(boot="boot-2")) as station:
        kept = station.runner.state.model.integer(HEARTBEAT_INTERVAL)
        await asyncio.sleep(0)

    assert "Accepted" in str(answer) or Outcome.ACCEPTED in str(answer)
    assert kept == 1234
