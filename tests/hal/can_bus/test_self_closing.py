"""Boards on CAN that close by themselves."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hal.readings import PilotState
from hil.devices.can_board import COMMAND
from tests.contracts.board_charge import charging
from tests.contracts.waiting import eventually, following, until
from tests.hal.can_bus.rig import SELF_CLOSING, CanRig, can_rig


@pytest.fixture
async def rig() -> AsyncIterator[CanRig]:
    async with can_rig(signals=SELF_CLOSING) as made:
        yield made


async def test_it_closes_when_the_vehicle_asks_under_an_offer(rig: CanRig) -> None:
    await charging(rig)

    assert rig.closed()


async def test_opening_takes_the_offer_away_until_it_may_close_again(rig: CanRig) -> None:
    await charging(rig)
    with rig.wire.hands_on() as board:
        board.vehicle.holds = True

    rig.driver.open()
    await eventually(lambda: not rig.closed())
    await asyncio.sleep(0.3)
    assert rig.offered_a() is None

    rig.driver.close()
    await eventually(rig.closed)


async def test_a_stop_from_another_thread_beats_an_offer_that_is_under_way(rig: CanRig) -> None:
    await charging(rig)
    with rig.wire.hands_on() as board:
        board.vehicle.holds = True

    for _ in range(5):
        rig.driver.offer(16.0)
        rig.driver.close()
        await asyncio.to_thread(rig.driver.open)
        assert not rig.is_energised()


async def test_an_offer_that_is_changed_reaches_the_board_at_once(rig: CanRig) -> None:
    await charging(rig)

    rig.driver.offer(8.0)

    await eventually(lambda: rig.offered_a() == 8.0, limit_s=0.2)


async def test_an_offer_is_commanded_once_and_then_kept_up_by_the_beat(rig: CanRig) -> None:
    await charging(rig)
    with rig.wire.hands_on() as board:
        board.heard.clear()

    await asyncio.sleep(0.45)

    with rig.wire.hands_on() as board:
        commands = [frame.data for frame in board.heard if frame.identifier == COMMAND]
    assert set(commands) == {b"\x20\x00\x01"}
    assert len(commands) <= 6


async def test_a_vehicle_that_leaves_opens_it(rig: CanRig) -> None:
    await charging(rig)

    rig.vehicle(PilotState.A)

    async with following(rig.driver.positions()) as positions:
        await until(positions, False)
