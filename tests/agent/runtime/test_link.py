"""Registration, heartbeats and the clock: what the link says of its own accord, and when."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.runtime.link import OWN_BOOT_RETRY_S, LinkState
from agent.station.connector import ConnectorStatus
from agent.station.id_token import AuthorizationStatus, IdToken
from agent.station.standard_variables import HEARTBEAT_INTERVAL
from hil.csms.behaviours import Behaviour, amend, answer, call_error, silent
from hil.csms.server import BenchCsms
from tests.agent.store.builders import started
from tests.fakes.fast_time import LoopClock
from tests.fakes.linked_station import IDENTITY, V16, V201, Heard, boot, gaps, linked_station
from tests.fakes.sick_database import sick

BOTH = pytest.mark.parametrize("version", [V16, V201])
BOOT = "BootNotification"
TELLS: dict[str, str] = {V16: "StartTransaction", V201: "TransactionEvent"}
ASKS: dict[str, tuple[str, dict[str, Any]]] = {
    V16: ("GetConfiguration", {"key": ["HeartbeatInterval"]}),
    V201: (
        "GetVariables",
        {"getVariableData": [{"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}]},
    ),
}
TOLERANCE_S = 12.0
"""Fast seconds: what a busy machine may be late by."""


def answers(*behaviours: Behaviour) -> Callable[[BenchCsms], None]:
    """Prepare a CSMS that answers the first boots so."""

    def script(csms: BenchCsms) -> None:
        csms.prepare(IDENTITY).script(BOOT, *behaviours)

    return script


def set_heartbeat(version: str, seconds: int) -> tuple[str, dict[str, Any]]:
    """The CSMS changes the interval."""
    if version == V16:
        return "ChangeConfiguration", {"key": "HeartbeatInterval", "value": str(seconds)}
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    return "SetVariables", {"setVariableData": [{**variable, "attributeValue": str(seconds)}]}


@BOTH
async def test_an_accepted_boot_brings_the_interval_of_the_heartbeats(tmp_path: Path, version: str) -> None:
    def say_seven(csms: BenchCsms) -> None:
        csms.desk.heartbeat_interval_s = 7

    async with linked_station(tmp_path, versions=(version,), scripted=say_seven) as station:
        beats = await station.until_heard("Heartbeat", times=3)

        assert station.actions[:2] == ["connect", BOOT]
        assert station.runner.state.model.integer(HEARTBEAT_INTERVAL) == 7
        assert _is_steady(beats, every_s=7)


@BOTH
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_an_interval_is_waited_for_in_silence_before_the_next_boot(
    tmp_path: Path, version: str, status: str
) -> None:
    async with linked_station(tmp_path, versions=(version,), scripted=answers(boot(status, interval_s=9))) as station:
        await station.record(started())
        station.report(ConnectorStatus.AVAILABLE)
        boots = await station.until_heard(BOOT, times=2)
        await station.until_told()

        assert 9.0 <= gaps(boots)[0] < 9 + TOLERANCE_S
        assert station.actions[:3] == ["connect", BOOT, BOOT]
        assert {TELLS[version], "StatusNotification"} <= set(station.actions[3:])
        assert station.csms.violations == []


async def test_a_pending_station_answers_and_boots_at_once_when_asked(tmp_path: Path) -> None:
    async with linked_station(tmp_path, scripted=answers(boot("Pending", interval_s=3600))) as station:
        await station.until_state(LinkState.PENDING)
        known = await station.bench.call(*ASKS[V201])
        await station.bench.call("TriggerMessage", {"requestedMessage": BOOT})
        boots = await station.until_heard(BOOT, times=2)
        await station.until_online()

        assert known["getVariableResult"][0]["attributeStatus"] == "Accepted"
        assert boots[1].payload["reason"] == "Triggered"
        assert gaps(boots)[0] < 3600
        assert station.csms.violations == []


async def test_a_rejected_station_refuses_whatever_the_csms_asks(tmp_path: Path) -> None:
    async with linked_station(tmp_path, scripted=answers(boot("Rejected", interval_s=3600))) as station:
        await station.until_state(LinkState.REJECTED)

        assert await station.refusal(*ASKS[V201]) == "SecurityError"  # B03.FR.08
        assert station.actions == ["connect", BOOT]


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_an_interval_is_waited_for_also_where_the_csms_ends_the_connection_meanwhile(
    tmp_path: Path, status: str
) -> None:
    async with linked_station(tmp_path, scripted=answers(boot(status, interval_s=20))) as station:
        await station.until_state(LinkState(status.lower()))
        station.bench.drop()
        await station.until_heard("connect", times=2)
        await station.until_state(LinkState(status.lower()))
        boots = await station.until_heard(BOOT, times=2)
        await station.until_online()

        assert 20.0 <= gaps(boots)[0] < 20 + TOLERANCE_S


@pytest.mark.parametrize(
    "unhelpful",
    [boot("Pending", interval_s=0), boot("Rejected", interval_s=0), call_error("InternalError")],
    ids=["pending 0", "rejected 0", "refused"],
)
async def test_where_the_csms_names_no_interval_the_station_chooses_its_own(
    tmp_path: Path, unhelpful: Behaviour
) -> None:
    async with linked_station(tmp_path, speed=100, scripted=answers(unhelpful)) as station:
        boots = await station.until_heard(BOOT, times=2)
        await station.until_online()

        assert OWN_BOOT_RETRY_S <= gaps(boots)[0] < OWN_BOOT_RETRY_S + 3 * TOLERANCE_S


async def test_a_boot_that_is_not_answered_is_sent_again(tmp_path: Path) -> None:
    async with linked_station(tmp_path, speed=100, scripted=answers(silent())) as station:
        boots = await station.until_heard(BOOT, times=2)
        await station.until_online()

        assert gaps(boots)[0] >= 30 + OWN_BOOT_RETRY_S - TOLERANCE_S
        assert station.actions.count("connect") == 1


@BOTH
async def test_a_mere_reconnect_needs_no_boot(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        await station.until_online()
        station.bench.drop()
        await station.until_heard("connect", times=2)
        await station.record(started())
        await station.until_told()

        assert station.actions.count(BOOT) == 1
        assert TELLS[version] in station.actions


async def test_a_csms_that_comes_back_in_another_version_is_booted_with(tmp_path: Path) -> None:
    async with linked_station(tmp_path, versions=(V201, V16)) as station:
        await station.until_online()
        station.csms._versions = (V16,)
        station.bench.drop()
        boots = await station.until_heard(BOOT, times=2)
        await station.until_online()

        assert [sorted(one.payload) for one in boots] == [
            ["chargingStation", "reason"],
            ["chargePointModel", "chargePointVendor"],
        ]
        assert station.bench.subprotocol == V16


@BOTH
async def test_a_change_of_the_heartbeat_interval_counts_at_once(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,), scripted=_rarely) as station:
        await station.until_online()
        await station.pass_time(5)
        changed_s = station.clock.monotonic()
        await station.bench.call(*set_heartbeat(version, 6))
        beats = await station.until_heard("Heartbeat", times=3)

        assert beats[0].at_s - changed_s < 6 + TOLERANCE_S
        assert _is_steady(beats, every_s=6)


def _is_steady(beats: list[Heard], *, every_s: float) -> bool:
    """Whether three beats came at this pace; each may have been heard late."""
    return 2 * every_s - every_s / 2 <= beats[2].at_s - beats[0].at_s < 2 * every_s + TOLERANCE_S


def _rarely(csms: BenchCsms) -> None:
    csms.desk.heartbeat_interval_s = 86_400


async def test_no_heartbeat_is_sent_while_other_things_are_said(tmp_path: Path) -> None:
    async with linked_station(tmp_path, scripted=lambda csms: setattr(csms.desk, "heartbeat_interval_s", 8)) as station:
        await station.until_online()
        for number in range(5):
            await station.record(started(f"tx-{number}"))
            await station.pass_time(4)

        assert station.of("Heartbeat") == []
        await station.until_heard("Heartbeat")


async def test_a_heartbeat_that_fails_is_not_the_end(tmp_path: Path) -> None:
    def script(csms: BenchCsms) -> None:
        csms.desk.heartbeat_interval_s = 5
        csms.prepare(IDENTITY).script("Heartbeat", call_error("InternalError"), answer({}, unchecked=True))

    async with linked_station(tmp_path, scripted=script) as station:
        await station.until_heard("Heartbeat", times=3)

        assert station.link.is_online
        assert station.actions.count("connect") == 1


async def test_the_csmss_time_is_taken_from_boots_and_heartbeats(tmp_path: Path) -> None:
    booted, beat = datetime(2026, 5, 1, 10, 0, tzinfo=UTC), datetime(2026, 5, 1, 18, 30, tzinfo=UTC)

    def script(csms: BenchCsms) -> None:
        bench = csms.prepare(IDENTITY)
        bench.script(BOOT, amend({"currentTime": booted.isoformat(), "interval": 5}))
        bench.script("Heartbeat", amend({"currentTime": beat.isoformat()}))

    async with linked_station(tmp_path, scripted=script) as station:
        await station.until_online()
        after_boot = station.clock.now().wall
        await station.until(lambda: len(station.clock.steps_s) >= 2)
        after_beat = station.clock.now().wall

        assert booted <= after_boot < booted + timedelta(seconds=TOLERANCE_S)
        assert beat <= after_beat < beat + timedelta(seconds=TOLERANCE_S)


@BOTH
async def test_stamps_made_before_the_clock_was_known_are_told_mended(tmp_path: Path, version: str) -> None:
    def script(csms: BenchCsms) -> None:
        csms.prepare(IDENTITY).script(BOOT, amend({"currentTime": "2026-05-01T10:00:00Z"}))

    async with linked_station(
        tmp_path, versions=(version,), scripted=script, clock=lambda: LoopClock(wall_known=False)
    ) as station:
        at = station.clock.now().later(-600)
        await station.record(replace(started(), at=at))
        told = await station.until_heard(TELLS[version])

        assert at.wall.year < 1971
        stamp = datetime.fromisoformat(told[0].payload["timestamp"])
        began = datetime(2026, 5, 1, 9, 50, tzinfo=UTC)
        assert abs((stamp - began).total_seconds()) < TOLERANCE_S


async def test_a_full_disk_does_not_keep_a_station_that_learns_the_time_from_its_csms(tmp_path: Path) -> None:
    async with linked_station(
        tmp_path, clock=lambda: LoopClock(wall_known=False), running=("station", "outbox", "statuses")
    ) as station:
        with sick(tmp_path / "agent.db", table="boots"):
            linking = asyncio.create_task(station.link.run(), name="link")
            await station.until_online()

            assert station.clock.now().wall_known
        linking.cancel()
        await asyncio.wait([linking])


@BOTH
async def test_a_token_is_asked_about_only_where_an_answer_can_be_had(tmp_path: Path, version: str) -> None:
    token = IdToken("CARD-0001")
    async with linked_station(tmp_path, versions=(version,), link={"open_timeout_s": 5.0}) as station:
        before = await station.link.authorize(token)
        await station.until_online()
        known = await station.link.authorize(token)
        station.bench.script("Authorize", call_error("InternalError"))
        refused = await station.link.authorize(token)

        assert (before, refused) == (None, None)
        assert known is not None
        assert known.status is AuthorizationStatus.ACCEPTED
        assert station.actions.count("Authorize") == 2
