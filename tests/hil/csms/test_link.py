"""Half-open links, cut links, and what a link remembers."""

import asyncio

import pytest

from hil.csms.link import HeardIds
from hil.csms.server import BenchCsms
from tests.hil.csms.raw_station import plugged


def test_an_id_is_new_once() -> None:
    ids = HeardIds()

    assert [ids.is_new("a"), ids.is_new("b"), ids.is_new("a")] == [True, True, False]


def test_the_oldest_ids_are_forgotten() -> None:
    ids = HeardIds(keep=2)

    for name in ("a", "b", "c"):
        ids.is_new(name)

    assert ids.is_new("a")
    assert not ids.is_new("c")


async def test_a_silenced_link_gives_neither_answer_nor_pong_and_speaks_again(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        station = await csms.station("CP001")
        station.silence()
        pong = asyncio.ensure_future(await raw.ws.ping())
        waiting = asyncio.create_task(raw.call("Heartbeat", {}))
        await asyncio.sleep(0.05)
        during = (pong.done(), waiting.done(), raw.ws.state.name)
        station.speak()
        reply = await waiting
        async with asyncio.timeout(2):
            await pong

    assert during == (False, False, "OPEN")
    assert reply[0] == 3


async def test_the_peer_of_a_silenced_link_notices_by_its_own_pings(csms: BenchCsms) -> None:
    async with plugged(csms, ping_s=0.05) as raw:
        station = await csms.station("CP001")
        station.silence()
        async with asyncio.timeout(3):
            await raw.ws.wait_closed()

    # The peer says 1011 of its own accord; nobody acknowledges it.
    assert raw.ws.protocol.close_sent is not None
    assert raw.ws.protocol.close_sent.code == 1011
    assert raw.ws.protocol.close_rcvd is None


async def test_a_new_link_replaces_a_half_open_one_and_speaks(csms: BenchCsms) -> None:
    async with plugged(csms):
        station = await csms.station("CP001")
        station.silence()
        async with plugged(csms) as again:
            reply = await again.call("Heartbeat", {})

            assert station.links == 2

    assert reply[0] == 3


async def test_a_silence_may_cover_new_links_too(csms: BenchCsms) -> None:
    station = csms.prepare("CP001")
    station.silence(new_links_too=True)

    async with plugged(csms) as raw:
        with pytest.raises(TimeoutError):
            await raw.call("Heartbeat", {}, timeout_s=0.05)
        station.speak()
        await station.expect("Heartbeat", timeout_s=2)


async def test_a_dropped_station_may_reconnect(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        station = await csms.station("CP001")
        station.drop()
        async with asyncio.timeout(2):
            await raw.ws.wait_closed()
        code = raw.ws.close_code

    async with plugged(csms):
        await station.wait_connected()

    assert code == 1006
    assert station.links == 2


async def test_close_link_says_goodbye(csms: BenchCsms) -> None:
    async with plugged(csms) as raw:
        station = await csms.station("CP001")
        await station.close_link(code=1012, reason="restart")

    assert raw.ws.close_code == 1012
