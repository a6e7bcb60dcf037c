"""The queue before a CSMS: its order, its answers, its attempts, and what a lost link or a sick disk does to it."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.station.events import Event, TransactionAnswered
from agent.station.facts import Fact
from agent.station.id_token import AuthorizationStatus, IdToken
from hil.csms.behaviours import amend, call_error, close, late, silent
from hil.csms.server import BenchCsms
from tests.agent.store.builders import ended, idle, sampled, started, updated
from tests.fakes.linked_station import IDENTITY, V16, V201, LinkedStation, gaps, linked_station
from tests.fakes.sick_database import sick

BOTH = pytest.mark.parametrize("version", [V16, V201])
TELLS = {V16: ["StartTransaction", "MeterValues", "StopTransaction"], V201: ["TransactionEvent"] * 3}
START = {V16: "StartTransaction", V201: "TransactionEvent"}
NOT_FACTS = {"connect", "BootNotification", "StatusNotification", "Heartbeat"}
THREE_TRIES = {
    "OCPPCommCtrlr.MessageAttempts[TransactionEvent]": "3",
    "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]": "5",
}
TOLERANCE_S = 10.0
"""Fast seconds: what a busy machine may be late by."""


def charge(transaction_id: str = "tx-1") -> list[Fact]:
    """The facts of a short charge."""
    return [started(transaction_id), sampled(transaction_id), ended(transaction_id)]


def told(station: LinkedStation) -> list[str]:
    """The actions that told facts."""
    return [what for what in station.actions if what not in NOT_FACTS]


def payloads(station: LinkedStation, action: str) -> list[dict[str, Any]]:
    """What was said under an action, in order."""
    return [one.payload for one in station.of(action)]


def events_of(station: LinkedStation) -> list[Event]:
    """Every event of the station from now on."""
    events: list[Event] = []
    station.runner.observe(lambda event, _: events.append(event))
    return events


@BOTH
async def test_facts_are_told_in_the_order_of_their_record(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        await station.record(*charge("tx-1"))
        await station.record(*charge("tx-2"))
        await station.until_told()

        assert told(station) == TELLS[version] * 2
        assert station.csms.violations == []
        assert station.sender.sent == 6


@BOTH
async def test_the_next_fact_waits_for_the_answer_to_the_last(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        station.bench.always(TELLS[version][0], late(3.0))
        await station.record(*charge(), *charge("tx-2"))
        await station.until_told()

        assert not station.bench.overlaps
        assert told(station) == TELLS[version] * 2


@BOTH
async def test_what_is_recorded_while_nothing_waits_is_told_at_once(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        await station.record(started())
        await station.sender.drained()
        await station.pass_time(8)
        recorded_s = station.clock.monotonic()
        await station.record(sampled())
        heard = await station.until_heard(TELLS[version][1], times=1 if version == V16 else 2)

        assert heard[-1].at_s - recorded_s < TOLERANCE_S


@BOTH
async def test_a_refused_fact_is_tried_as_often_as_configured_and_then_kept_apart(tmp_path: Path, version: str) -> None:
    action = START[version]
    async with linked_station(tmp_path, versions=(version,), variables=THREE_TRIES) as station:
        station.bench.script(action, *[call_error("InternalError", "no")] * 3)
        await station.record(started("tx-1"), started("tx-2"))
        await station.until_told()

        tries = station.of(action)
        letters = await station.store.dead_letters(10)
        assert len(tries) == 4
        assert [one.payload for one in tries[:3]] == [tries[0].payload] * 3
        for wait, least in zip(gaps(tries[:3]), [5, 10], strict=True):
            assert least <= wait < least + TOLERANCE_S
        assert [(letter.fact, letter.why) for letter in letters] == [(started("tx-1"), "InternalError: no")]
        assert (station.sender.given_up, station.sender.sent) == (1, 1)


async def test_in_2_0_1_no_answer_is_a_failed_attempt(tmp_path: Path) -> None:
    variables = {**THREE_TRIES, "OCPPCommCtrlr.MessageTimeout[Default]": "6"}
    async with linked_station(tmp_path, variables=variables) as station:
        station.bench.script("TransactionEvent", silent(), silent(), silent())
        await station.record(started("tx-1"), started("tx-2"))
        await station.until_told()

        tries = station.of("TransactionEvent")
        told_of = [one.payload["transactionInfo"]["transactionId"] for one in tries]
        assert told_of[:4] == ["tx-1"] * 3 + ["tx-2"]
        # The time without an answer counts from when it was sent, a little before it is heard.
        for wait, least in zip(gaps(tries[:3]), [6 + 5, 6 + 10], strict=True):
            assert least - 3 <= wait < least + TOLERANCE_S
        assert station.sender.given_up == 1


async def test_in_1_6_a_csms_may_be_silent_for_as_long_as_it_likes(tmp_path: Path) -> None:
    variables = {**THREE_TRIES, "OCPPCommCtrlr.MessageTimeout[Default]": "3"}
    async with linked_station(tmp_path, versions=(V16,), variables=variables) as station:
        station.bench.script("StartTransaction", *[silent()] * 4)
        await station.record(started())
        await station.until_told()

        assert len(station.of("StartTransaction")) > 4
        assert station.sender.given_up == 0


@BOTH
async def test_attempts_are_counted_across_a_restart(tmp_path: Path, version: str) -> None:
    action = START[version]

    def refuse_always(csms: BenchCsms) -> None:
        csms.prepare(IDENTITY).always(action, call_error("InternalError"))

    async with linked_station(tmp_path, versions=(version,), variables=THREE_TRIES, scripted=refuse_always) as station:
        await station.record(started())
        await station.until_heard(action, times=2)
        await station.pass_time(2)
    async with linked_station(tmp_path, versions=(version,), variables=THREE_TRIES, scripted=refuse_always) as station:
        await station.until_told()

        assert len(station.of(action)) == 1
        assert station.store.dead_letter_count == 1


@BOTH
async def test_a_link_lost_in_the_middle_of_a_call_costs_no_attempt_and_changes_no_word(
    tmp_path: Path, version: str
) -> None:
    action = START[version]
    once = {"OCPPCommCtrlr.MessageAttempts[TransactionEvent]": "1"}
    async with linked_station(tmp_path, versions=(version,), variables=once) as station:
        await station.until_online()
        station.bench.script(action, close(), close())
        await station.record(started())
        await station.until_told()

        tries = payloads(station, action)
        assert tries == [tries[0]] * 3
        assert station.sender.given_up == 0
        assert station.bench.links == 3


async def test_what_waited_through_a_loss_of_the_link_is_told_as_offline(tmp_path: Path) -> None:
    async with linked_station(tmp_path) as station:
        await station.until_online()
        station.bench.script("TransactionEvent", close())
        await station.record(*charge())
        await station.until_told()
        await station.record(started("tx-2"))
        await station.until_told()

        flags = [payload.get("offline", False) for payload in payloads(station, "TransactionEvent")]
        assert flags == [False, False, True, True, False]  # the first was on its way: it is told again as it was


async def test_what_waited_for_the_first_boot_is_told_as_it_was_recorded(tmp_path: Path) -> None:
    async with linked_station(tmp_path) as station:
        await station.record(started(offline=True), sampled())
        await station.until_told()

        assert [payload.get("offline", False) for payload in payloads(station, "TransactionEvent")] == [True, False]


async def test_the_number_that_a_1_6_csms_gives_a_transaction_is_used_for_the_rest_of_it(tmp_path: Path) -> None:
    async with linked_station(tmp_path, versions=(V16,)) as station:
        station.bench.script("StartTransaction", amend({"transactionId": 4711}))
        await station.record(*charge())
        await station.until_told()

        assert payloads(station, "MeterValues")[0]["transactionId"] == 4711
        assert payloads(station, "StopTransaction")[0]["transactionId"] == 4711


async def test_that_number_outlives_a_restart(tmp_path: Path) -> None:
    async with linked_station(tmp_path, versions=(V16,)) as station:
        station.bench.script("StartTransaction", amend({"transactionId": 4711}))
        await station.record(started())
        await station.until_told()
    async with linked_station(tmp_path, versions=(V16,)) as station:
        await station.record(sampled(), ended())
        await station.until_told()

        assert payloads(station, "MeterValues")[0]["transactionId"] == 4711
        assert payloads(station, "StopTransaction")[0]["transactionId"] == 4711


async def test_the_end_of_a_transaction_whose_start_was_given_up_is_told_all_the_same(tmp_path: Path) -> None:
    once = {"OCPPCommCtrlr.MessageAttempts[TransactionEvent]": "1"}
    async with linked_station(tmp_path, versions=(V16,), variables=once) as station:
        station.bench.script("StartTransaction", call_error("InternalError"))
        await station.record(*charge())
        await station.until_told()

        assert told(station) == TELLS[V16]
        assert payloads(station, "StopTransaction")[0]["meterStop"] == 200


async def test_what_a_version_has_no_word_for_is_done_without_one(tmp_path: Path) -> None:
    async with linked_station(tmp_path, versions=(V16,)) as station:
        await station.record(started(), updated(), ended())
        await station.until_told()

        assert told(station) == ["StartTransaction", "StopTransaction"]


@BOTH
async def test_values_outside_a_transaction_are_told_too(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        await station.record(idle(1))
        await station.until_told()

        assert told(station) == ["MeterValues"]


async def test_a_fact_that_cannot_be_put_into_words_does_not_block_the_rest(tmp_path: Path) -> None:
    too_long = "x" * 37
    async with linked_station(tmp_path) as station:
        await station.record(started(too_long), started("tx-2"))
        await station.until_told()

        told_of = [one["transactionInfo"]["transactionId"] for one in payloads(station, "TransactionEvent")]
        letters = await station.store.dead_letters(10)
        assert told_of == ["tx-2"]
        assert [letter.fact for letter in letters] == [started(too_long)]


@BOTH
async def test_what_the_csms_says_of_a_token_reaches_the_station(tmp_path: Path, version: str) -> None:
    info, word = ("idTagInfo", "Blocked") if version == V16 else ("idTokenInfo", "Blocked")
    async with linked_station(tmp_path, versions=(version,)) as station:
        events = events_of(station)
        station.bench.script(START[version], amend({info: {"status": word}}))
        await station.record(started())
        await station.until(lambda: any(isinstance(event, TransactionAnswered) for event in events))

        (answered,) = [event for event in events if isinstance(event, TransactionAnswered)]
        assert (answered.transaction_id, answered.token) == ("tx-1", IdToken("04AABBCCDD"))
        assert answered.info.status is AuthorizationStatus.BLOCKED


async def test_an_answer_whose_additions_cannot_be_read_is_an_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before_all_time = "0001-01-01T00:00:00+05:00"
    unreadable = {"idTokenInfo": {"status": "Accepted", "cacheExpiryDateTime": before_all_time}}
    async with linked_station(tmp_path) as station:
        station.bench.script("TransactionEvent", amend(unreadable))
        await station.record(started(), sampled())
        await station.until_told()

        assert len(station.of("TransactionEvent")) == 2
        assert (station.sender.sent, station.sender.given_up) == (2, 0)
        assert "answer to a fact unreadable" in caplog.messages


@BOTH
async def test_what_was_told_is_not_told_again_while_the_disk_cannot_note_it(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        await station.until_online()
        await station.record(started(), ended())
        with sick(tmp_path / "agent.db", table="outbox", verb="DELETE"):
            await station.until_heard(START[version])
            await station.pass_time(12)
            meanwhile = told(station)
        await station.until_told()

        assert meanwhile == [START[version]]
        assert told(station) == [START[version], TELLS[version][2]]


async def test_an_attempt_that_the_disk_cannot_count_is_counted_once_it_can(tmp_path: Path) -> None:
    async with linked_station(tmp_path, variables=THREE_TRIES) as station:
        await station.until_online()
        station.bench.always("TransactionEvent", call_error("InternalError"))
        with sick(tmp_path / "agent.db", table="outbox", verb="UPDATE"):
            await station.record(started())
            await station.until_heard("TransactionEvent")
            await station.pass_time(12)
            meanwhile = len(station.of("TransactionEvent"))
        await station.until_told()

        assert meanwhile == 1
        assert len(station.of("TransactionEvent")) == 3


async def test_drained_returns_once_all_is_told_and_not_before(tmp_path: Path) -> None:
    async with linked_station(tmp_path) as station:
        station.bench.script("TransactionEvent", late(5.0))
        await station.record(started(), replace(ended(), seq_no=1))
        draining = asyncio.create_task(station.sender.drained(), name="draining")
        await station.until_heard("TransactionEvent")
        before = draining.done()
        await draining

        assert not before
        assert await station.store.depth() == 0
