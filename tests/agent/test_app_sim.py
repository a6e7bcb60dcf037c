"""The controls of a simulated station, on one that runs."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.app import Agent
from agent.app_sim import NotSimulated, simulation_of
from agent.assembly import make_plan
from agent.settings import parse_text
from agent.station.connector import ConnectorStatus
from agent.station.faults import Fault
from hil.csms.server import BenchCsms
from tests.fakes.running_station import RunningStation, StationFile, running_station

CARD = "04A1B2C3D4E5F6"


@pytest.fixture
async def station(tmp_path: Path) -> AsyncIterator[RunningStation]:
    file = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}))
    async with BenchCsms() as csms, running_station(csms, tmp_path / "data", file=file) as running:
        yield running


async def test_a_car_comes_and_goes_at_its_own_evse(station: RunningStation) -> None:
    station.person.plug_in(2)
    await station.until_status(ConnectorStatus.PREPARING, evse_id=2)
    other = station.status(1)
    station.person.unplug(2)
    await station.until_status(ConnectorStatus.AVAILABLE, evse_id=2)

    assert other is ConnectorStatus.AVAILABLE


async def test_the_car_changes_only_in_what_is_named(station: RunningStation) -> None:
    before = station.person.view(1)

    station.person.set_ev(1, wants_energy=False, soc_percent=12.5)

    after = station.person.view(1)
    assert (after.wants_energy, after.soc_percent) == (False, 12.5)
    assert after.plugged == before.plugged
    assert station.person.view(2) == before


async def test_a_fault_begins_and_ends(station: RunningStation) -> None:
    station.person.set_fault(1, "GroundFailure", active=True)
    await station.until(lambda: station.faults(1) == {Fault.GROUND_FAILURE})
    station.person.set_fault(1, "GroundFailure", active=False)
    await station.until(lambda: not station.faults(1))

    assert not station.faults(2)


async def test_a_card_starts_a_charge_and_is_not_told_whole_to_the_log(
    station: RunningStation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    station.person.plug_in(1)
    await station.until_status(ConnectorStatus.PREPARING)

    station.person.present_token(CARD)

    await station.until_status(ConnectorStatus.CHARGING)
    (record,) = (one for one in caplog.records if one.getMessage() == "card presented")
    assert CARD not in str(record.__dict__["evse_values"]["token"])
    station.person.unplug(1)


async def test_the_network_cable_is_pulled_and_plugged(station: RunningStation) -> None:
    station.person.set_network(online=False)
    await station.bench.wait_disconnected()
    await station.until(lambda: not station.agent.link.is_online)
    station.person.set_network(online=True)

    await station.until(lambda: station.agent.link.is_online)


async def test_an_evse_that_is_not_there_and_a_car_that_cannot_be_are_refused(station: RunningStation) -> None:
    with pytest.raises(NotSimulated):
        station.person.plug_in(9)
    with pytest.raises(NotSimulated):
        station.person.view(0)
    with pytest.raises(ValueError, match="soc_percent"):
        station.person.set_ev(1, soc_percent=101)
    with pytest.raises(ValueError, match="NoSuchFault"):
        station.person.set_fault(1, "NoSuchFault", active=True)


async def test_a_station_with_one_real_part_has_no_such_controls(tmp_path: Path) -> None:
    real = {"driver": "sim", "meter": {"driver": "modbus-meter", "map": "eastron-sdm630", "host": "127.0.0.1"}}
    text = StationFile(evses=(real,)).text("ws://127.0.0.1:9/ocpp", folder=tmp_path)
    agent = await Agent.build(make_plan(parse_text(text)), data_dir=tmp_path)

    controls = simulation_of(agent)

    assert controls is None
    agent.stop()
    await agent.run()
