"""The bench under test."""

from collections.abc import AsyncIterator

import pytest

from hil.csms.server import BenchCsms


@pytest.fixture
async def csms() -> AsyncIterator[BenchCsms]:
    async with BenchCsms() as bench:
        yield bench
