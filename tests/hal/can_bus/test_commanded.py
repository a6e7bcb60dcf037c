"""Boards that close when they are told to."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator

import pytest

from hal.errors import DeviceGone
from hal.readings import FaultReading, PilotState
from tests.contracts.board_charge import charging
from tests.contracts.waiting import eventually, following, following_item, until
from tests.hal.can_bus.rig import SIGNALS, CanRig, can_rig


@pytest.fixture
async def rig() -> AsyncIterator[CanRig]:
    async with can_rig() as made:
        yield made


async def test_it_does_not_close_before_it_is_told(rig: CanRig) -> None:
    rig.vehicle(PilotState.C)
    rig.driver.offer(16.0)
    async with following(rig.driver.states()) as states:
        await until(states, PilotState.C)

    assert not rig.closed()


async def test_opening_leaves_the_offer_alone(rig: CanRig) -> None:
    await charging(rig)

    rig.driver.open()

    await eventually(lambda: not rig.closed())
    assert rig.offered_a() == 16.0


async def test_a_contactor_that_drops_out_or_welds_is_reported_as_it_is(rig: CanRig) -> None:
    await charging(rig)
    async with following(rig.driver.positions()) as positions:
        await until(positions, True)
        with rig.wire.hands_on() as board:
            board.welded = True
        rig.driver.open()
        opened = asyncio.ensure_future(following_item(positions))
        await asyncio.sleep(0.2)
        opened_while_welded = opened.done()

        with rig.wire.hands_on() as board:
            board.welded = False

        assert not opened_while_welded
        assert await opened is False


async def test_every_fault_of_one_frame_is_reported(rig: CanRig) -> None:
    async with following(rig.driver.faults()) as faults:
        first = asyncio.ensure_future(following_item(faults))
        await asyncio.sleep(0)
        with rig.wire.hands_on() as board:
            board.faults |= {"EmergencyStop", "OverTemperature"}

        seen = {(await first).fault, (await following_item(faults)).fault}

    assert seen == {"EmergencyStop", "HighTemperature"}


async def test_an_assumption_that_was_overtaken_is_forgotten() -> None:
    contactor = dataclasses.replace(SIGNALS.contactor, feedback=None, operate_time_s=0.1)
    signals = dataclasses.replace(SIGNALS, contactor=contactor)
    async with can_rig(signals=signals) as rig, following(rig.driver.positions()) as positions:
        await following_item(positions)
        rig.driver.close()
        await asyncio.sleep(0.02)

        rig.driver.open()

        with pytest.raises(TimeoutError):
            await following_item(positions, limit_s=0.3)


async def test_who_follows_is_told_of_the_end(rig: CanRig) -> None:
    async with following(rig.driver.faults()) as faults:
        first: asyncio.Future[FaultReading] = asyncio.ensure_future(following_item(faults))
        await asyncio.sleep(0)

        await rig.driver.stop()

        with pytest.raises(DeviceGone, match="was stopped"):
            await first
