"""What a CSMS hears of the connectors, and what it is spared."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.runtime.link import LinkState
from agent.station.connector import ConnectorStatus
from agent.station.effects import ReportStatus
from agent.station.events import ContactorMoved, PilotChanged
from agent.station.pilot import PilotState
from hil.csms.behaviours import amend, call_error, close, late
from hil.csms.server import BenchCsms
from tests.fakes.fast_time import LoopClock
from tests.fakes.linked_station import IDENTITY, V16, V201, LinkedStation, boot, linked_station

BOTH = pytest.mark.parametrize("version", [V16, V201])
STATUS = "StatusNotification"
AVAILABLE, PREPARING = ConnectorStatus.AVAILABLE, ConnectorStatus.PREPARING
CHARGING, FAULTED = ConnectorStatus.CHARGING, ConnectorStatus.FAULTED
CORE = ("station", "link", "statuses")


def told(station: LinkedStation) -> list[tuple[int, str]]:
    """Each status that was told: connector number (2.0.1: EVSE) and word, in order.

    Without 1.6's connector 0, which the station itself reports when it goes online.
    """
    payloads = [one.payload for one in station.of(STATUS)]
    statuses = [
        (payload.get("evseId", payload["connectorId"]), payload.get("connectorStatus", payload.get("status", "")))
        for payload in payloads
    ]
    return [status for status in statuses if status[0] != 0]


async def until_told(station: LinkedStation, times: int) -> float:
    """So many statuses; when the last of them came."""
    await station.until(lambda: len(told(station)) >= times)
    return station.of(STATUS)[-1].at_s


async def settled(station: LinkedStation) -> None:
    """Online, and what the station had to say of itself is said."""
    await station.until_online()
    await station.pass_time(3)


async def told_all(station: LinkedStation, times: int) -> list[tuple[int, str]]:
    """So many statuses, and no more after them."""
    await until_told(station, times)
    await station.pass_time(3)
    return told(station)


@BOTH
async def test_after_the_boot_every_connector_is_told_once(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        station.report(AVAILABLE, evse_id=1)
        station.report(FAULTED, evse_id=2)

        assert await told_all(station, 2) == [(1, "Available"), (2, "Faulted")]
        assert station.csms.violations == []


@BOTH
async def test_of_what_happened_offline_only_the_last_word_of_each_connector_counts(
    tmp_path: Path, version: str
) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        for status in (AVAILABLE, PREPARING, CHARGING, FAULTED):
            station.report(status, evse_id=2)
        station.report(AVAILABLE, evse_id=1)

        assert await told_all(station, 2) == [(2, "Faulted"), (1, "Available")]


async def test_online_every_change_is_told_as_it_comes(tmp_path: Path) -> None:
    async with linked_station(tmp_path, versions=(V16,)) as station:
        await settled(station)
        for number, status in enumerate((AVAILABLE, PREPARING, CHARGING, AVAILABLE), start=1):
            station.report(status)
            await until_told(station, number)

        assert told(station) == [(1, "Available"), (1, "Preparing"), (1, "Charging"), (1, "Available")]


async def test_two_words_of_the_station_that_are_one_of_the_version_are_told_once(tmp_path: Path) -> None:
    async with linked_station(tmp_path, versions=(V201,)) as station:
        await settled(station)
        for status in (AVAILABLE, PREPARING, CHARGING):
            station.report(status)
            await station.pass_time(2)

        assert told(station) == [(1, "Available"), (1, "Occupied")]


@BOTH
async def test_nothing_is_lost_while_another_connector_is_being_told(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        await settled(station)
        station.bench.script(STATUS, late(5.0))
        station.report(AVAILABLE, evse_id=1)
        await until_told(station, 1)
        station.report(FAULTED, evse_id=1)
        station.report(AVAILABLE, evse_id=2)

        assert await told_all(station, 3) == [(1, "Available"), (1, "Faulted"), (2, "Available")]
        assert not station.bench.overlaps


@BOTH
async def test_a_link_lost_in_the_middle_of_a_status_does_not_lose_it(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        await settled(station)
        station.bench.script(STATUS, close())
        station.report(AVAILABLE, evse_id=1)
        station.report(FAULTED, evse_id=2)

        assert await told_all(station, 3) == [(1, "Available"), (1, "Available"), (2, "Faulted")]


@BOTH
async def test_a_status_that_the_csms_does_not_want_holds_up_nothing(tmp_path: Path, version: str) -> None:
    async with linked_station(tmp_path, versions=(version,)) as station:
        await settled(station)
        station.bench.script(STATUS, call_error("InternalError"))
        station.report(AVAILABLE, evse_id=1)
        station.report(AVAILABLE, evse_id=2)
        await until_told(station, 2)
        station.report(FAULTED, evse_id=1)

        assert await told_all(station, 3) == [(1, "Available"), (2, "Available"), (1, "Faulted")]


@BOTH
async def test_after_a_short_time_offline_only_what_changed_is_told(tmp_path: Path, version: str) -> None:
    variables = {"OCPPCommCtrlr.OfflineThreshold": "600"}
    async with linked_station(tmp_path, versions=(version,), variables=variables) as station:
        await _both_told(station)
        await station.csms.stop_listening()
        station.report(FAULTED, evse_id=1)
        station.report(AVAILABLE, evse_id=1)
        station.report(FAULTED, evse_id=2)
        await station.pass_time(5)
        await station.csms.listen_again()

        assert (await told_all(station, 3))[2:] == [(2, "Faulted")]


@BOTH
async def test_after_a_long_time_offline_all_is_told(tmp_path: Path, version: str) -> None:
    variables = {"OCPPCommCtrlr.OfflineThreshold": "4"}  # B04.FR.01
    async with linked_station(tmp_path, versions=(version,), variables=variables) as station:
        await _both_told(station)
        await station.csms.stop_listening()
        await station.pass_time(8)
        await station.csms.listen_again()

        assert (await told_all(station, 4))[2:] == [(1, "Available"), (2, "Available")]


async def _both_told(station: LinkedStation) -> None:
    await settled(station)
    for evse_id in (1, 2):
        station.report(AVAILABLE, evse_id=evse_id)
    await until_told(station, 2)
    await station.pass_time(1)


async def test_after_a_boot_that_the_csms_asked_for_all_is_told_again(tmp_path: Path) -> None:
    async with linked_station(tmp_path, versions=(V16,)) as station:
        await _both_told(station)
        station.link.boot_again()

        assert (await told_all(station, 4))[2:] == [(1, "Available"), (2, "Available")]


async def test_a_status_that_passes_quicker_than_the_minimum_duration_is_not_told(tmp_path: Path) -> None:
    variables = {"ChargingStation.MinimumStatusDuration": "10"}
    async with linked_station(tmp_path, variables=variables) as station:
        await _both_told(station)
        station.report(FAULTED)
        await station.pass_time(4)
        station.report(AVAILABLE)
        await station.pass_time(12)
        reported_s = station.clock.monotonic()
        station.report(FAULTED)
        told_s = await until_told(station, 3)

        assert told(station)[2:] == [(1, "Faulted")]
        assert 10 <= told_s - reported_s < 20


async def test_a_status_that_is_too_young_holds_up_no_other(tmp_path: Path) -> None:
    variables = {"ChargingStation.MinimumStatusDuration": "60"}
    async with linked_station(tmp_path, variables=variables) as station:
        await settled(station)
        station.report(AVAILABLE, evse_id=1)
        await until_told(station, 1)
        station.report(FAULTED, evse_id=1)
        await station.pass_time(2)
        begin_s = station.clock.monotonic()
        station.report(AVAILABLE, evse_id=2)
        station.report(AVAILABLE, evse_id=2, forced=True)
        told_s = await until_told(station, 3)

        assert told_s - begin_s < 30
        assert told(station) == [(1, "Available"), (2, "Available"), (2, "Available")]


async def test_a_status_that_is_asked_for_is_told_though_nothing_changed(tmp_path: Path) -> None:
    async with linked_station(tmp_path, running=CORE) as station:
        await station.until_online()
        _show_hardware(station)
        await until_told(station, 2)
        await station.bench.call("TriggerMessage", {"requestedMessage": STATUS, "evse": {"id": 2, "connectorId": 1}})

        assert (await told_all(station, 3))[2:] == [(2, "Available")]


@BOTH
async def test_a_pending_csms_is_told_the_statuses_that_it_asks_for_and_no_others(tmp_path: Path, version: str) -> None:
    which = {"connectorId": 1} if version == V16 else {"evse": {"id": 1, "connectorId": 1}}

    def script(csms: BenchCsms) -> None:
        csms.prepare(IDENTITY).script("BootNotification", boot("Pending", interval_s=30))

    async with linked_station(tmp_path, versions=(version,), scripted=script) as station:
        _show_hardware(station)
        await station.until_state(LinkState.PENDING)
        await station.bench.call("TriggerMessage", {"requestedMessage": STATUS, **which})
        await until_told(station, 1)
        meanwhile = (told(station), station.link.state)
        await station.until_online()
        await until_told(station, 3)

        assert meanwhile == ([(1, "Available")], LinkState.PENDING)
        assert station.csms.violations == []


def _show_hardware(station: LinkedStation) -> None:
    for evse_id in (1, 2):
        station.runner.post(ContactorMoved(evse_id, closed=False))
        station.runner.post(PilotChanged(evse_id, PilotState.A))


async def test_a_rejected_station_tells_no_status_that_was_asked_for_before(tmp_path: Path) -> None:
    def script(csms: BenchCsms) -> None:
        csms.prepare(IDENTITY).script("BootNotification", boot("Rejected", interval_s=15))

    async with linked_station(tmp_path, scripted=script) as station:
        await station.until_state(LinkState.REJECTED)
        station.report(AVAILABLE, forced=True)
        await station.pass_time(8)
        meanwhile = told(station)

        assert meanwhile == []
        assert await told_all(station, 1) == [(1, "Available")]


@BOTH
async def test_a_status_stamped_before_the_clock_was_known_is_told_mended(tmp_path: Path, version: str) -> None:
    def script(csms: BenchCsms) -> None:
        csms.prepare(IDENTITY).script("BootNotification", amend({"currentTime": "2026-05-01T10:00:00Z"}))

    async with linked_station(
        tmp_path, versions=(version,), scripted=script, clock=lambda: LoopClock(wall_known=False)
    ) as station:
        at = station.clock.now().later(-300)
        station.statuses.report(ReportStatus(1, 1, AVAILABLE, at))
        heard = await station.until_heard(STATUS)

        stamp = datetime.fromisoformat(heard[0].payload["timestamp"])
        assert abs((stamp - datetime(2026, 5, 1, 9, 55, tzinfo=UTC)).total_seconds()) < 5
