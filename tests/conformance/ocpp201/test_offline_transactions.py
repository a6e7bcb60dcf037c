"""Cases of the OCA's test specification for 2.0.1, by their ids: transactions told late, or again (block E).

Covered: E_29, E_31, E_33, E_40 to E_45, E_50, E_51.
"""

from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.behaviours import Scripted, call_error, silent
from hil.csms.server import BenchCsms
from hil.csms.tokens import Token
from tests.conformance.ocpp201.words import (
    OTHER_CARD,
    cached,
    come_back,
    configured,
    event,
    events,
    go_offline,
    named,
    set_variable,
    transaction_id,
)
from tests.fakes.running_station import CARD, RunningStation, running_station

ANYBODY_OFFLINE = {"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}
ATTEMPTS = 3
ATTEMPT_INTERVAL_S = 10


async def _charging_offline(station: RunningStation) -> None:
    await station.charge(more_wh=10)
    await station.until_told()
    await go_offline(station)
    await station.until_metered(100)


async def _asked_as_soon_as_back(station: RunningStation, *, named_transaction: bool) -> dict[str, object]:
    """GetTransactionStatus at the very moment the link is there again."""
    station.bench.always("TransactionEvent", silent())
    payload = {"transactionId": transaction_id(station)} if named_transaction else {}
    await station.csms.listen_again()
    await station.bench.wait_connected()
    answer = await station.bench.call("GetTransactionStatus", payload)
    station.bench.always("TransactionEvent", None)
    await station.until_online()
    return dict(answer)


@pytest.mark.parametrize("named_transaction", [True, False], ids=["tc_e_29_cs", "tc_e_33_cs"])
async def test_status_of_a_transaction_with_messages_in_the_queue(
    station: RunningStation, named_transaction: bool
) -> None:
    await _charging_offline(station)

    answer = await _asked_as_soon_as_back(station, named_transaction=named_transaction)

    indicator = {"ongoingIndicator": True} if named_transaction else {}
    assert answer == {**indicator, "messagesInQueue": True}
    await station.leave()


async def test_tc_e_31_cs_status_of_an_ended_transaction_with_messages_in_the_queue(station: RunningStation) -> None:
    await _charging_offline(station)
    await station.leave()

    answer = await _asked_as_soon_as_back(station, named_transaction=True)

    assert answer == {"ongoingIndicator": False, "messagesInQueue": True}


async def test_tc_e_40_cs_connection_loss_during_a_transaction(station: RunningStation) -> None:
    await _charging_offline(station)
    before = len(events(station))

    await come_back(station)
    await station.until_told()

    told_late = [told for told in events(station)[before:] if told.get("offline", False)]
    assert len(told_late) >= 2
    assert {told["eventType"] for told in told_late} == {"Updated"}
    assert all(told["meterValue"] for told in told_late)
    assert station.status() is ConnectorStatus.CHARGING
    await station.leave()


async def test_tc_e_43_cs_a_whole_transaction_during_an_offline_period(station: RunningStation) -> None:
    await configured(station, ANYBODY_OFFLINE)
    await go_offline(station)
    await station.charge(more_wh=10)
    await station.leave()

    await come_back(station)
    await event(station, "Ended")

    assert all(told["offline"] for told in events(station))
    assert [told["eventType"] for told in events(station)][:1] == ["Started"]


@pytest.mark.parametrize("card", [CARD, OTHER_CARD], ids=["tc_e_44_cs", "tc_e_45_cs"])
async def test_stop_of_a_transaction_during_an_offline_period(station: RunningStation, card: str) -> None:
    for each in (CARD, OTHER_CARD):
        station.csms.desk.tokens.put(each, Token(group="FAMILY"))
    await configured(station, {"TxCtrlr.EVConnectionTimeOut": "10"})
    await cached(station, OTHER_CARD)
    await _charging_offline(station)
    before = len(events(station))

    station.person.present_token(card)
    await station.until(lambda: station.transaction() is None)
    station.person.unplug(1)
    await come_back(station)
    ended = await event(station, "Ended", trigger="StopAuthorized")

    assert ended["idToken"]["idToken"] == card
    assert all(told["offline"] for told in events(station)[before:])


async def _retries(station: RunningStation) -> None:
    for variable, value in (("MessageAttempts", ATTEMPTS), ("MessageAttemptInterval", ATTEMPT_INTERVAL_S)):
        item = named("OCPPCommCtrlr", variable, instance="TransactionEvent")
        assert (await set_variable(station, item, str(value)))["attributeStatus"] == "Accepted"


def _started_messages(station: RunningStation) -> int:
    return len([told for told in events(station) if told["eventType"] == "Started"])


@pytest.mark.parametrize("failure", [silent(), call_error("InternalError")], ids=["tc_e_41_cs", "tc_e_50_cs"])
async def test_a_transaction_message_is_given_up_after_so_many_attempts(
    csms: BenchCsms, tmp_path: Path, failure: Scripted
) -> None:
    async with running_station(csms, tmp_path) as station:
        await _retries(station)
        station.bench.script("TransactionEvent", *[failure] * ATTEMPTS)
        station.person.plug_in(1)
        station.person.present_token(CARD)

        await station.until(lambda: station.agent.sender.given_up == 1, within_s=15)
        await event(station, "Updated")

        assert _started_messages(station) == ATTEMPTS
        assert {told["seqNo"] for told in events(station)[:ATTEMPTS]} == {0}
        await station.leave()
        await station.until_told()
        assert len(await station.agent.store.dead_letters(10)) == 1
    assert csms.violations == []


@pytest.mark.parametrize("failure", [silent(), call_error("InternalError")], ids=["tc_e_42_cs", "tc_e_51_cs"])
async def test_a_transaction_message_that_fails_once_is_told_again(station: RunningStation, failure: Scripted) -> None:
    await _retries(station)
    station.bench.script("TransactionEvent", failure)
    station.person.plug_in(1)
    station.person.present_token(CARD)

    await event(station, "Started")
    await event(station, "Started")
    await event(station, "Updated")

    assert _started_messages(station) == 2
    assert station.agent.sender.given_up == 0
    await station.leave()
