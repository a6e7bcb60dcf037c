"""Cases of the OCA's test specification for 2.0.1, by their ids: who may charge, asked of the CSMS (block C).

Covered: C_02, C_04, C_06, C_07, C_08, C_09, C_10, C_11, C_12, C_13, C_14, C_32 to C_34, C_36 to C_39, C_41, C_42,
C_44 to C_46, C_49, C_57. The cases of the start button, of a keypad and of ISO 15118 need parts that are not there.
"""

from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from hil.csms.tokens import Token
from tests.conformance.ocpp201.words import (
    OTHER_CARD,
    cached,
    configured,
    event,
    events,
    plugged,
    undecided,
)
from tests.fakes.running_station import CARD, SPEED, RunningStation, StationFile, close_books, running_station

PRE_AUTHORIZE = {"AuthCacheCtrlr.Enabled": "true", "AuthCtrlr.LocalPreAuthorize": "true"}
MASTER = "MASTER-GROUP"
MASTER_CARD = "MASTER-0001"


async def _ask_in_vain(station: RunningStation, token: str = CARD) -> None:
    """A token is presented, the CSMS is asked and refuses, nothing follows."""
    before = len(events(station))
    station.person.present_token(token)
    await station.bench.expect("Authorize", where=lambda asked: bool(asked["idToken"]["idToken"] == token))
    await undecided(station)
    assert len(events(station)) == before


async def _authorizes(station: RunningStation) -> int:
    return len(station.bench.messages.calls("Authorize"))


@pytest.mark.parametrize(
    "word",
    ["Invalid", "Unknown", "Blocked", "Expired"],
    ids=["tc_c_02_cs", "tc_c_02_cs_unknown", "tc_c_06_cs", "tc_c_07_cs"],
)
async def test_local_start_with_a_token_that_the_csms_refuses(station: RunningStation, word: str) -> None:
    station.csms.desk.tokens.put(CARD, Token(word))
    await plugged(station)

    await _ask_in_vain(station)

    assert not station.evse().view().contactor_closed
    station.person.unplug(1)


async def test_tc_c_04_cs_local_stop_with_a_different_token(station: RunningStation) -> None:
    await station.charge(more_wh=20)

    station.person.present_token(OTHER_CARD)
    await station.bench.expect("Authorize", where=lambda asked: bool(asked["idToken"]["idToken"] == OTHER_CARD))
    await undecided(station)
    await station.until_metered(20)

    assert station.status() is ConnectorStatus.CHARGING
    assert all(told.get("idToken", {}).get("idToken") in (None, CARD) for told in events(station))
    await station.leave()


@pytest.mark.parametrize("plug_first", [True, False], ids=["tc_c_08_cs", "tc_c_13_cs"])
async def test_authorization_through_the_cache_accepted(station: RunningStation, plug_first: bool) -> None:
    await configured(station, PRE_AUTHORIZE)
    await station.charge(more_wh=10)
    await station.leave()
    await station.until_told()
    asked = await _authorizes(station)
    station.bench.skip_to_now()

    if plug_first:
        station.person.plug_in(1)
        await station.until_status(ConnectorStatus.PREPARING)
    station.person.present_token(CARD)
    if not plug_first:
        await station.until_status(ConnectorStatus.PREPARING)
        station.person.plug_in(1)
    started = await event(station, "Started")
    await station.until_status(ConnectorStatus.CHARGING)

    assert started["idToken"]["idToken"] == CARD
    assert await _authorizes(station) == asked
    await station.leave()


@pytest.mark.parametrize("word", ["Invalid", "Blocked", "Expired"], ids=["tc_c_09_cs", "tc_c_10_cs", "tc_c_11_cs"])
async def test_a_refusal_in_the_cache_is_asked_about_again(station: RunningStation, word: str) -> None:
    await configured(station, {**PRE_AUTHORIZE, "AuthCacheCtrlr.DisablePostAuthorize": "false"})
    station.csms.desk.tokens.put(CARD, Token(word))
    await cached(station)
    await plugged(station)

    await _ask_in_vain(station)
    station.person.unplug(1)


async def test_tc_c_12_cs_a_refusal_in_the_cache_that_has_become_a_yes(station: RunningStation) -> None:
    await configured(station, {**PRE_AUTHORIZE, "AuthCacheCtrlr.DisablePostAuthorize": "false"})
    station.csms.desk.tokens.put(CARD, Token("Invalid"))
    await cached(station)
    station.csms.desk.tokens.put(CARD, Token())
    await plugged(station)

    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await event(station, "Started")
    await station.until_status(ConnectorStatus.CHARGING)
    await station.leave()


async def test_tc_c_57_cs_a_refusal_in_the_cache_counts_where_that_is_configured(station: RunningStation) -> None:
    await configured(station, {**PRE_AUTHORIZE, "AuthCacheCtrlr.DisablePostAuthorize": "true"})
    station.csms.desk.tokens.put(CARD, Token("Invalid"))
    await cached(station)
    await plugged(station)
    asked = await _authorizes(station)

    station.person.present_token(CARD)
    await station.pass_time(10)

    assert await _authorizes(station) == asked
    assert events(station) == []
    station.person.unplug(1)


async def test_tc_c_14_cs_a_master_pass_out_of_the_cache_stops_the_charge(station: RunningStation) -> None:
    await configured(station, {**PRE_AUTHORIZE, "AuthCtrlr.MasterPassGroupId": MASTER})
    station.csms.desk.tokens.put(MASTER_CARD, Token(group=MASTER))
    await cached(station, MASTER_CARD)
    await station.charge(more_wh=20)
    asked = await _authorizes(station)

    station.person.present_token(MASTER_CARD)
    ended = await event(station, "Ended")

    assert ended["triggerReason"] == "StopAuthorized"
    assert ended["transactionInfo"]["stoppedReason"] == "MasterPass"
    assert ended["idToken"]["idToken"] == MASTER_CARD
    assert await _authorizes(station) == asked
    station.person.unplug(1)


async def test_tc_c_32_cs_the_cache_outlives_a_restart(csms: BenchCsms, tmp_path: Path) -> None:
    clock = SystemClock(speed=SPEED)
    async with running_station(csms, tmp_path, clock=clock) as station:
        await configured(station, PRE_AUTHORIZE)
        station.csms.desk.tokens.put(CARD, Token())
        station.person.present_token(CARD)
        await station.bench.expect("Authorize")
        await undecided(station)

    async with running_station(csms, tmp_path, clock=clock) as station:
        asked = await _authorizes(station)
        await plugged(station)
        station.person.present_token(CARD)
        await event(station, "Started")
        assert await _authorizes(station) == asked
        await station.leave()
        await close_books(station)


async def test_tc_c_33_cs_the_cache_takes_the_answer_to_authorize(station: RunningStation) -> None:
    await configured(station, PRE_AUTHORIZE)

    await station.charge(more_wh=10)
    await station.leave()
    asked = await _authorizes(station)
    await station.charge(more_wh=10)
    await station.leave()

    assert (asked, await _authorizes(station)) == (1, 1)


async def test_tc_c_34_cs_the_cache_takes_the_answer_to_a_transaction_event(station: RunningStation) -> None:
    await configured(station, PRE_AUTHORIZE)
    await station.charge(more_wh=10)
    await station.leave()
    await station.until_told()
    station.csms.desk.tokens.put(CARD, Token("Invalid"))
    station.person.plug_in(1)
    station.person.present_token(CARD)
    await event(station, "Ended", stoppedReason="DeAuthorized")
    await station.leave()

    await plugged(station)
    await _ask_in_vain(station)
    station.person.unplug(1)


async def test_tc_c_36_cs_a_cached_token_is_asked_about_without_pre_authorization(station: RunningStation) -> None:
    await configured(station, {"AuthCacheCtrlr.Enabled": "true", "AuthCtrlr.LocalPreAuthorize": "false"})
    await station.charge(more_wh=10)
    await station.leave()
    station.csms.desk.tokens.put(CARD, Token("Invalid"))

    await _ask_in_vain(station)


@pytest.mark.parametrize(("enabled", "word"), [("true", "Accepted"), ("false", "Rejected")])
async def test_tc_c_37_and_38_cs_clear_cache(station: RunningStation, enabled: str, word: str) -> None:
    await configured(station, {**PRE_AUTHORIZE, "AuthCacheCtrlr.Enabled": enabled})
    await station.charge(more_wh=10)
    await station.leave()
    await station.until_told()

    answer = await station.bench.call("ClearCache")
    station.bench.skip_to_now()
    await plugged(station)
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await event(station, "Started")

    assert answer["status"] == word
    await station.leave()


@pytest.mark.parametrize("from_cache", [False, True], ids=["tc_c_39_cs", "tc_c_41_cs"])
async def test_a_token_of_the_same_group_stops_the_charge(station: RunningStation, from_cache: bool) -> None:
    for card in (CARD, OTHER_CARD):
        station.csms.desk.tokens.put(card, Token(group="FAMILY"))
    if from_cache:
        await configured(station, {**PRE_AUTHORIZE, "TxCtrlr.EVConnectionTimeOut": "10"})
        await cached(station, OTHER_CARD)
    await station.charge(more_wh=10)
    asked = await _authorizes(station)

    station.person.present_token(OTHER_CARD)
    ended = await event(station, "Ended")

    assert (ended["triggerReason"], ended["transactionInfo"].get("stoppedReason", "Local")) == (
        "StopAuthorized",
        "Local",
    )
    assert ended["idToken"]["idToken"] == OTHER_CARD
    assert await _authorizes(station) - asked == (0 if from_cache else 1)
    station.person.unplug(1)


@pytest.mark.parametrize("from_cache", [False, True], ids=["tc_c_42_cs", "tc_c_44_cs"])
async def test_an_invalid_token_of_the_group_stops_nothing(station: RunningStation, from_cache: bool) -> None:
    station.csms.desk.tokens.put(CARD, Token(group="FAMILY"))
    station.csms.desk.tokens.put(OTHER_CARD, Token("Invalid", group="FAMILY"))
    if from_cache:
        await configured(station, PRE_AUTHORIZE)
        await cached(station, OTHER_CARD)
    await station.charge(more_wh=10)

    station.person.present_token(OTHER_CARD)
    await station.bench.expect("Authorize", where=lambda asked: bool(asked["idToken"]["idToken"] == OTHER_CARD))
    await undecided(station)
    await station.until_metered(20)

    assert station.status() is ConnectorStatus.CHARGING
    await station.leave()


async def test_tc_c_45_cs_a_master_pass_starts_nothing(station: RunningStation) -> None:
    await configured(station, {"AuthCtrlr.MasterPassGroupId": MASTER})
    station.csms.desk.tokens.put(MASTER_CARD, Token(group=MASTER))

    await _ask_in_vain(station, MASTER_CARD)
    await plugged(station)
    await station.pass_time(10)

    assert events(station) == []
    assert not station.evse().view().contactor_closed
    station.person.unplug(1)


async def test_tc_c_46_cs_the_cache_forgets_after_its_life_time(station: RunningStation) -> None:
    await configured(station, {**PRE_AUTHORIZE, "AuthCacheCtrlr.LifeTime": "20"})
    await station.charge(more_wh=10)
    await station.leave()
    await station.until_told()
    station.bench.skip_to_now()

    await station.pass_time(25)
    await plugged(station)
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await event(station, "Started")

    await station.leave()


async def test_tc_c_49_cs_a_master_pass_stops_all_transactions(csms: BenchCsms, tmp_path: Path) -> None:
    file = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}))
    async with running_station(csms, tmp_path, file=file) as station:
        await configured(station, {"AuthCtrlr.MasterPassGroupId": MASTER})
        csms.desk.tokens.put(MASTER_CARD, Token(group=MASTER))
        await station.charge(evse_id=1, token=CARD, more_wh=10)
        await station.charge(evse_id=2, token=OTHER_CARD, more_wh=10)

        station.person.present_token(MASTER_CARD)
        ended = [await event(station, "Ended") for _ in range(2)]

        assert {told["evse"]["id"] for told in ended} == {1, 2}
        assert {told["transactionInfo"]["stoppedReason"] for told in ended} == {"MasterPass"}
        await close_books(station)
