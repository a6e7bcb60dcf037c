"""Cases of the OCA's test specification for 2.0.1, by their ids: the local list, and authorizing offline (blocks C, D).

Covered: C_15 to C_18, C_21 to C_31, C_40, C_43, C_58; D_01 to D_08, D_10.
"""

from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from hil.csms.tokens import Token
from tests.conformance.ocpp201.words import (
    OTHER_CARD,
    Payload,
    cached,
    come_back,
    configured,
    event,
    events,
    go_offline,
    plugged,
    send_list,
    undecided,
)
from tests.fakes.running_station import CARD, SPEED, RunningStation, assert_flawless, running_station

PRE_AUTHORIZE = {"LocalAuthListCtrlr.Enabled": "true", "AuthCtrlr.LocalPreAuthorize": "true"}
ANYBODY_OFFLINE = {"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}
ONLY_KNOWN_OFFLINE = {"AuthCtrlr.OfflineTxForUnknownIdEnabled": "false"}
FAMILY = {"idToken": "FAMILY", "type": "Central"}


async def _authorizes(station: RunningStation) -> int:
    return len(station.bench.messages.calls("Authorize"))


async def _version(station: RunningStation) -> int:
    return int((await station.bench.call("GetLocalListVersion"))["versionNumber"])


async def _listed(station: RunningStation, status: str, variables: Mapping[str, str] = PRE_AUTHORIZE) -> None:
    await configured(station, variables)
    assert await send_list(station, {CARD: {"status": status}}) == "Accepted"


# --- online, by the list ---------------------------------------------------------------------------------------------


async def test_tc_c_27_cs_online_by_the_list_accepted(station: RunningStation) -> None:
    await _listed(station, "Accepted")

    await station.charge(more_wh=10)
    started = await event(station, "Started")

    assert (started["triggerReason"], started["idToken"]["idToken"]) == ("Authorized", CARD)
    assert await _authorizes(station) == 0
    await station.leave()


@pytest.mark.parametrize("word", ["Invalid", "Blocked", "Expired"], ids=["tc_c_28_cs", "tc_c_29_cs", "tc_c_30_cs"])
async def test_online_a_refusal_of_the_list_is_asked_about(station: RunningStation, word: str) -> None:
    await _listed(station, word)
    station.csms.desk.tokens.put(CARD, Token(word))
    await plugged(station)

    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await undecided(station)

    assert events(station) == []
    station.person.unplug(1)


async def test_tc_c_31_cs_online_a_refusal_of_the_list_that_has_become_a_yes(station: RunningStation) -> None:
    await _listed(station, "Invalid")

    await station.charge(more_wh=10)

    assert await _authorizes(station) == 1
    await station.leave()


async def test_tc_c_58_cs_a_refusal_of_the_list_counts_where_that_is_configured(station: RunningStation) -> None:
    await _listed(station, "Invalid", {**PRE_AUTHORIZE, "LocalAuthListCtrlr.DisablePostAuthorize": "true"})
    await plugged(station)

    station.person.present_token(CARD)
    await station.pass_time(10)

    assert await _authorizes(station) == 0
    assert events(station) == []
    station.person.unplug(1)


async def test_tc_c_40_cs_two_tokens_of_one_group_in_the_list(station: RunningStation) -> None:
    await configured(station, PRE_AUTHORIZE)
    info: Payload = {"status": "Accepted", "groupIdToken": FAMILY}
    for card in (CARD, OTHER_CARD):
        station.csms.desk.tokens.put(card, Token(group="FAMILY"))
    assert await send_list(station, {CARD: info, OTHER_CARD: info}) == "Accepted"
    await station.charge(more_wh=10)

    station.person.present_token(OTHER_CARD)
    ended = await event(station, "Ended", trigger="StopAuthorized")

    assert ended["idToken"]["idToken"] == OTHER_CARD
    assert await _authorizes(station) == 0
    station.person.unplug(1)


async def test_tc_c_43_cs_an_invalid_token_of_the_group_in_the_list_stops_nothing(station: RunningStation) -> None:
    await configured(station, PRE_AUTHORIZE)
    station.csms.desk.tokens.put(CARD, Token(group="FAMILY"))
    station.csms.desk.tokens.put(OTHER_CARD, Token("Invalid"))
    barred: Payload = {"status": "Invalid", "groupIdToken": FAMILY}
    entries: dict[str, Payload | None] = {CARD: {"status": "Accepted", "groupIdToken": FAMILY}, OTHER_CARD: barred}
    assert await send_list(station, entries) == "Accepted"
    await station.charge(more_wh=10)

    station.person.present_token(OTHER_CARD)
    await station.bench.expect("Authorize")
    await undecided(station)
    await station.until_metered(20)

    assert station.status() is ConnectorStatus.CHARGING
    await station.leave()


# --- offline ---------------------------------------------------------------------------------------------------------


async def test_tc_c_21_cs_offline_by_the_list_accepted(station: RunningStation) -> None:
    await _listed(station, "Accepted", {**PRE_AUTHORIZE, **ONLY_KNOWN_OFFLINE})
    await go_offline(station)

    await station.charge(more_wh=10)
    await station.leave()
    await come_back(station)
    await event(station, "Ended")

    assert all(told["offline"] for told in events(station))


@pytest.mark.parametrize("word", ["Invalid", "Blocked", "Expired"], ids=["tc_c_22_cs", "tc_c_23_cs", "tc_c_24_cs"])
async def test_offline_a_refusal_of_the_list_counts(station: RunningStation, word: str) -> None:
    await _listed(station, word, {**PRE_AUTHORIZE, **ONLY_KNOWN_OFFLINE})
    await go_offline(station)
    station.person.plug_in(1)
    await station.until_status(ConnectorStatus.PREPARING)

    station.person.present_token(CARD)
    await station.pass_time(10)
    await come_back(station)
    await station.until_told()

    assert events(station) == []
    assert station.transaction() is None
    station.person.unplug(1)


async def test_tc_c_25_cs_offline_the_list_counts_more_than_the_cache(station: RunningStation) -> None:
    await cached(station)
    await _listed(station, "Invalid", {**PRE_AUTHORIZE, **ANYBODY_OFFLINE})
    await go_offline(station)
    station.person.plug_in(1)
    await station.until_status(ConnectorStatus.PREPARING)

    station.person.present_token(CARD)
    await station.pass_time(10)

    assert station.transaction() is None
    station.person.unplug(1)
    await come_back(station)


@pytest.mark.parametrize(
    ("stops", "allowance_wh"),
    [("false", "10000"), ("true", "0"), ("false", "0"), ("true", "500")],
    ids=["tc_c_15_cs", "tc_c_16_cs", "tc_c_17_cs_and_c_26_cs", "tc_c_18_cs"],
)
async def test_a_token_that_turns_out_to_be_invalid(station: RunningStation, stops: str, allowance_wh: str) -> None:
    limits = {"TxCtrlr.StopTxOnInvalidId": stops, "TxCtrlr.MaxEnergyOnInvalidId": allowance_wh}
    await configured(station, {**ANYBODY_OFFLINE, **limits})
    station.csms.desk.tokens.put(CARD, Token("Invalid"))
    await go_offline(station)
    await station.charge(more_wh=10)
    await come_back(station)

    if stops == "true":
        ended = await event(station, "Ended")
        assert (ended["triggerReason"], ended["transactionInfo"]["stoppedReason"]) == ("Deauthorized", "DeAuthorized")
    elif allowance_wh == "0":
        await event(station, "Updated", chargingState="SuspendedEVSE")
        await station.until(lambda: not station.evse().view().contactor_closed)
        assert station.transaction() is not None
    else:
        await station.until_told()
        await station.until_metered(50)
        assert station.status() is ConnectorStatus.CHARGING
    assert events(station)[0]["offline"] is True
    await station.leave()


async def test_e05_an_invalid_token_charges_its_allowance_and_no_more(station: RunningStation) -> None:
    limits = {"TxCtrlr.StopTxOnInvalidId": "false", "TxCtrlr.MaxEnergyOnInvalidId": "200"}
    await configured(station, {**ANYBODY_OFFLINE, **limits})
    station.csms.desk.tokens.put(CARD, Token("Invalid"))
    await go_offline(station)
    await station.charge(more_wh=10)

    await come_back(station)
    await event(station, "Updated", chargingState="SuspendedEVSE")
    await station.until(lambda: not station.evse().view().contactor_closed)

    assert station.transaction() is not None
    await station.leave()


async def test_tc_c_26_cs_offline_an_unknown_token_where_nobody_unknown_may_charge(station: RunningStation) -> None:
    await configured(station, ONLY_KNOWN_OFFLINE)
    await go_offline(station)
    station.person.plug_in(1)
    await station.until_status(ConnectorStatus.PREPARING)

    station.person.present_token(CARD)
    await station.pass_time(10)

    assert station.transaction() is None
    station.person.unplug(1)
    await come_back(station)


# --- the list itself -------------------------------------------------------------------------------------------------


async def test_tc_d_01_and_d_08_cs_send_a_full_list(station: RunningStation) -> None:
    assert await send_list(station, {CARD: {"status": "Accepted"}}, version=7) == "Accepted"

    assert await _version(station) == 7


@pytest.mark.parametrize(
    ("entries", "known"),
    [({OTHER_CARD: {"status": "Accepted"}}, True), ({CARD: None}, False), ({}, True)],
    ids=["tc_d_02_cs", "tc_d_03_cs", "tc_d_05_cs"],
)
async def test_send_a_differential_list(
    station: RunningStation, entries: dict[str, Payload | None], known: bool
) -> None:
    await _listed(station, "Accepted")

    assert await send_list(station, entries, version=2, update="Differential") == "Accepted"
    await station.charge(more_wh=10)

    assert await _version(station) == 2
    assert await _authorizes(station) == (0 if known else 1)
    await station.leave()


async def test_tc_d_04_cs_a_full_empty_list_clears_it(station: RunningStation) -> None:
    await _listed(station, "Accepted")

    assert await send_list(station, {}, version=2) == "Accepted"
    await station.charge(more_wh=10)

    assert await _version(station) == 2  # D01.FR.04
    assert await _authorizes(station) == 1
    await station.leave()


async def test_tc_d_06_cs_version_mismatch(station: RunningStation) -> None:
    assert await send_list(station, {CARD: {"status": "Accepted"}}, version=5) == "Accepted"

    entries: dict[str, Payload | None] = {OTHER_CARD: {"status": "Accepted"}}
    assert await send_list(station, entries, version=4, update="Differential") == "VersionMismatch"
    assert await _version(station) == 5


async def test_tc_d_07_cs_the_list_outlives_a_restart(csms: BenchCsms, tmp_path: Path) -> None:
    clock = SystemClock(speed=SPEED)
    async with running_station(csms, tmp_path, clock=clock) as station:
        await send_list(station, {CARD: {"status": "Accepted"}}, version=3)
    async with running_station(csms, tmp_path, clock=clock) as station:
        assert await _version(station) == 3
    assert_flawless(csms)


async def test_tc_d_10_cs_version_of_a_list_that_is_switched_off(station: RunningStation) -> None:
    assert await send_list(station, {CARD: {"status": "Accepted"}}, version=3) == "Accepted"
    await configured(station, {"LocalAuthListCtrlr.Enabled": "false"})

    assert await _version(station) == 0
    assert await send_list(station, {CARD: {"status": "Accepted"}}, version=4) == "Failed"
