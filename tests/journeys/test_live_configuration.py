"""What the CSMS changes counts at once, in the middle of a charge and without a restart."""

from itertools import pairwise
from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from hil.csms.tokens import Token
from tests.fakes.running_station import CARD, RunningStation, StationFile, running_station
from tests.journeys.dialects import DIALECTS, Dialect, outcome


async def test_the_heartbeat_follows_its_interval(station: RunningStation, dialect: Dialect) -> None:
    changed = await dialect.change("HeartbeatInterval", "OCPPCommCtrlr.HeartbeatInterval", "20").to(station.bench)

    station.bench.skip_to_now()
    beats = [await station.bench.expect_message("Heartbeat") for _ in range(3)]

    assert outcome(changed) == "Accepted"
    # Real time: the station's runs a hundred times as fast.
    gaps_s = [(later.at - earlier.at).total_seconds() for earlier, later in pairwise(beats)]
    assert all(0.15 <= gap_s <= 2.0 for gap_s in gaps_s)


async def test_the_interval_of_the_boot_answer_is_the_heartbeats(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    csms.desk.heartbeat_interval_s = 30
    async with running_station(csms, data_dir) as station:
        await station.bench.expect("Heartbeat")
        if dialect.is_16:
            told = await station.bench.call("GetConfiguration", {"key": ["HeartbeatInterval"]})
            assert told["configurationKey"][0]["value"] == "30"
        await station.bench.expect("Heartbeat")


async def test_measurands_change_in_the_middle_of_a_charge(station: RunningStation, dialect: Dialect) -> None:
    await station.charge(more_wh=20)

    key, variable = "MeterValuesSampledData", "SampledDataCtrlr.TxUpdatedMeasurands"
    await dialect.change(key, variable, "Energy.Active.Import.Register,Voltage").to(station.bench)
    station.bench.skip_to_now()
    told = await station.bench.expect(
        dialect.sampled, where=lambda message: "Voltage" in str(message) and "Power" not in str(message)
    )

    assert "Sample.Periodic" in str(told)
    await station.leave()


@pytest.mark.parametrize("dialect", [DIALECTS["ocpp2.0.1"]], ids=["ocpp2.0.1"])  # 1.6 has no stop points
async def test_a_stop_point_changes_in_the_middle_of_a_charge(station: RunningStation, dialect: Dialect) -> None:
    await station.charge(more_wh=20)
    await dialect.change("", "TxCtrlr.TxStopPoint", "EnergyTransfer").to(station.bench)

    station.evse().set_ev(wants_energy=False)
    ended = await dialect.ended(station.bench)

    assert dialect.stopped_reason(ended) == "StoppedByEV"
    station.person.unplug(1)


async def test_who_may_charge_offline_changes_at_once(station: RunningStation, dialect: Dialect) -> None:
    key, variable = "LocalAuthorizeOffline", "AuthCtrlr.LocalAuthorizeOffline"
    station.csms.desk.tokens.put(CARD, Token())
    await station.charge(more_wh=10)
    await station.leave()
    await station.until_told()
    await dialect.change(key, variable, "false").to(station.bench)
    await station.csms.stop_listening()
    await station.until(lambda: not station.agent.runner.state.online)

    station.person.plug_in(1)
    await station.until_status(ConnectorStatus.PREPARING)
    station.person.present_token(CARD)
    await station.pass_time(10)

    assert station.transaction() is None
    station.person.unplug(1)
    await station.csms.listen_again()
    await station.until_online()


async def test_what_was_changed_outlives_a_restart(csms: BenchCsms, dialect: Dialect, data_dir: Path) -> None:
    async with running_station(csms, data_dir) as station:
        await dialect.change("ConnectionTimeOut", "TxCtrlr.EVConnectionTimeOut", "20").to(station.bench)
    csms.prepare("CP001").skip_to_now()

    async with running_station(
        csms, data_dir, file=StationFile(variables={"TxCtrlr.EVConnectionTimeOut": "9000"})
    ) as station:
        await dialect.status(station.bench, "Available")
        station.person.present_token(CARD)
        await dialect.status(station.bench, "Preparing")
        await dialect.status(station.bench, "Available", timeout_s=5)
