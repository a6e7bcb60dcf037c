"""What every journey has: a version of OCPP, a bench CSMS that speaks it, and a folder for the station's data."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hil.csms.server import BenchCsms
from tests.fakes.running_station import RunningStation, close_books, running_station
from tests.journeys.dialects import DIALECTS, Dialect


@pytest.fixture(params=list(DIALECTS), ids=list(DIALECTS))
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return DIALECTS[request.param]


@pytest.fixture
async def csms(dialect: Dialect) -> AsyncIterator[BenchCsms]:
    async with BenchCsms(versions=(dialect.subprotocol,)) as bench:
        yield bench


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def station(csms: BenchCsms, data_dir: Path) -> AsyncIterator[RunningStation]:
    """One EVSE, online; afterwards every watt-hour must have been told."""
    async with running_station(csms, data_dir) as running:
        yield running
        await close_books(running)
