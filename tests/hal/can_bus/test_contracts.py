"""The CAN driver keeps the contracts of its parts, on every kind of bus."""

import os
from collections.abc import AsyncIterator

import pytest

from hal.can_bus.settings import BusSettings
from tests.contracts.board_charge import charging
from tests.contracts.contactor import ContactorContract
from tests.contracts.faults import FaultContract
from tests.contracts.meter import MeterContract
from tests.contracts.pilot import PilotContract
from tests.hal.can_bus.rig import SELF_CLOSING, CanRig, MeterRig, a_bus, can_rig, named_bus

ON_THE_MACHINE = "EVSE_CAN_CHANNEL" in os.environ


@pytest.fixture(params=["named"] if ON_THE_MACHINE else ["named", "udp_multicast", "pullable"])
def bus(request: pytest.FixtureRequest) -> BusSettings:
    """In memory, over UDP, and through an interface that needs threads; or on a bus of the machine."""
    return named_bus() if request.param == "named" else a_bus(request.param)


@pytest.fixture
async def rig(bus: BusSettings) -> AsyncIterator[CanRig]:
    async with can_rig(bus) as made:
        yield made


@pytest.fixture
async def self_closing() -> AsyncIterator[CanRig]:
    async with can_rig(named_bus(), signals=SELF_CLOSING) as made:
        yield made


class TestCanContactor(ContactorContract):
    @pytest.fixture
    async def bench(self, rig: CanRig) -> CanRig:
        return rig


class TestCanPilot(PilotContract):
    @pytest.fixture
    async def bench(self, rig: CanRig) -> CanRig:
        return rig


class TestCanFaults(FaultContract):
    @pytest.fixture
    async def bench(self, rig: CanRig) -> CanRig:
        return rig


class TestCanMeter(MeterContract):
    @pytest.fixture
    async def bench(self, bus: BusSettings) -> AsyncIterator[MeterRig]:
        async with can_rig(bus, rig=MeterRig) as made:
            await charging(made)
            yield made


class TestSelfClosingCanContactor(ContactorContract):
    @pytest.fixture
    async def bench(self, self_closing: CanRig) -> CanRig:
        return self_closing


class TestSelfClosingCanPilot(PilotContract):
    @pytest.fixture
    async def bench(self, self_closing: CanRig) -> CanRig:
        return self_closing


class TestSelfClosingCanFaults(FaultContract):
    @pytest.fixture
    async def bench(self, self_closing: CanRig) -> CanRig:
        return self_closing
