"""Cases of the OCA's test specification for 2.0.1, by their ids: remote control (block F), data transfer (block P).

Covered: F_01 to F_14, F_20, F_23, F_24, F_26, F_27, P_01. LogStatusNotification (F_15, F_16) and
FirmwareStatusNotification (F_17 to F_19) are never sent here; a trigger for them is answered as F_27 wants it.
"""

from pathlib import Path
from typing import Any

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from tests.conformance.ocpp201.words import configured, event, plugged, status, told_status, transaction_id
from tests.fakes.running_station import CARD, RunningStation, StationFile, close_books, running_station

APP = "REMOTE-0001"
TWO_EVSES = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}))


async def _remote_start(station: RunningStation, *, evse: int | None = 1) -> Any:
    where = {} if evse is None else {"evseId": evse}
    id_token = {"idToken": APP, "type": "ISO14443"}
    return await station.bench.call("RequestStartTransaction", {"idToken": id_token, "remoteStartId": 12, **where})


async def _unlock(station: RunningStation, *, connector: int = 1) -> str:
    answer = await station.bench.call("UnlockConnector", {"evseId": 1, "connectorId": connector})
    return str(answer["status"])


async def _trigger(station: RunningStation, message: str, evse: dict[str, int] | None = None) -> str:
    where = {} if evse is None else {"evse": evse}
    answer = await station.bench.call("TriggerMessage", {"requestedMessage": message, **where})
    return str(answer["status"])


async def test_tc_f_01_cs_remote_start_cable_first(station: RunningStation) -> None:
    await plugged(station)

    answer = await _remote_start(station)
    started = await event(station, "Started")
    await event(station, "Updated", chargingState="Charging")

    assert answer["status"] == "Accepted"
    assert started["triggerReason"] == "RemoteStart"
    assert started["transactionInfo"]["remoteStartId"] == 12
    await station.leave()


@pytest.mark.parametrize("authorize", ["true", "false"], ids=["tc_f_02_cs", "tc_f_03_cs"])
async def test_remote_start_first(station: RunningStation, authorize: str) -> None:
    await configured(station, {"AuthCtrlr.AuthorizeRemoteStart": authorize})

    answer = await _remote_start(station)
    if authorize == "true":
        asked = await station.bench.expect("Authorize")
        assert asked["idToken"]["idToken"] == APP
    await status(station, "Occupied")
    station.person.plug_in(1)
    started = await event(station, "Started")
    await event(station, "Updated", chargingState="Charging")

    assert answer["status"] == "Accepted"
    assert started["idToken"]["idToken"] == APP
    assert started["triggerReason"] == "RemoteStart"
    assert started["transactionInfo"]["remoteStartId"] == 12
    assert len(station.bench.messages.calls("Authorize")) == (1 if authorize == "true" else 0)
    await station.leave()


async def test_tc_f_04_cs_remote_start_first_cable_plugin_timeout(station: RunningStation) -> None:
    await configured(
        station,
        {
            "TxCtrlr.TxStartPoint": "Authorized",
            "TxCtrlr.TxStopPoint": "Authorized",
            "TxCtrlr.EVConnectionTimeOut": "20",
        },
    )
    await _remote_start(station)
    await event(station, "Started", trigger="RemoteStart")

    ended = await event(station, "Ended")
    await station.until_status(ConnectorStatus.AVAILABLE)
    again = await _remote_start(station)
    await event(station, "Started", trigger="RemoteStart")

    assert ended["triggerReason"] == "EVConnectTimeout"
    assert ended["transactionInfo"]["stoppedReason"] == "Timeout"
    assert again["status"] == "Accepted"
    await event(station, "Ended")


async def test_tc_f_05_cs_unlock_with_an_ongoing_transaction(station: RunningStation) -> None:
    await station.charge(more_wh=10)

    assert await _unlock(station) == "OngoingAuthorizedTransaction"
    assert station.evse().view().locked
    assert station.status() is ConnectorStatus.CHARGING
    await station.leave()


@pytest.mark.parametrize("cable", [True, False], ids=["tc_f_06_cs", "tc_f_07_cs"])
async def test_unlock_without_a_transaction(station: RunningStation, cable: bool) -> None:
    if cable:
        await plugged(station)

    assert await _unlock(station) == "Unlocked"
    station.person.unplug(1)


async def test_f05_unlock_that_fails(station: RunningStation) -> None:
    station.person.set_fault(1, "ConnectorLockFailure", active=True)
    await status(station, "Faulted")

    assert await _unlock(station) == "UnlockFailed"


async def test_tc_f_10_cs_unlock_of_an_unknown_connector(station: RunningStation) -> None:
    assert await _unlock(station, connector=999) == "UnknownConnector"


async def test_tc_f_08_cs_remote_stop(station: RunningStation) -> None:
    await station.charge(more_wh=10)
    await station.until_told()
    since = station.bench.messages.end

    answer = await station.bench.call("RequestStopTransaction", {"transactionId": transaction_id(station)})
    ended = await event(station, "Ended")
    station.person.unplug(1)
    await told_status(station, "Available", since=since)

    assert answer["status"] == "Accepted"
    assert (ended["triggerReason"], ended["transactionInfo"]["stoppedReason"]) == ("RemoteStop", "Remote")


async def test_tc_f_09_cs_remote_stop_of_another_transaction(station: RunningStation) -> None:
    await station.charge(more_wh=10)

    answer = await station.bench.call("RequestStopTransaction", {"transactionId": "another"})

    assert answer["status"] == "Rejected"
    assert station.status() is ConnectorStatus.CHARGING
    await station.leave()


async def test_tc_f_11_cs_trigger_meter_values_of_an_evse(station: RunningStation) -> None:
    await configured(station, {"AlignedDataCtrlr.Measurands": "Energy.Active.Import.Register,Voltage"})

    assert await _trigger(station, "MeterValues", {"id": 1}) == "Accepted"
    told = await station.bench.expect("MeterValues")

    sampled = told["meterValue"][0]["sampledValue"]
    assert told["evseId"] == 1
    assert {value["context"] for value in sampled} == {"Trigger"}
    assert {value["measurand"] for value in sampled} == {"Energy.Active.Import.Register", "Voltage"}


async def test_tc_f_12_and_f_14_cs_triggers_for_all_evses(csms: BenchCsms, tmp_path: Path) -> None:
    async with running_station(csms, tmp_path, file=TWO_EVSES) as station:
        assert await _trigger(station, "MeterValues") == "Accepted"
        idle = [await station.bench.expect("MeterValues") for _ in range(2)]
        await station.charge(evse_id=1, token="CARD-0001", more_wh=10)
        await station.charge(evse_id=2, token="CARD-0002", more_wh=10)
        assert await _trigger(station, "TransactionEvent") == "Accepted"
        running = [await event(station, "Updated", trigger="Trigger") for _ in range(2)]

        assert {told["evseId"] for told in idle} == {1, 2}
        assert {told["meterValue"][0]["sampledValue"][0]["context"] for told in idle} == {"Trigger"}
        assert {told["evse"]["id"] for told in running} == {1, 2}
        for told in running:
            assert told["transactionInfo"]["chargingState"] == "Charging"
            assert told["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"
        await station.leave(evse_id=1)
        await station.leave(evse_id=2)
        await close_books(station)


async def test_tc_f_13_cs_trigger_a_transaction_event(station: RunningStation) -> None:
    await station.charge(more_wh=10)

    assert await _trigger(station, "TransactionEvent", {"id": 1}) == "Accepted"
    told = await event(station, "Updated", trigger="Trigger", chargingState="Charging")

    assert told["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"
    await station.leave()


async def test_f06_a_transaction_event_cannot_be_triggered_without_a_transaction(station: RunningStation) -> None:
    assert await _trigger(station, "TransactionEvent", {"id": 1}) == "Rejected"


async def test_tc_f_20_cs_trigger_heartbeat(station: RunningStation) -> None:
    assert await _trigger(station, "Heartbeat") == "Accepted"

    await station.bench.expect("Heartbeat")


@pytest.mark.parametrize("word", ["Available", "Occupied"], ids=["tc_f_23_cs", "tc_f_24_cs"])
async def test_trigger_status_notification(station: RunningStation, word: str) -> None:
    await status(station, "Available")
    if word == "Occupied":
        await plugged(station)

    assert await _trigger(station, "StatusNotification", {"id": 1, "connectorId": 1}) == "Accepted"
    told = await station.bench.expect("StatusNotification")

    assert (told["evseId"], told["connectorId"], told["connectorStatus"]) == (1, 1, word)
    station.person.unplug(1)


async def test_tc_f_26_cs_trigger_boot_notification_once_accepted(station: RunningStation) -> None:
    assert await _trigger(station, "BootNotification") == "Rejected"


@pytest.mark.parametrize(
    "message", ["SignCombinedCertificate", "LogStatusNotification", "FirmwareStatusNotification", "SignV2GCertificate"]
)
async def test_tc_f_27_cs_trigger_what_is_not_implemented(station: RunningStation, message: str) -> None:
    assert await _trigger(station, message) == "NotImplemented"


async def test_f06_a_trigger_for_an_evse_that_is_not_there(station: RunningStation) -> None:
    assert await _trigger(station, "MeterValues", {"id": 9}) == "Rejected"


@pytest.mark.parametrize("evse", [9, None])
async def test_f01_a_remote_start_where_nothing_is_free(station: RunningStation, evse: int | None) -> None:
    await station.charge(token=CARD, more_wh=10)

    answer = await _remote_start(station, evse=evse)

    assert answer["status"] == "Rejected"
    await station.leave()


async def test_tc_p_01_cs_data_transfer_to_the_charging_station(station: RunningStation) -> None:
    answer = await station.bench.call("DataTransfer", {"vendorId": "org.example", "messageId": "m", "data": {"a": 1}})

    assert answer["status"] in ("Rejected", "UnknownVendorId", "UnknownMessageId")
