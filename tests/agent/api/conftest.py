"""Servers on real sockets, stopped after each test."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from agent.api.events import EventStream
from agent.api.json_text import to_json
from agent.api.limits import Limits
from agent.api.server import ApiServer
from agent.api.views import SimulatorControls
from tests.agent.api.http_client import Client
from tests.agent.api.site import STATUS, Build, FakeControls, FakeSource, Site


@pytest.fixture
async def build() -> AsyncIterator[Build]:
    """Start a server with these limits; stopped at the end."""
    async with AsyncExitStack() as stack:

        async def start(*, limits: Limits | None = None, simulated: bool = True) -> Site:
            source, controls, events = FakeSource(), FakeControls(), EventStream(limits=limits)
            given: SimulatorControls | None = controls if simulated else None
            server = ApiServer(source, given, events, host="127.0.0.1", port=0, limits=limits)
            stack.push_async_callback(server.stop)
            return Site(source, controls, events, server, await server.start())

        yield start


@pytest.fixture
async def site(build: Build) -> Site:
    return await build()


@pytest.fixture
async def client(site: Site) -> AsyncIterator[Client]:
    async with site.client() as connected:
        yield connected


@pytest.fixture
def status_json() -> dict[str, Any]:
    """The status as a client of the API gets it."""
    found: dict[str, Any] = json.loads(to_json(STATUS))
    return found
