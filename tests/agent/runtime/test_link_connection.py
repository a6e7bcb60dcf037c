"""How a connection to the CSMS comes about, is lost, noticed as lost, and tried again."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request
from websockets.typing import Subprotocol

from agent.runtime.link import LinkState
from hil.csms.server import BenchCsms
from tests.fakes.linked_station import V16, V201, LinkedStation, gaps, linked_station
from tests.fakes.loopback_csms import csms_of

BOOT = "BootNotification"
TOLERANCE_S = 14.0
"""Fast seconds: what a busy machine may be late by."""
DOUBLING = {"OCPPCommCtrlr.RetryBackOffRepeatTimes": "4"}
JITTERED = {"OCPPCommCtrlr.RetryBackOffRandomRange": "20"}
PINGS = {"OCPPCommCtrlr.WebSocketPingInterval": "5"}


def refusing(*, status: int = 404, times: int | None = None) -> Callable[[BenchCsms], None]:
    """Prepare a CSMS that answers upgrades with an HTTP status."""
    return lambda csms: csms.refuse(status=status, times=times)


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Why there is no link, each time it was logged."""
    return [record.evse_values["why"] for record in caplog.records if record.getMessage() == "no link"]  # type: ignore[attr-defined]  # agent.log puts them there


@asynccontextmanager
async def deaf_peer() -> AsyncIterator[tuple[str, list[asyncio.StreamWriter]]]:
    """Takes TCP connections and never says a word on them; its URL, and those it took."""
    taken: list[asyncio.StreamWriter] = []

    async def take(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken.append(writer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp", taken
    finally:
        server.close()
        for writer in taken:
            writer.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)


@pytest.mark.parametrize("status", [401, 404, 503])
async def test_a_refused_upgrade_is_told_once_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    async with linked_station(tmp_path, scripted=refusing(status=status, times=4)) as station:
        await station.until_online()

        assert station.actions[:6] == [*[str(status)] * 4, "connect", BOOT]
        assert complaints(caplog) == [f"http status: {status}"]


async def test_the_wait_doubles_up_to_its_limit_and_a_good_link_starts_it_anew(tmp_path: Path) -> None:
    async with linked_station(tmp_path, variables=DOUBLING, scripted=refusing(times=6)) as station:
        await station.until_online()
        waits = gaps([one for one in station.heard if one.what in {"404", "connect"}])
        dropped_s = station.clock.monotonic()
        station.bench.drop()
        again = await station.until_heard("connect", times=2)

        for wait, least in zip(waits, [1, 2, 4, 8, 16, 16], strict=True):
            assert least <= wait < least + TOLERANCE_S
        assert again[1].at_s - dropped_s < 1 + TOLERANCE_S


async def test_stations_that_lost_their_csms_together_do_not_come_back_together(tmp_path: Path) -> None:
    random.seed(4711)
    expected = [1 + 20 * throw for throw in (random.random(), random.random())]  # as the link will throw
    random.seed(4711)

    async with linked_station(tmp_path, variables=JITTERED, scripted=refusing(times=2)) as station:
        await station.until_online()

        waits = gaps([one for one in station.heard if one.what in {"404", "connect"}])
        assert abs(expected[0] - expected[1]) > 5
        for wait, least in zip(waits, expected, strict=True):
            assert least - 0.001 <= wait < least + TOLERANCE_S


async def test_a_csms_that_throws_everybody_out_at_once_is_not_flooded(tmp_path: Path) -> None:
    async with linked_station(tmp_path, variables=DOUBLING) as station:
        station.bench.always(BOOT, lambda _: _cut(station))
        waits = gaps(await station.until_heard("connect", times=4))

        assert [round(wait) >= least for wait, least in zip(waits, [2, 4, 8], strict=True)] == [True] * 3


def _cut(station: LinkedStation) -> dict[str, object]:
    station.bench.drop()
    return {}


async def test_a_half_open_link_is_noticed_by_its_pings_and_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with linked_station(tmp_path, variables=PINGS, link={"ping_timeout_s": 4.0}) as station:
        await station.until_online()
        silenced_s = station.clock.monotonic()
        station.bench.silence()
        links = await station.until_heard("connect", times=2)
        await station.until_online()

        assert 4.0 <= links[1].at_s - silenced_s < 5 + 4 + 1 + TOLERANCE_S
        assert complaints(caplog) == ["the CSMS stopped answering"]
        assert station.actions.count(BOOT) == 1


async def test_pings_that_the_csms_switches_on_are_sent_from_then_on(tmp_path: Path) -> None:
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "WebSocketPingInterval"}}
    async with linked_station(tmp_path, link={"ping_timeout_s": 4.0}) as station:
        await station.until_online()
        await station.bench.call("SetVariables", {"setVariableData": [{**variable, "attributeValue": "3"}]})
        await station.pass_time(2)
        station.bench.silence()

        await station.until_heard("connect", times=2, within_s=20)


async def test_a_connection_that_is_never_upgraded_is_given_up_and_tried_again(tmp_path: Path) -> None:
    async with deaf_peer() as (url, taken), linked_station(tmp_path, url=url, link={"open_timeout_s": 6.0}) as station:
        await station.until(lambda: len(taken) >= 2)

        assert station.link.last_failure.startswith("timeout")
        assert station.link.connects == 0


async def test_an_unreachable_csms_is_told_once_and_found_when_it_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with linked_station(tmp_path) as station:
        await station.until_online()
        await station.csms.stop_listening()
        await station.pass_time(6)
        told = [why for why in complaints(caplog) if why.startswith("unreachable")]
        await station.csms.listen_again()
        await station.until_online()

        assert len(told) == 1


async def test_versions_are_offered_in_the_order_of_station_yaml(tmp_path: Path) -> None:
    async with linked_station(tmp_path, versions=(V16, V201)) as station:
        await station.until_online()

        assert [(one.offered, one.selected) for one in station.bench.handshakes] == [((V16, V201), V16)]


async def test_the_version_that_the_csms_picks_is_spoken(tmp_path: Path) -> None:
    async with linked_station(tmp_path, versions=(V201, V16), csms_versions=(V16,)) as station:
        boots = await station.until_heard(BOOT)

        assert "chargePointModel" in boots[0].payload
        assert station.csms.violations == []


async def test_without_a_common_version_nothing_is_said_and_it_is_tried_again(tmp_path: Path) -> None:
    async with linked_station(tmp_path, versions=(V201,), csms_versions=(V16,)) as station:
        await station.until(lambda: len(station.bench.handshakes) >= 3)

        assert station.heard == []
        assert station.link.last_failure == f"no agreed sub-protocol: offered {V201}"


async def test_a_version_that_was_not_offered_is_not_spoken(tmp_path: Path) -> None:
    said: list[str | bytes] = []
    shaken = asyncio.Event()

    async def listen(csms: ServerConnection) -> None:
        said.append(await csms.recv())

    def pick(_csms: ServerConnection, _offered: list[Subprotocol]) -> Subprotocol:
        shaken.set()
        return Subprotocol("ocpp1.5")

    async with csms_of(listen, select_subprotocol=pick) as url, linked_station(tmp_path, url=url) as station:
        await station.until(shaken.is_set)
        shaken.clear()
        await station.until(shaken.is_set)

        assert said == []
        assert station.link.last_failure.startswith("no agreed sub-protocol")


async def test_with_the_cable_pulled_nothing_is_tried_until_it_is_back(tmp_path: Path) -> None:
    async with linked_station(tmp_path) as station:
        await station.until_online()
        station.link.set_network(online=False)
        await station.until_state(LinkState.DISCONNECTED)
        await station.pass_time(10)
        links_meanwhile = station.bench.links
        station.link.set_network(online=True)
        await station.until_online()

        assert links_meanwhile == 1
        assert station.bench.links == 2


async def test_a_cable_pulled_in_the_middle_of_connecting_leaves_no_link(tmp_path: Path) -> None:
    knocked, let_in = asyncio.Event(), asyncio.Event()
    opened: list[ServerConnection] = []

    async def take_time(_csms: ServerConnection, _request: Request) -> None:
        knocked.set()
        await let_in.wait()

    async def hold(csms: ServerConnection) -> None:
        opened.append(csms)
        await csms.wait_closed()

    async with csms_of(hold, process_request=take_time) as url, linked_station(tmp_path, url=url) as station:
        await knocked.wait()
        station.link.set_network(online=False)
        let_in.set()
        await station.until_state(LinkState.DISCONNECTED)

        assert station.link.current is None
        assert station.link.connects == 0


async def test_another_url_counts_from_the_next_connection_on(tmp_path: Path) -> None:
    async with linked_station(tmp_path) as station, BenchCsms() as other:
        await station.until_online()
        station.link.settings = replace(station.link.settings, url=other.url)
        station.bench.drop()
        moved = await other.station("CP001", timeout_s=60)

        assert moved.links == 1
        await station.until_online()


async def test_whoever_wants_to_say_something_waits_for_the_next_good_link(tmp_path: Path) -> None:
    async with linked_station(tmp_path) as station:
        first = await station.link.speaking()
        station.bench.drop()
        await station.until_state(LinkState.DISCONNECTED)
        second = await station.link.speaking()

        assert first.session is not second.session
        assert second.session.is_open


async def test_since_when_it_is_so_counts_from_the_link_and_not_from_attempts(tmp_path: Path) -> None:
    async with linked_station(tmp_path, scripted=refusing(times=3)) as station:
        made = station.link.since
        await station.until_heard("404", times=3)
        refused = station.link.since
        await station.until_online()
        came = station.link.since
        await station.pass_time(3)
        stayed = station.link.since
        await station.csms.stop_listening()
        await station.until_state(LinkState.CONNECTING)
        went = station.link.since
        await station.pass_time(6)

        assert refused == made
        assert came.mono_s >= station.of("connect")[0].at_s
        assert stayed == came
        assert went.mono_s >= stayed.mono_s + 3
        assert station.link.since == went


async def test_a_mistake_in_registering_is_told_aloud_and_the_link_made_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with linked_station(tmp_path, running=("station", "outbox", "statuses")) as station:
        set_clock, calls = station.link._set_clock, []

        async def fail_at_first(utc: datetime) -> None:
            calls.append(utc)
            if len(calls) == 1:
                raise RuntimeError("a mistake")
            await set_clock(utc)

        station.link._set_clock = fail_at_first
        linking = asyncio.create_task(station.link.run(), name="link")
        await station.until_online()
        linking.cancel()
        await asyncio.wait([linking])

        told = [record for record in caplog.records if record.getMessage() == "registration failed"]
        assert [str(record.exc_info[1]) for record in told if record.exc_info] == ["a mistake"]
        assert station.actions[:4] == ["connect", BOOT, "connect", BOOT]
