import asyncio

import pytest

from agent.api.events import EventStream
from agent.api.limits import Limits
from agent.api.server import ApiServer
from agent.errors import SettingsError
from tests.agent.api.http_client import request
from tests.agent.api.site import Build, FakeSource, Site


async def test_a_host_beyond_loopback_is_refused() -> None:
    for host in ("0.0.0.0", "192.168.1.7", "::", "charger.example"):  # noqa: S104 - exactly what must not be bound
        with pytest.raises(SettingsError, match="loopback"):
            ApiServer(FakeSource(), None, EventStream(), host=host, port=0)


async def test_a_port_in_use_is_told_as_a_wrong_setting(site: Site) -> None:
    second = ApiServer(FakeSource(), None, EventStream(), host="localhost", port=site.port)

    with pytest.raises(SettingsError, match=f"cannot listen on 127.0.0.1:{site.port}"):
        await second.start()
    await second.stop()


async def test_beyond_the_last_connection_the_answer_is_503(build: Build) -> None:
    site = await build(limits=Limits(connections=1))

    async with site.client() as first, site.client() as second:
        assert (await first.ask("GET", "/healthz")).status == 200
        assert b" 503 " in await second.rest()

    async with asyncio.timeout(5):
        while True:
            async with site.client() as third:
                await third.send(request("GET", "/healthz", b"", {"Connection": "close"}))
                if b" 200 " in await third.rest():
                    break


async def test_stop_ends_open_connections_and_streams(site: Site) -> None:
    async with site.client() as idle, site.client() as watcher:
        await idle.ask("GET", "/healthz")
        await watcher.send(request("GET", "/api/v1/events", b"", {}))
        await watcher.event()

        await site.server.stop()

        assert await idle.rest() == b""
        assert site.events.clients == 0
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", site.port)
