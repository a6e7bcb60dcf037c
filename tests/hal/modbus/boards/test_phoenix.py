"""The Phoenix driver: the contracts of its parts on both kinds of controllers, and what is special about them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hal.errors import DeviceGone, HalError, WrongSettings
from hal.modbus.boards.phoenix import PhoenixBoard, PhoenixSettings
from hal.readings import PilotState
from hal.registry import DriverContext, SharedDevices, driver_class
from hil.devices.meter_device import Mood
from tests.contracts.board_charge import charging
from tests.contracts.contactor import ContactorContract
from tests.contracts.meter import MeterContract
from tests.contracts.pilot import PilotContract
from tests.contracts.waiting import Wall, eventually, following, following_item, until
from tests.hal.modbus.boards.phoenix_rig import MeteredPhoenixRig, PhoenixRig, phoenix_rig


@pytest.fixture(params=["em-cp-pp-eth", "charx"])
async def rig(request: pytest.FixtureRequest) -> AsyncIterator[PhoenixRig]:
    async with phoenix_rig(request.param) as rig:
        yield rig


class TestPhoenixPilot(PilotContract):
    @pytest.fixture
    async def bench(self, rig: PhoenixRig) -> PhoenixRig:
        return rig


class TestPhoenixContactor(ContactorContract):
    @pytest.fixture
    async def bench(self, rig: PhoenixRig) -> PhoenixRig:
        return rig


class TestCharxMeter(MeterContract):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[PhoenixRig]:
        async with phoenix_rig("charx", rig=MeteredPhoenixRig) as rig:
            await charging(rig)
            yield rig


def test_it_is_found_by_its_name() -> None:
    assert driver_class("phoenix") is PhoenixBoard


@pytest.mark.parametrize(("key", "value"), [("model", "ev-charge"), ("controller", 0), ("poll_s", 9.0)])
def test_settings_that_cannot_work_are_refused_by_their_key(key: str, value: Any) -> None:
    with pytest.raises(WrongSettings) as refused:
        PhoenixSettings(**({"model": "charx", "host": "10.0.0.7"} | {key: value}))

    assert refused.value.path == (key,)


@pytest.mark.parametrize(("model", "has_meter"), [("em-cp-pp-eth", False), ("charx", True)])
def test_only_a_model_with_a_known_meter_offers_one(model: str, has_meter: bool) -> None:
    settings = PhoenixSettings(model=model, host="10.0.0.7")

    board = PhoenixBoard(settings, DriverContext(name="EVSE 1", evse_id=1, clock=Wall(), shared=SharedDevices()))

    assert ("meter" in board.parts) is has_meter


async def test_a_hard_stop_takes_the_release_back_at_once(rig: PhoenixRig) -> None:
    await charging(rig)

    rig.driver.open()

    await eventually(lambda: not rig.board.is_energised, limit_s=0.5)


async def test_a_lost_hard_stop_is_repeated(rig: PhoenixRig) -> None:
    await charging(rig)
    rig.board.misbehave(Mood.SILENT)
    await asyncio.sleep(0.02)

    rig.driver.open()
    await asyncio.sleep(0.02)
    rig.board.misbehave(Mood.NORMAL)
    await eventually_started(rig)

    await eventually(lambda: not rig.board.is_energised)


async def test_an_error_on_the_pilot_is_reported(rig: PhoenixRig) -> None:
    async with following(rig.driver.states()) as states:
        await following_item(states)

        rig.board.pilot_fault = "F"

        await until(states, PilotState.F)


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.NOISE, Mood.HALF, Mood.WRONG_CRC, Mood.EXCEPTION, Mood.SHORT])
async def test_a_controller_that_says_nothing_sound_is_an_error_and_is_taken_up_again(
    rig: PhoenixRig, mood: Mood
) -> None:
    async with following(rig.driver.states()) as states:
        await following_item(states)
        rig.board.misbehave(mood)
        with pytest.raises(HalError, match="EVSE 1"):
            await until(states, PilotState.E)

    rig.board.misbehave(Mood.NORMAL)
    await eventually_started(rig)
    async with following(rig.driver.states()) as states:
        assert await following_item(states) is PilotState.A


async def test_a_network_that_is_gone_and_returns_is_taken_up_again(rig: PhoenixRig) -> None:
    async with following(rig.driver.states()) as states:
        await following_item(states)
        rig.server.stop()
        with pytest.raises(HalError):
            await until(states, PilotState.E)
    await rig.driver.stop()
    with pytest.raises(DeviceGone):
        await rig.driver.start()

    rig.server.start()

    await eventually_started(rig)


async def eventually_started(rig: PhoenixRig) -> None:
    """What the port does with a board that it lost: stop it, then start it until it succeeds."""
    await rig.driver.stop()
    async with asyncio.timeout(8):
        while True:
            try:
                await rig.driver.start()
                return
            except HalError:
                await asyncio.sleep(0.05)
