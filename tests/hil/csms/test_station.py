"""Scripting, expecting, calling and cutting one station."""

import asyncio
import json

import pytest

from hil.csms.behaviours import amend, answer, call_error, close, close_after, garbage, late, silent
from hil.csms.errors import BenchError, CallError, NotSeen, StationGone
from hil.csms.frame import Payload
from hil.csms.record import Direction
from hil.csms.server import BenchCsms
from hil.csms.station import ANY
from tests.hil.csms.raw_station import BOOT_16, BOOT_201, plugged

ACCEPTED = {"status": "Accepted"}


async def test_a_script_is_followed_in_turn_and_then_the_default_returns(csms: BenchCsms) -> None:
    csms.prepare("CP001").script(
        "Authorize",
        answer({"idTagInfo": {"status": "Blocked"}}),
        call_error("InternalError", "no database"),
        lambda payload: {"idTagInfo": {"status": "Expired", "parentIdTag": payload["idTag"]}},
    )

    async with plugged(csms) as raw:
        replies = [await raw.call("Authorize", {"idTag": "T1"}) for _ in range(4)]

    assert replies[0][2] == {"idTagInfo": {"status": "Blocked"}}
    assert replies[1][0] == 4
    assert replies[1][2:4] == ["InternalError", "no database"]
    assert replies[2][2] == {"idTagInfo": {"status": "Expired", "parentIdTag": "T1"}}
    assert replies[3][2] == {"idTagInfo": {"status": "Accepted"}}
    assert csms.violations == []


async def test_amending_changes_the_default_answer_in_places(csms: BenchCsms) -> None:
    csms.prepare("CP001").script("BootNotification", amend({"interval": 7}))

    async with plugged(csms) as raw:
        reply = await raw.call("BootNotification", BOOT_16)

    assert reply[2]["interval"] == 7
    assert reply[2]["status"] == "Accepted"


async def test_a_standing_behaviour_stays_until_it_is_taken_away(csms: BenchCsms) -> None:
    station = csms.prepare("CP001")
    station.always(ANY, call_error("GenericError"))

    async with plugged(csms) as raw:
        kinds = [(await raw.call(action, {}))[0] for action in ("Heartbeat", "Heartbeat")]
        station.always(ANY, None)
        kinds.append((await raw.call("Heartbeat", {}))[0])

    assert kinds == [4, 4, 3]


async def test_a_silent_answer_never_comes_and_the_next_one_does(csms: BenchCsms) -> None:
    csms.prepare("CP001").script("Heartbeat", silent())

    async with plugged(csms) as raw:
        with pytest.raises(TimeoutError):
            await raw.call("Heartbeat", {}, timeout_s=0.05)
        reply = await raw.call("Heartbeat", {})

    assert reply[0] == 3


async def test_a_late_answer_does_not_hold_up_other_calls(csms: BenchCsms) -> None:
    csms.prepare("CP001").script("Heartbeat", late(0.1))

    async with plugged(csms) as raw:
        slow = asyncio.create_task(raw.call("Heartbeat", {}))
        await csms.stations["CP001"].expect("Heartbeat")
        await raw.call("Authorize", {"idTag": "T1"})
        order = [slow.done()]
        await slow
        order.append(slow.done())

    assert order == [False, True]
    assert len(csms.stations["CP001"].overlaps) == 1


async def test_a_late_answer_for_a_link_that_went_is_forgotten(csms: BenchCsms) -> None:
    csms.prepare("CP001").script("Heartbeat", late(30))
    async with plugged(csms) as raw:
        with pytest.raises(TimeoutError):
            await raw.call("Heartbeat", {}, timeout_s=0.05)

    await csms.stations["CP001"].wait_disconnected(timeout_s=2)

    assert csms.failures == []


async def test_close_cuts_the_connection_before_the_answer(csms: BenchCsms) -> None:
    csms.prepare("CP001").script("Heartbeat", close())

    async with plugged(csms) as raw:
        with pytest.raises(TimeoutError):
            await raw.call("Heartbeat", {}, timeout_s=0.2)

        assert raw.ws.close_code == 1006


async def test_close_after_answers_and_then_ends_the_connection(csms: BenchCsms) -> None:
    csms.prepare("CP001").script("Heartbeat", close_after())

    async with plugged(csms) as raw:
        reply = await raw.call("Heartbeat", {})
        async with asyncio.timeout(2):
            await raw.ws.wait_closed()

    assert reply[0] == 3
    assert raw.ws.close_code == 1006


async def test_garbage_is_sent_as_it_is_with_the_message_id_filled_in(csms: BenchCsms) -> None:
    csms.prepare("CP001").script("Heartbeat", garbage("{not json"), garbage('[3,"{id}",{"a":1}]'))

    async with plugged(csms) as raw:
        with pytest.raises(TimeoutError):
            await raw.call("Heartbeat", {}, timeout_s=0.05)
        reply = await raw.call("Heartbeat", {})

    assert raw.odd == ["{not json"]
    assert reply[2] == {"a": 1}
    assert csms.violations == []


async def test_a_scripted_callable_may_choose_a_behaviour(csms: BenchCsms) -> None:
    csms.prepare("CP001").script("Heartbeat", lambda _payload: call_error("NotSupported"))

    async with plugged(csms) as raw:
        reply = await raw.call("Heartbeat", {})

    assert reply[2] == "NotSupported"


async def test_a_scripted_callable_that_fails_is_reported_when_the_bench_ends() -> None:
    def fail(_payload: Payload) -> Payload:
        raise KeyError("idTag")

    csms = await BenchCsms().__aenter__()
    csms.prepare("CP001").script("Heartbeat", fail)
    async with plugged(csms) as raw:
        reply = await raw.call("Heartbeat", {})
    with pytest.raises(BenchError, match="idTag"):
        await csms.__aexit__(None, None, None)

    assert reply[2] == "InternalError"


async def test_a_wrong_answer_of_the_script_is_a_violation_of_the_csms(csms: BenchCsms) -> None:
    csms.prepare("CP001").script("Heartbeat", answer({"time": 1}), answer({"time": 1}, unchecked=True))

    async with plugged(csms) as raw:
        await raw.call("Heartbeat", {})
        found = len(csms.violations)
        await raw.call("Heartbeat", {})

    assert found == len(csms.violations) > 0
    assert {violation.direction for violation in csms.violations} == {Direction.OUT}


async def test_a_wrong_payload_is_refused_and_collected(csms: BenchCsms) -> None:
    async with plugged(csms) as raw, plugged(csms, "CP002", versions=("ocpp2.0.1",)) as new:
        old_reply = await raw.call("Authorize", {"idTag": 5})
        new_reply = await new.call("Authorize", {})
        unknown = await new.call("MakeCoffee", {})
        not_ours = await new.call("Reset", {"type": "Immediate"})

    assert old_reply[2] == "FormationViolation"
    assert new_reply[2] == "FormatViolation"
    assert unknown[2] == "NotImplemented"
    assert not_ours[2] == "NotSupported"
    assert [violation.action for violation in csms.violations] == ["Authorize", "Authorize", "MakeCoffee"]
    assert csms.violations[0].problem.startswith("idTag: ")


@pytest.mark.parametrize("text", ["{", "[]", '{"a":1}', '[2,"x"]', '[2,5,"Heartbeat",{}]', '[9,"x","y",{}]'])
async def test_an_unreadable_message_is_collected_and_the_link_goes_on(csms: BenchCsms, text: str) -> None:
    async with plugged(csms) as raw:
        await raw.ws.send(text)
        reply = await raw.call("Heartbeat", {})

    assert reply[0] == 3
    assert len(csms.violations) == 1


async def test_odd_but_valid_numbers_do_not_end_the_link(csms: BenchCsms) -> None:
    start = {"connectorId": 1, "idTag": "T1", "meterStart": 10**400, "timestamp": "2026-01-01T10:00:00Z"}

    async with plugged(csms) as raw:
        await raw.call("StartTransaction", start)
        reply = await raw.call("Heartbeat", {})

    assert reply[0] == 3
    assert csms.ledger.transactions[0].begin_wh is None


async def test_a_message_id_used_twice_is_a_violation(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        await raw.ws.send('[2,"same","Heartbeat",{}]')
        await raw.ws.send('[2,"same","Heartbeat",{}]')
        await raw.call("Heartbeat", {})

    assert [violation.problem for violation in csms.violations] == ["the message id was used before"]


@pytest.mark.parametrize(("version", "found"), [("ocpp1.6", 0), ("ocpp2.0.1", 1)])
async def test_a_message_id_must_be_new_on_later_links_too_in_2(csms: BenchCsms, version: str, found: int) -> None:
    for _ in range(2):
        async with plugged(csms, versions=(version,)) as raw:
            await raw.ws.send('[2,"same","Heartbeat",{}]')
            await raw.call("Heartbeat", {})

    assert len(csms.violations) == found


@pytest.mark.parametrize("version", ["ocpp1.6", "ocpp2.0.1"])
async def test_a_pending_station_that_talks_out_of_turn_is_reported(csms: BenchCsms, version: str) -> None:
    station = csms.prepare("CP001")
    station.script("BootNotification", amend({"status": "Pending"}))

    async with plugged(csms, versions=(version,)) as raw:
        await raw.call("BootNotification", BOOT_16 if version == "ocpp1.6" else BOOT_201)
        reply = await raw.call("Heartbeat", {})
        raw.answers["TriggerMessage"] = ACCEPTED
        await station.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
        triggered = await raw.call("Heartbeat", {})

    assert reply[0] == (3 if version == "ocpp1.6" else 4)
    assert triggered[0] == 3
    assert [violation.problem for violation in csms.violations] == ["sent while the boot status is Pending"]


async def test_a_call_of_the_csms_returns_the_stations_answer(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        raw.answers["Reset"] = ACCEPTED
        station = await csms.station("CP001")
        payload = await station.call("Reset", {"type": "Soft"}, timeout_s=2)

    assert payload == ACCEPTED
    assert csms.violations == []


async def test_a_call_error_of_the_station_is_raised(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        station = await csms.station("CP001")
        raw.refusals["ClearCache"] = ("NotSupported", "no cache")
        with pytest.raises(CallError) as refused:
            await station.call("ClearCache", {}, timeout_s=2)

    assert (refused.value.code, refused.value.description) == ("NotSupported", "no cache")


async def test_a_call_nobody_answers_times_out_and_a_late_answer_is_no_violation(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        station = await csms.station("CP001")
        with pytest.raises(TimeoutError):
            await station.call("ClearCache", {}, timeout_s=0.05)
        await raw.ws.send(json.dumps([3, raw.asked[0][1], ACCEPTED]))
        await raw.ws.send(json.dumps([3, "never asked", ACCEPTED]))
        await raw.call("Heartbeat", {})

    assert [violation.problem for violation in csms.violations] == ["an answer to no call"]


async def test_a_call_ends_when_the_link_breaks(csms: BenchCsms) -> None:
    async with plugged(csms):
        station = await csms.station("CP001")
        asking = asyncio.create_task(station.call("ClearCache", {}))
        await asyncio.sleep(0)
        station.drop()
        with pytest.raises(StationGone):
            await asking
    with pytest.raises(StationGone, match="not connected"):
        await station.call("ClearCache", {})


async def test_calls_wait_for_each_other_unless_told_otherwise(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        station = await csms.station("CP001")
        first = asyncio.create_task(station.call("ClearCache", {}))
        second = asyncio.create_task(station.call("GetLocalListVersion", {}))
        third = asyncio.create_task(station.call("Reset", {"type": "Soft"}, in_turn=False))
        await raw.call("Heartbeat", {})
        under_way = {frame[2] for frame in raw.asked}
        for task in (first, second, third):
            task.cancel()
        await asyncio.gather(first, second, third, return_exceptions=True)

    assert under_way == {"ClearCache", "Reset"}


async def test_a_wrong_call_of_the_csms_is_a_violation_unless_meant(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        raw.answers["Reset"] = ACCEPTED
        station = await csms.station("CP001")
        await station.call("Reset", {"type": "Gentle"}, unchecked=True)
        before = len(csms.violations)
        await station.call("Reset", {"type": "Gentle"})

    assert before == 0
    assert [violation.direction for violation in csms.violations] == [Direction.OUT]


async def test_expectations_walk_through_the_log_in_order(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        for tag in ("A", "B", "C"):
            await raw.call("Authorize", {"idTag": tag})
        station = csms.stations["CP001"]
        second = await station.expect("Authorize", where=lambda payload: payload["idTag"] == "B")
        third = await station.expect("Authorize")

    assert (second["idTag"], third["idTag"]) == ("B", "C")


async def test_an_expectation_waits_for_what_has_not_come_yet(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        station = await csms.station("CP001")
        waiting = asyncio.create_task(station.expect("Heartbeat", timeout_s=2))
        await raw.call("Heartbeat", {})

        assert await waiting == {}


async def test_a_failed_expectation_lists_what_came_and_leaves_the_cursor(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        await raw.call("Heartbeat", {})
        station = csms.stations["CP001"]
        with pytest.raises(NotSeen) as missing:
            await station.expect("StopTransaction", timeout_s=0.05)

        assert "sent no StopTransaction" in str(missing.value)
        assert "Heartbeat" in str(missing.value)
        assert await station.expect("Heartbeat", timeout_s=0.05) == {}


async def test_expecting_none_fails_as_soon_as_one_comes(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        await raw.call("Heartbeat", {})
        station = csms.stations["CP001"]
        await station.expect_none("Heartbeat", during_s=0.02)
        watching = asyncio.create_task(station.expect_none("Heartbeat", during_s=30))
        await asyncio.sleep(0)
        await raw.call("Heartbeat", {})
        with pytest.raises(NotSeen, match="should not"):
            await watching


async def test_skipping_to_now_forgets_what_came(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        await raw.call("Heartbeat", {})
        station = csms.stations["CP001"]
        station.skip_to_now()
        with pytest.raises(NotSeen):
            await station.expect("Heartbeat", timeout_s=0.02)


async def test_raw_text_reaches_the_station_unchecked(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        station = await csms.station("CP001")
        await station.send_raw("hello")
        await raw.call("Heartbeat", {})

    assert raw.odd == ["hello"]
    assert csms.violations == []


async def test_the_log_holds_both_directions_with_parsed_frames(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        await raw.call("Heartbeat", {})

    log = csms.stations["CP001"].messages
    assert [(message.direction, message.action) for message in log] == [
        (Direction.IN, "Heartbeat"),
        (Direction.OUT, "Heartbeat"),
    ]
    assert log.calls("Heartbeat") == [{}]
