"""Cases of the OCA's test specification for 1.6, by their ids: a charge from its begin to its end.

Covered: 001, 002, 003, 004_1, 004_2, 005_1 to 005_3, 007_1, 007_2, 023_1 to 023_3, 024, 061_1, 061_2, 068 to 071.
"""

from itertools import pairwise
from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.behaviours import answer
from hil.csms.registers import moment
from hil.csms.server import BenchCsms
from hil.csms.tokens import Token, stamp
from tests.conformance.ocpp16.words import changed, started, status, stopped, told_status, undecided
from tests.fakes.running_station import CARD, RunningStation, StationFile, assert_flawless, running_station

OTHER_CARD = "CARD-0002"


async def test_tc_001_cs_cold_boot_charge_point(csms: BenchCsms, tmp_path: Path) -> None:
    file = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}))
    async with running_station(csms, tmp_path, file=file) as station:
        boot = await station.bench.expect("BootNotification")
        told = [await station.bench.expect("StatusNotification") for _ in range(3)]

    assert boot["chargePointVendor"] == "Example"
    assert boot["chargePointModel"] == "Duo-22"
    # Errata 3.22: the charge point itself, and every connector.
    assert [(each["connectorId"], each["status"]) for each in told] == [(n, "Available") for n in (0, 1, 2)]
    assert {each["errorCode"] for each in told} == {"NoError"}
    assert_flawless(csms)


async def test_tc_002_cs_cold_boot_charge_point_pending(csms: BenchCsms, tmp_path: Path) -> None:
    bench = csms.prepare("CP001")
    bench.script(
        "BootNotification", answer({"status": "Pending", "currentTime": stamp(csms.desk.now()), "interval": 1})
    )
    async with running_station(csms, tmp_path, wait_online=False) as station:
        await bench.expect("BootNotification")
        await bench.wait_connected()
        read = await bench.call("GetConfiguration", {"key": ["HeartbeatInterval"]})
        remote = await bench.call("RemoteStartTransaction", {"idTag": CARD, "connectorId": 1})
        await bench.expect("BootNotification")
        await status(station, "Available", connector=0)
        await status(station, "Available")
    assert read["configurationKey"][0]["key"] == "HeartbeatInterval"
    assert remote["status"] == "Rejected"
    assert_flawless(csms)


async def test_tc_003_cs_regular_charging_session_plug_in_first(station: RunningStation) -> None:
    station.person.plug_in(1)
    await status(station, "Preparing")
    station.person.present_token(CARD)
    asked = await station.bench.expect("Authorize")
    start = await started(station)
    await status(station, "Charging")
    await station.until_metered(50)
    since = station.bench.messages.end
    station.person.present_token(CARD)
    stop = await stopped(station)
    await told_status(station, "Finishing", since=since)
    station.person.unplug(1)
    await status(station, "Available")

    assert asked["idTag"] == start["idTag"] == stop["idTag"] == CARD
    assert stop.get("reason", "Local") == "Local"
    assert station.bench.messages.calls("StatusNotification")[0]["connectorId"] == 0


async def test_tc_004_1_cs_regular_charging_session_identification_first(station: RunningStation) -> None:
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await status(station, "Preparing")
    station.person.plug_in(1)
    start = await started(station)
    await status(station, "Charging")

    assert (start["connectorId"], start["idTag"]) == (1, CARD)
    await station.leave()


async def test_tc_004_2_cs_identification_first_connection_time_out(station: RunningStation) -> None:
    await changed(station, ConnectionTimeOut="20")
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await status(station, "Preparing")

    await status(station, "Available")

    assert station.bench.messages.calls("StartTransaction") == []


async def test_tc_005_1_cs_ev_side_disconnected_stops_and_unlocks(station: RunningStation) -> None:
    await changed(
        station,
        StopTransactionOnEVSideDisconnect="true",
        UnlockConnectorOnEVSideDisconnect="true",
    )
    await station.charge(more_wh=20)

    since = station.bench.messages.end
    station.person.unplug(1)
    stop = await stopped(station)
    await told_status(station, "Available", since=since)

    await station.until(lambda: not station.evse().view().locked)
    assert stop["reason"] == "EVDisconnected"


async def test_tc_005_2_cs_ev_side_disconnected_stops_and_keeps_the_cable(station: RunningStation) -> None:
    await changed(station, StopTransactionOnEVSideDisconnect="true", UnlockConnectorOnEVSideDisconnect="false")
    await station.charge(more_wh=20)

    since = station.bench.messages.end
    station.person.unplug(1)
    stop = await stopped(station)
    await told_status(station, "Finishing", since=since)
    locked = station.evse().view().locked
    station.person.present_token(CARD)
    await told_status(station, "Available", since=since)

    assert stop["reason"] == "EVDisconnected"
    assert locked
    await station.until(lambda: not station.evse().view().locked)


async def test_tc_005_3_cs_ev_side_disconnected_without_a_stop(station: RunningStation) -> None:
    await changed(station, StopTransactionOnEVSideDisconnect="false", UnlockConnectorOnEVSideDisconnect="false")
    await station.charge(more_wh=20)

    station.person.unplug(1)
    await status(station, "SuspendedEV")
    locked = station.evse().view().locked
    station.person.plug_in(1)
    await status(station, "Charging")
    station.person.present_token(CARD)
    await stopped(station)

    assert locked
    assert len(station.bench.messages.calls("StartTransaction")) == 1
    station.person.unplug(1)


@pytest.mark.parametrize("how", ["cached", "asked"])
async def test_tc_007_1_cs_regular_start_with_a_cached_id(station: RunningStation, how: str) -> None:
    await changed(station, AuthorizationCacheEnabled="true", LocalPreAuthorize="true" if how == "cached" else "false")
    await station.charge(more_wh=20)
    await station.leave()
    await station.until_told()
    asked = len(station.bench.messages.calls("Authorize"))

    await station.charge(more_wh=20)
    await station.leave()

    assert len(station.bench.messages.calls("Authorize")) - asked == (0 if how == "cached" else 1)
    assert len(station.csms.ledger.transactions) == 2


@pytest.mark.parametrize("cleared", [False, True], ids=["tc_007_2_cs", "tc_061_2_cs"])
async def test_remote_start_with_a_cached_id(station: RunningStation, cleared: bool) -> None:
    await changed(station, AuthorizationCacheEnabled="true", LocalPreAuthorize="true", AuthorizeRemoteTxRequests="true")
    await station.charge(more_wh=20)
    await station.leave()
    await station.until_told()
    if cleared:
        assert (await station.bench.call("ClearCache"))["status"] == "Accepted"
    asked = len(station.bench.messages.calls("Authorize"))

    await station.bench.call("RemoteStartTransaction", {"idTag": CARD, "connectorId": 1})
    await status(station, "Preparing")
    station.person.plug_in(1)
    await station.until_status(ConnectorStatus.CHARGING)
    await station.leave()

    assert len(station.bench.messages.calls("Authorize")) - asked == (1 if cleared else 0)
    assert len(station.csms.ledger.transactions) == 2


async def test_tc_061_1_cs_clear_authorization_data_in_the_cache(station: RunningStation) -> None:
    await changed(station, AuthorizationCacheEnabled="true", LocalPreAuthorize="true")
    await station.charge(more_wh=20)
    await station.leave()
    await station.until_told()

    cleared = await station.bench.call("ClearCache")
    station.bench.skip_to_now()
    station.person.plug_in(1)
    await status(station, "Preparing")
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")

    assert cleared["status"] == "Accepted"
    await station.until_status(ConnectorStatus.CHARGING)
    await station.leave()


async def test_errata_3_23_clear_cache_is_rejected_without_a_cache(station: RunningStation) -> None:
    await changed(station, AuthorizationCacheEnabled="false")

    cleared = await station.bench.call("ClearCache")

    assert cleared["status"] == "Rejected"


@pytest.mark.parametrize("word", ["Invalid", "Expired", "Blocked"])
async def test_tc_023_cs_start_of_a_session_authorize_refused(station: RunningStation, word: str) -> None:
    station.csms.desk.tokens.put(CARD, Token(word))
    station.person.plug_in(1)
    await status(station, "Preparing")

    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await undecided(station)
    station.person.unplug(1)
    await status(station, "Available")

    assert station.bench.messages.calls("StartTransaction") == []


async def test_tc_024_cs_start_of_a_session_lock_failure(station: RunningStation) -> None:
    station.person.set_fault(1, "ConnectorLockFailure", active=True)
    station.person.plug_in(1)

    told = await status(station, "Faulted")
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await undecided(station)

    assert told["errorCode"] == "ConnectorLockFailure"
    assert station.bench.messages.calls("StartTransaction") == []
    station.person.unplug(1)


async def test_tc_068_cs_another_tag_does_not_stop_the_transaction(station: RunningStation) -> None:
    await station.charge(more_wh=20)

    station.person.present_token(OTHER_CARD)
    await station.bench.expect("Authorize", where=lambda asked: bool(asked["idTag"] == OTHER_CARD))
    await undecided(station)
    await station.until_metered(20)
    assert station.status() is ConnectorStatus.CHARGING
    station.person.present_token(CARD)
    stop = await stopped(station)

    assert stop["idTag"] == CARD
    station.person.unplug(1)


async def test_tc_069_cs_a_tag_of_the_same_parent_stops_the_transaction(station: RunningStation) -> None:
    for card in (CARD, OTHER_CARD):
        station.csms.desk.tokens.put(card, Token(group="PARENT"))
    await station.charge(more_wh=20)

    station.person.present_token(OTHER_CARD)
    stop = await stopped(station)

    assert stop["idTag"] == OTHER_CARD
    assert stop.get("reason", "Local") == "Local"
    station.person.unplug(1)


async def test_tc_070_cs_sampled_meter_values(station: RunningStation) -> None:
    await changed(
        station,
        MeterValueSampleInterval="10",
        MeterValuesSampledData="Energy.Active.Import.Register,Power.Active.Import",
        StopTxnSampledData="Energy.Active.Import.Register",
    )
    await station.charge(more_wh=10)
    told = [await station.bench.expect("MeterValues") for _ in range(3)]
    station.person.present_token(CARD)
    stop = await stopped(station)

    for values in told:
        (sample,) = values["meterValue"]
        assert {value["measurand"] for value in sample["sampledValue"]} == {
            "Energy.Active.Import.Register",
            "Power.Active.Import",
        }
        assert {value["context"] for value in sample["sampledValue"]} == {"Sample.Periodic"}
        assert values["transactionId"] == stop["transactionId"]
    # Errata 3.14.1 and 3.16.6: every interval, and the begin and the end.
    contexts = [value["sampledValue"][0]["context"] for value in stop["transactionData"]]
    assert (contexts[0], contexts[-1]) == ("Transaction.Begin", "Transaction.End")
    assert len(contexts) >= 5
    assert set(contexts[1:-1]) == {"Sample.Periodic"}
    station.person.unplug(1)


async def test_tc_071_cs_clock_aligned_meter_values(station: RunningStation) -> None:
    await changed(
        station,
        MeterValueSampleInterval="0",
        ClockAlignedDataInterval="60",
        MeterValuesAlignedData="Energy.Active.Import.Register,Voltage",
        StopTxnSampledData="",
        StopTxnAlignedData="Energy.Active.Import.Register",
    )
    await station.charge(more_wh=10)
    told = [await station.bench.expect("MeterValues") for _ in range(3)]
    station.person.present_token(CARD)
    stop = await stopped(station)

    times = [moment(values["meterValue"][0]["timestamp"]) for values in told]
    for values in told:
        sampled = values["meterValue"][0]["sampledValue"]
        assert {value["context"] for value in sampled} == {"Sample.Clock"}
        assert {value["measurand"] for value in sampled} == {"Energy.Active.Import.Register", "Voltage"}
        assert values["connectorId"] == 1
    for earlier, later in pairwise(times):
        assert earlier is not None
        assert later is not None
        assert 50 <= (later - earlier).total_seconds() <= 70
    contexts = {value["sampledValue"][0]["context"] for value in stop["transactionData"]}
    assert contexts == {"Sample.Clock"}
    station.person.unplug(1)
