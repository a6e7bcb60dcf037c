"""The simulator keeps the same contracts as iron."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from hal.registry import DriverContext
from hal.sim.board import BoardSettings
from hal.sim.clock import ManualClock
from hal.sim.evse import SimEvse
from tests.contracts.contactor import ContactorContract
from tests.contracts.faults import FaultContract
from tests.contracts.indicator import IndicatorContract
from tests.contracts.lock import LockContract
from tests.contracts.meter import MeterContract


class Wall:
    """The machine's own clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass
class MeterRig:
    meter: SimEvse
    clock: ManualClock
    power_w: float = 0.0

    async def draw(self, *, power_w: float, seconds: float) -> None:
        if power_w != self.power_w:
            self.meter.offer(power_w / 3 / 230 if power_w else None)
            await self.clock.advance(60)
            self.power_w = power_w
        await self.clock.advance(seconds)

    async def cut(self) -> None:
        self.meter.board.set_fault("BoardLost", active=True)


@dataclass
class ContactorRig:
    contactor: SimEvse
    driver: SimEvse

    def is_energised(self) -> bool:
        return self.contactor.board.contactor.commanded_closed


class TestSimMeter(MeterContract):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[MeterRig]:
        clock = ManualClock()
        settings = BoardSettings(source_impedance_ohm=0, battery_kwh=1000, soc_percent=10, plugged=True)
        evse = SimEvse(settings, DriverContext(name="EVSE 1", evse_id=1, clock=clock))
        await evse.start()
        evse.close()
        await clock.advance(1)
        yield MeterRig(meter=evse, clock=clock)
        await evse.stop()


class TestSimContactor(ContactorContract):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[ContactorRig]:
        evse = SimEvse(BoardSettings(), DriverContext(name="EVSE 1", evse_id=1, clock=Wall()))
        await evse.start()
        yield ContactorRig(contactor=evse, driver=evse)
        await evse.stop()


@dataclass
class LockRig:
    lock: SimEvse
    driver: SimEvse

    def is_locked(self) -> bool:
        return self.lock.board.locked

    def jam(self) -> None:
        self.lock.board.set_fault("ConnectorLockFailure", active=True)

    def mend(self) -> None:
        self.lock.board.set_fault("ConnectorLockFailure", active=False)


@dataclass
class FaultRig:
    faults: SimEvse
    driver: SimEvse

    def break_it(self) -> str:
        self.faults.board.set_fault("GroundFailure", active=True)
        return "GroundFailure"

    def mend_it(self) -> None:
        self.faults.board.set_fault("GroundFailure", active=False)

    def cut(self) -> None:
        self.faults.board.set_fault("BoardLost", active=True)


@dataclass
class IndicatorRig:
    indicator: SimEvse
    driver: SimEvse

    async def shown(self) -> str:
        return self.indicator.looks[-1]


@pytest.fixture
async def evse() -> AsyncIterator[SimEvse]:
    """A started EVSE in the machine's own time."""
    evse = SimEvse(BoardSettings(lock_s=0.01), DriverContext(name="EVSE 1", evse_id=1, clock=Wall()))
    await evse.start()
    yield evse
    await evse.stop()


class TestSimLock(LockContract):
    @pytest.fixture
    def bench(self, evse: SimEvse) -> LockRig:
        return LockRig(lock=evse, driver=evse)


class TestSimFaults(FaultContract):
    @pytest.fixture
    def bench(self, evse: SimEvse) -> FaultRig:
        return FaultRig(faults=evse, driver=evse)


class TestSimIndicator(IndicatorContract):
    @pytest.fixture
    def bench(self, evse: SimEvse) -> IndicatorRig:
        return IndicatorRig(indicator=evse, driver=evse)
