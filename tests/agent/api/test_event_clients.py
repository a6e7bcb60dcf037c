"""GET /api/v1/events over real sockets."""

import asyncio
import json

from agent.api.events import EventName
from agent.api.limits import Limits
from agent.station.id_token import IdToken
from tests.agent.api.http_client import Client, request
from tests.agent.api.site import Build, Site

WATCH = request("GET", "/api/v1/events", b"", {"Accept": "text/event-stream"})


async def watch(client: Client) -> None:
    """Open the stream and read past its snapshot."""
    await client.send(WATCH)
    status, headers = await client.head()
    assert (status, headers["content-type"]) == (200, "text/event-stream")
    await client.event()


async def test_a_stream_begins_with_a_snapshot_under_the_last_id(site: Site, client: Client) -> None:
    site.events.publish(EventName.LINK, {"state": "online"})
    await client.send(WATCH)
    await client.head()

    first = await client.event()

    assert (first["id"], first["event"]) == ("1", "snapshot")
    assert json.loads(first["data"])["identity"] == "CP001"


async def test_two_clients_are_told_the_same_in_order(site: Site) -> None:
    async with site.client() as one, site.client() as two:
        await watch(one)
        await watch(two)

        site.events.publish(EventName.LINK, {"state": "connecting"})
        site.events.publish(EventName.TOKEN, {"token": IdToken("04A1B2C3D4")})

        for client in (one, two):
            told = [await client.event(), await client.event()]
            assert [(each["id"], each["event"]) for each in told] == [("1", "link"), ("2", "token")]
            assert json.loads(told[1]["data"]) == {"token": "...C3D4"}


async def test_a_client_that_goes_away_is_forgotten(site: Site) -> None:
    async with site.client() as client:
        await watch(client)
        assert site.events.clients == 1

    async with asyncio.timeout(5), site.client() as other:
        while site.events.clients:
            await other.ask("GET", "/healthz")


async def test_a_quiet_stream_shows_that_it_lives(build: Build) -> None:
    site = await build(limits=Limits(heartbeat_s=0.02))

    async with site.client() as client:
        await watch(client)

        async with asyncio.timeout(5):
            assert b": still here" in await client.reader.readuntil(b": still here\n\n")


async def test_a_client_that_falls_behind_is_dropped_and_the_others_are_not(build: Build) -> None:
    site = await build(limits=Limits(events_per_client=4))

    async with site.client() as slow, site.client() as quick:
        await watch(slow)
        await watch(quick)

        async with asyncio.timeout(30):
            while not site.events.clients_dropped:
                site.events.publish(EventName.FACT, {"filler": "x" * 500_000})
                await quick.event()

        assert (site.events.clients_dropped, site.events.clients) == (1, 1)
        site.events.publish(EventName.LINK, {"state": "online"})
        assert (await quick.event())["event"] == "link"


async def test_one_client_too_many_is_answered_503_and_may_still_ask_for_the_status(build: Build) -> None:
    site = await build(limits=Limits(event_clients=1))

    async with site.client() as first, site.client() as second:
        await watch(first)

        assert (await second.ask("GET", "/api/v1/events")).status == 503
        assert (await second.ask("GET", "/api/v1/status")).status == 200


async def test_head_of_the_stream_is_answered_without_a_stream(site: Site, client: Client) -> None:
    reply = await client.ask("HEAD", "/api/v1/events")

    assert reply.headers["content-type"] == "text/event-stream"
    assert await client.rest() == b""
    assert site.events.clients == 0
