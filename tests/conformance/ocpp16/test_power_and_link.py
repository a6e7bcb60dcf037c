"""Cases of the OCA's test specification for 1.6, by their ids: power failures, offline, faults.

Covered: 032_1, 032_2, 034, 036, 037_1 to 037_3, 038, 039, 041. By 1.6 a charge that a power failure cut may be
stopped at its wake-up (032_1) or taken up again (032_2): both are configured here.
"""

from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from hil.csms.tokens import Token
from tests.conformance.ocpp16.words import changed, started, status, stopped, undecided
from tests.fakes.running_station import (
    CARD,
    SPEED,
    RunningStation,
    StationFile,
    assert_flawless,
    close_books,
    running_station,
)

OTHER_CARD = "CARD-0002"


async def _go_offline(station: RunningStation) -> None:
    await station.csms.stop_listening()
    await station.until(lambda: not station.agent.runner.state.online)


async def _come_back(station: RunningStation) -> None:
    await station.csms.listen_again()
    await station.until_online()


async def test_tc_032_1_cs_power_failure_stops_the_transaction(csms: BenchCsms, tmp_path: Path) -> None:
    clock, file = SystemClock(speed=SPEED), StationFile(keeps_car=True)
    async with running_station(csms, tmp_path, file=file, clock=clock) as station:
        await station.charge(more_wh=20)
        await station.until_told()

    async with running_station(csms, tmp_path, file=file, clock=clock) as station:
        stop = await stopped(station)
        await station.leave()
        await close_books(station)

    assert stop["reason"] == "PowerLoss"


async def test_tc_032_2_cs_power_failure_the_transaction_goes_on(csms: BenchCsms, tmp_path: Path) -> None:
    clock = SystemClock(speed=SPEED)
    file = StationFile(keeps_car=True, variables={"TxCtrlr.ResumptionTimeout": "3600"})
    async with running_station(csms, tmp_path, file=file, clock=clock) as station:
        await station.charge(more_wh=20)
        await station.until_told()
    csms.prepare("CP001").skip_to_now()

    async with running_station(csms, tmp_path, file=file, clock=clock) as station:
        await status(station, "Charging")
        await station.until_metered(20)
        await station.leave()
        await close_books(station)

    assert len(csms.ledger.transactions) == 1


async def test_tc_034_cs_power_failure_with_unavailable_status(csms: BenchCsms, tmp_path: Path) -> None:
    async with running_station(csms, tmp_path) as station:
        await station.bench.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
        await status(station, "Unavailable")
    csms.prepare("CP001").skip_to_now()

    async with running_station(csms, tmp_path) as station:
        await station.bench.expect("BootNotification")
        await status(station, "Available", connector=0)
        await status(station, "Unavailable")
    assert_flawless(csms)


async def test_tc_036_cs_connection_loss_during_a_transaction(station: RunningStation) -> None:
    await changed(station, MeterValueSampleInterval="10")
    await station.charge(more_wh=20)
    await station.until_told()
    before = len(station.csms.ledger.transactions[0].readings)

    await _go_offline(station)
    await station.until_metered(150)
    await _come_back(station)
    await station.until_told()

    assert len(station.csms.ledger.transactions[0].readings) >= before + 2
    assert station.status() is ConnectorStatus.CHARGING
    await station.leave()


async def test_tc_037_1_cs_offline_start_with_a_valid_tag(csms: BenchCsms, tmp_path: Path) -> None:
    file = StationFile(variables={"AllowOfflineTxForUnknownId": "true"})
    async with running_station(csms, tmp_path, file=file) as station:
        await _go_offline(station)
        await station.charge(more_wh=20)
        await _come_back(station)
        start = await started(station)
        await station.until_told()
        await station.until_metered(20)

        assert start["idTag"] == CARD
        assert station.status() is ConnectorStatus.CHARGING
        await station.leave()
        await close_books(station)


@pytest.mark.parametrize("stops", ["false", "true"], ids=["tc_037_2_cs", "tc_037_3_cs"])
async def test_offline_start_with_an_invalid_tag(csms: BenchCsms, tmp_path: Path, stops: str) -> None:
    variables = {
        "AllowOfflineTxForUnknownId": "true",
        "StopTransactionOnInvalidId": stops,
        "MaxEnergyOnInvalidId": "0",
    }
    async with running_station(csms, tmp_path, file=StationFile(variables=variables)) as station:
        csms.desk.tokens.put(CARD, Token("Invalid"))
        await _go_offline(station)
        await station.charge(more_wh=20)
        await _come_back(station)
        await started(station)

        if stops == "true":
            stop = await stopped(station)
            assert stop["reason"] == "DeAuthorized"
        else:
            await status(station, "SuspendedEVSE")
            await station.until(lambda: not station.evse().view().contactor_closed)
            assert station.transaction() is not None
        await station.leave()
        await close_books(station)


async def test_tc_038_cs_offline_stop_of_a_transaction(station: RunningStation) -> None:
    await station.charge(more_wh=20)
    await station.until_told()

    await _go_offline(station)
    station.person.present_token(CARD)
    await station.until(lambda: station.transaction() is None)
    station.person.unplug(1)
    await _come_back(station)
    stop = await stopped(station)

    assert stop.get("reason", "Local") == "Local"
    assert stop["idTag"] == CARD


async def test_tc_039_cs_offline_transaction(csms: BenchCsms, tmp_path: Path) -> None:
    file = StationFile(variables={"AllowOfflineTxForUnknownId": "true"})
    async with running_station(csms, tmp_path, file=file) as station:
        await _go_offline(station)
        await station.charge(more_wh=20)
        station.person.present_token(CARD)
        await station.until(lambda: station.transaction() is None)
        station.person.unplug(1)
        await _come_back(station)
        start, stop = await started(station), await stopped(station)
        await close_books(station)

    assert start["timestamp"] < stop["timestamp"]
    assert start["meterStart"] < stop["meterStop"]


async def test_offline_a_tag_that_nobody_knows_is_refused(station: RunningStation) -> None:
    await changed(station, AllowOfflineTxForUnknownId="false")
    await _go_offline(station)
    station.person.plug_in(1)
    await station.until_status(ConnectorStatus.PREPARING)

    station.person.present_token(OTHER_CARD)
    await station.pass_time(5)
    await undecided(station)

    assert station.transaction() is None
    station.person.unplug(1)
    await _come_back(station)


async def test_tc_041_cs_fault_behaviour(station: RunningStation) -> None:
    station.person.set_fault(1, "HighTemperature", active=True)
    faulted = await status(station, "Faulted")
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await undecided(station)
    remote = await station.bench.call("RemoteStartTransaction", {"idTag": CARD, "connectorId": 1})
    assert remote["status"] == "Rejected"
    assert station.bench.messages.calls("StartTransaction") == []
    station.person.set_fault(1, "HighTemperature", active=False)
    recovered = await status(station, "Available")

    assert faulted["errorCode"] == "HighTemperature"
    assert recovered["errorCode"] == "NoError"
