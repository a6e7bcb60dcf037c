"""The station under test: one EVSE, online with a 1.6 CSMS."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hil.csms.server import BenchCsms
from tests.fakes.running_station import RunningStation, close_books, running_station


@pytest.fixture
async def csms() -> AsyncIterator[BenchCsms]:
    async with BenchCsms(versions=("ocpp1.6",)) as bench:
        yield bench


@pytest.fixture
async def station(csms: BenchCsms, tmp_path: Path) -> AsyncIterator[RunningStation]:
    async with running_station(csms, tmp_path) as running:
        yield running
        await close_books(running)
