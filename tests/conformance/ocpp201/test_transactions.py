"""Cases of the OCA's test specification for 2.0.1, by their ids: how transactions begin, go on and end (block E).

Covered: E_01 to E_10, E_13, E_14 to E_17, E_20 to E_22, E_24 to E_28, E_30, E_32, E_34, E_35, E_37 to E_39, E_52,
E_54. Start and stop points that need a sensor in the parking bay or signed data are not offered.
"""

from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from tests.conformance.ocpp201.words import (
    OTHER_CARD,
    come_back,
    configured,
    event,
    events,
    go_offline,
    named,
    plugged,
    set_variable,
    status,
    told_status,
    transaction_id,
    undecided,
)
from tests.fakes.running_station import CARD, RunningStation, StationFile, close_books, running_station

DETACHED_STAYS = {"TxCtrlr.TxStopPoint": "Authorized", "TxCtrlr.StopTxOnEVSideDisconnect": "false"}
FIXED_CABLE = StationFile(connector={"lock": False})


async def _start_point(station: RunningStation, point: str) -> None:
    await configured(station, {"TxCtrlr.TxStartPoint": point})


async def _stop_point(station: RunningStation, point: str, *, unplugging_stops: str = "true") -> None:
    await configured(station, {"TxCtrlr.TxStopPoint": point, "TxCtrlr.StopTxOnEVSideDisconnect": unplugging_stops})


async def _suspended(station: RunningStation) -> None:
    """The reusable state EnergyTransferSuspended."""
    await station.charge(more_wh=10)
    station.evse().set_ev(wants_energy=False)
    await event(station, "Updated", chargingState="SuspendedEV")


async def _remote_stop(station: RunningStation) -> None:
    answer = await station.bench.call("RequestStopTransaction", {"transactionId": transaction_id(station)})
    assert answer["status"] == "Accepted"


# --- start points ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["PowerPathClosed", "EnergyTransfer"], ids=["tc_e_01_cs", "tc_e_02_cs"])
async def test_a_transaction_that_starts_with_the_power_path(station: RunningStation, point: str) -> None:
    await _start_point(station, point)
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await station.until_status(ConnectorStatus.PREPARING)
    assert events(station) == []

    station.person.plug_in(1)
    started = await event(station, "Started")
    await station.until_status(ConnectorStatus.CHARGING)

    assert started["triggerReason"] in ("CablePluggedIn", "ChargingStateChanged", "Authorized")
    assert started["idToken"]["idToken"] == CARD
    assert started["evse"] == {"id": 1, "connectorId": 1}
    await station.leave()


async def test_tc_e_09_cs_transaction_starts_at_ev_connected(station: RunningStation) -> None:
    result = await set_variable(station, named("TxCtrlr", "TxStartPoint"), "EVConnected")
    assert result["attributeStatus"] == "Accepted"

    since = station.bench.messages.end
    station.person.plug_in(1)
    started = await event(station, "Started", chargingState="EVConnected")
    await told_status(station, "Occupied", since=since)

    assert started["triggerReason"] in ("CablePluggedIn", "ChargingStateChanged")
    assert started["evse"] == {"id": 1, "connectorId": 1}
    assert "idToken" not in started
    await station.leave()


async def test_tc_e_10_cs_transaction_starts_at_authorized_local(station: RunningStation) -> None:
    await _start_point(station, "Authorized")

    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    started = await event(station, "Started")
    station.person.plug_in(1)
    await event(station, "Updated", chargingState="Charging")

    assert (started["triggerReason"], started["idToken"]["idToken"]) == ("Authorized", CARD)
    await station.leave()


async def test_tc_e_13_cs_transaction_starts_at_authorized_remote(station: RunningStation) -> None:
    await _start_point(station, "Authorized")

    id_token = {"idToken": CARD, "type": "ISO14443"}
    answer = await station.bench.call("RequestStartTransaction", {"idToken": id_token, "remoteStartId": 9, "evseId": 1})
    started = await event(station, "Started")
    station.person.plug_in(1)
    await event(station, "Updated", chargingState="Charging")

    assert answer["status"] == "Accepted"
    assert (started["triggerReason"], started["transactionInfo"]["remoteStartId"]) == ("RemoteStart", 9)
    await station.leave()


# --- local start -----------------------------------------------------------------------------------------------------


async def test_tc_e_03_cs_local_start_cable_first(station: RunningStation) -> None:
    await plugged(station)
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    started = await event(station, "Started")
    charging = await event(station, "Updated", chargingState="Charging")

    assert started["triggerReason"] == "Authorized"
    assert started["idToken"]["idToken"] == CARD
    assert started["evse"] == {"id": 1, "connectorId": 1}
    assert charging["triggerReason"] == "ChargingStateChanged"
    await station.leave()


async def test_tc_e_04_cs_local_start_authorization_first(station: RunningStation) -> None:
    station.person.present_token(CARD)
    await station.until_status(ConnectorStatus.PREPARING)
    station.person.plug_in(1)
    started = await event(station, "Started")
    await event(station, "Updated", chargingState="Charging")

    assert started["triggerReason"] == "CablePluggedIn"
    await station.leave()


@pytest.mark.parametrize("stop_point", ["Authorized", "EVConnected,Authorized"])
async def test_tc_e_05_and_e_39_cs_authorization_first_cable_plugin_timeout(
    station: RunningStation, stop_point: str
) -> None:
    await _start_point(station, "Authorized")
    await configured(station, {"TxCtrlr.EVConnectionTimeOut": "20", "TxCtrlr.TxStopPoint": stop_point})
    station.person.present_token(CARD)
    await event(station, "Started")

    ended = await event(station, "Ended")
    await station.until_status(ConnectorStatus.AVAILABLE)
    await station.charge(more_wh=10)

    assert ended["triggerReason"] == "EVConnectTimeout"
    assert ended["transactionInfo"]["stoppedReason"] == "Timeout"
    await station.leave()


async def test_tc_e_38_cs_an_ev_that_is_not_ready(station: RunningStation) -> None:
    station.evse().set_ev(wants_energy=False)
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    station.person.plug_in(1)
    await event(station, "Started")

    told = await event(station, "Updated", chargingState="SuspendedEV")

    assert told["triggerReason"] == "ChargingStateChanged"
    await station.leave()


async def test_tc_e_52_cs_nobody_is_asked_where_remote_authorization_is_off(station: RunningStation) -> None:
    await configured(station, {"AuthCtrlr.DisableRemoteAuthorization": "true"})
    await plugged(station)

    station.person.present_token(OTHER_CARD)
    await station.pass_time(10)

    assert station.bench.messages.calls("Authorize") == []
    assert events(station) == []
    station.person.unplug(1)


# --- stop points -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "point",
    ["EVConnected,Authorized", "PowerPathClosed", "EnergyTransfer", "Authorized"],
    ids=["tc_e_06_cs", "tc_e_07_cs", "tc_e_08_cs", "tc_e_15_cs"],
)
async def test_a_local_stop_ends_the_transaction(station: RunningStation, point: str) -> None:
    await _stop_point(station, point)
    await station.charge(more_wh=10)

    station.person.present_token(CARD)
    ended = await event(station, "Ended")

    assert ended["triggerReason"] == "StopAuthorized"
    assert ended["transactionInfo"].get("stoppedReason", "Local") == "Local"
    assert ended["idToken"]["idToken"] == CARD
    await station.leave()


@pytest.mark.parametrize("point", ["PowerPathClosed", "Authorized"], ids=["tc_e_35_cs", "tc_e_21_cs"])
async def test_a_remote_stop_ends_the_transaction(station: RunningStation, point: str) -> None:
    await _stop_point(station, point)
    await station.charge(more_wh=10)
    await station.until_told()

    await _remote_stop(station)
    ended = await event(station, "Ended")

    assert (ended["triggerReason"], ended["transactionInfo"]["stoppedReason"]) == ("RemoteStop", "Remote")
    await station.leave()


@pytest.mark.parametrize("point", ["PowerPathClosed", "EVConnected"], ids=["tc_e_37_cs", "tc_e_20_and_e_54_cs"])
async def test_unplugging_ends_the_transaction(station: RunningStation, point: str) -> None:
    await _stop_point(station, point, unplugging_stops="false")
    await _suspended(station)

    station.person.unplug(1)
    ended = await event(station, "Ended")

    assert ended["triggerReason"] == "EVCommunicationLost"
    assert ended["transactionInfo"]["chargingState"] == "Idle"
    assert ended["transactionInfo"]["stoppedReason"] == "EVDisconnected"


async def test_tc_e_22_cs_energy_transfer_stopped_by_the_ev(station: RunningStation) -> None:
    await _stop_point(station, "EnergyTransfer")
    await station.charge(more_wh=10)

    station.evse().set_ev(wants_energy=False)
    ended = await event(station, "Ended")

    assert ended["triggerReason"] == "ChargingStateChanged"
    assert ended["transactionInfo"]["stoppedReason"] == "StoppedByEV"
    assert ended["transactionInfo"]["chargingState"] == "EVConnected"
    station.person.unplug(1)


@pytest.mark.parametrize("remotely", [False, True])
async def test_tc_e_14_cs_ev_disconnected_after_a_stop(station: RunningStation, remotely: bool) -> None:
    await _stop_point(station, "EVConnected")
    await station.charge(more_wh=10)
    await station.until_told()
    if remotely:
        await _remote_stop(station)
    else:
        station.person.present_token(CARD)
    await event(station, "Updated", trigger="RemoteStop" if remotely else "StopAuthorized", chargingState="EVConnected")
    since = station.bench.messages.end

    station.person.unplug(1)
    ended = await event(station, "Ended")
    await told_status(station, "Available", since=since)

    assert ended["triggerReason"] == "EVCommunicationLost"
    assert ended["transactionInfo"]["chargingState"] == "Idle"
    allowed = {"Remote"} if remotely else {"Local", "EVDisconnected"}
    assert ended["transactionInfo"].get("stoppedReason", "Local") in allowed


async def test_tc_e_16_cs_deauthorized_by_an_invalid_token(csms: BenchCsms, tmp_path: Path) -> None:
    file = StationFile(variables={"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"})
    async with running_station(csms, tmp_path, file=file) as station:
        await _stop_point(station, "PowerPathClosed,Authorized")
        await go_offline(station)
        await station.charge(more_wh=10)
        refusal = {"idTokenInfo": {"status": "Invalid"}}
        station.bench.always("TransactionEvent", lambda told: refusal if "idToken" in told else {})
        await come_back(station)
        ended = await event(station, "Ended")

        assert events(station)[0]["offline"] is True
        assert ended["triggerReason"] == "Deauthorized"
        assert ended["transactionInfo"]["stoppedReason"] == "DeAuthorized"
        await station.leave()
        await close_books(station)


# --- the cable comes out at the EV -----------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["PowerPathClosed,Authorized", "Authorized"], ids=["tc_e_17_cs", "tc_e_24_cs"])
async def test_unplugging_at_the_ev_deauthorizes(station: RunningStation, point: str) -> None:
    await _stop_point(station, point)
    await configured(station, {"OCPPCommCtrlr.UnlockOnEVSideDisconnect": "true"})
    await _suspended(station)
    since = station.bench.messages.end

    station.person.unplug(1)
    ended = await event(station, "Ended", trigger="EVCommunicationLost", chargingState="Idle")
    await told_status(station, "Available", since=since)

    assert ended["transactionInfo"]["stoppedReason"] == "EVDisconnected"
    await station.until(lambda: not station.evse().view().locked)


async def test_tc_e_25_cs_unplugging_at_the_ev_keeps_the_cable_for_its_driver(station: RunningStation) -> None:
    await configured(station, {"OCPPCommCtrlr.UnlockOnEVSideDisconnect": "false"})
    await _suspended(station)

    station.person.unplug(1)
    await event(station, "Ended", trigger="EVCommunicationLost", chargingState="Idle")
    await station.pass_time(10)
    locked = station.evse().view().locked
    since = station.bench.messages.end
    station.person.present_token(CARD)
    await told_status(station, "Available", since=since)

    assert locked
    await station.until(lambda: not station.evse().view().locked)
    assert len(station.csms.ledger.transactions) == 1


async def test_tc_e_26_cs_unplugging_at_the_ev_suspends(station: RunningStation) -> None:
    await configured(station, {**DETACHED_STAYS, "OCPPCommCtrlr.UnlockOnEVSideDisconnect": "false"})
    await _suspended(station)

    station.person.unplug(1)
    await event(station, "Updated", trigger="EVCommunicationLost", chargingState="Idle")
    locked = station.evse().view().locked
    station.evse().set_ev(wants_energy=True)
    station.person.plug_in(1)
    await event(station, "Updated", trigger="CablePluggedIn")
    await event(station, "Updated", chargingState="Charging")
    station.person.present_token(CARD)
    await event(station, "Ended", trigger="StopAuthorized")

    assert locked
    assert len({told["transactionInfo"]["transactionId"] for told in events(station)}) == 1
    station.person.unplug(1)


async def test_tc_e_27_cs_unplugging_at_the_ev_and_not_coming_back(csms: BenchCsms, tmp_path: Path) -> None:
    async with running_station(csms, tmp_path, file=FIXED_CABLE) as station:
        await configured(station, {**DETACHED_STAYS, "TxCtrlr.EVConnectionTimeOut": "20"})
        await _suspended(station)

        station.person.unplug(1)
        await event(station, "Updated", trigger="EVCommunicationLost", chargingState="Idle")
        ended = await event(station, "Ended")

        assert ended["triggerReason"] == "EVConnectTimeout"
        assert ended["transactionInfo"]["stoppedReason"] == "Timeout"
        await station.until_status(ConnectorStatus.AVAILABLE)
        await close_books(station)


# --- GetTransactionStatus --------------------------------------------------------------------------------------------


async def test_tc_e_28_cs_status_of_an_unknown_transaction(station: RunningStation) -> None:
    answer = await station.bench.call("GetTransactionStatus", {"transactionId": "nobody-knows-me"})

    assert answer == {"ongoingIndicator": False, "messagesInQueue": False}


async def test_tc_e_30_and_e_32_cs_status_of_a_transaction(station: RunningStation) -> None:
    await configured(station, {"SampledDataCtrlr.TxUpdatedInterval": "0"})
    await station.charge(more_wh=10)
    await station.until_told()
    ongoing = await station.bench.call("GetTransactionStatus", {"transactionId": transaction_id(station)})
    await station.leave()
    await station.until_told()
    over = await station.bench.call("GetTransactionStatus", {"transactionId": transaction_id(station)})

    assert ongoing == {"ongoingIndicator": True, "messagesInQueue": False}
    assert over == {"ongoingIndicator": False, "messagesInQueue": False}


async def test_tc_e_34_cs_status_of_no_transaction_in_particular(station: RunningStation) -> None:
    assert await station.bench.call("GetTransactionStatus") == {"messagesInQueue": False}


async def test_a_card_that_is_presented_twice_in_a_row_stops_what_it_started(station: RunningStation) -> None:
    await plugged(station)
    station.person.present_token(CARD)
    await event(station, "Started")
    await undecided(station)
    station.person.present_token(CARD)

    ended = await event(station, "Ended")

    assert ended["triggerReason"] == "StopAuthorized"
    station.person.unplug(1)
    await status(station, "Available")
