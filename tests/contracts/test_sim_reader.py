"""The simulator's token reader keeps the contract of iron."""

import asyncio

import pytest

from hal.readings import TokenReading
from hal.registry import DriverContext
from hal.sim.reader import SimReader, SimReaderSettings
from tests.contracts.reader import ReaderContract
from tests.contracts.waiting import Wall


class SimReaderRig:
    def __init__(self) -> None:
        self.driver = SimReader(SimReaderSettings(), DriverContext(name="reader 1", evse_id=None, clock=Wall()))
        self.cards = (TokenReading("04A1B2C3"), TokenReading("04DEADBEEF0102"))

    def hold(self, number: int) -> None:
        self.driver.present(self.cards[number].value)

    async def take_away(self) -> None:
        await asyncio.sleep(0)

    async def garble(self) -> None:
        """There is no wire on which anything could break."""

    def cut(self) -> None:
        self.driver.set_failed(failed=True)

    def mend(self) -> None:
        self.driver.set_failed(failed=False)


class TestSimReader(ReaderContract):
    @pytest.fixture
    def bench(self) -> SimReaderRig:
        return SimReaderRig()
