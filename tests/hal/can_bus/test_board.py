"""The CAN driver on an emulated board: what it says when all is well."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator

import pytest

from hal.can_bus.board import CanBoard
from hal.can_bus.settings import CanBoardSettings
from hal.errors import BadReading, DeviceGone, DeviceRefused, NotConfirmed
from hal.readings import FaultReading, PilotState
from hal.registry import DRIVERS, settings_class
from hil.devices.can_board import COMMAND, HELD, NO_DIODE, Mood
from tests.contracts.board_charge import charging
from tests.contracts.waiting import eventually, following, following_item, until
from tests.hal.can_bus.rig import SIGNALS, CanRig, a_bus, a_driver, can_rig, settings_of


@pytest.fixture
async def rig() -> AsyncIterator[CanRig]:
    async with can_rig() as made:
        yield made


def test_it_has_the_parts_that_its_settings_name() -> None:
    signals = dataclasses.replace(SIGNALS, meter=None, lock=None)

    full, bare = a_driver(settings_of(a_bus())), a_driver(settings_of(a_bus(), signals=signals))

    assert full.parts == CanBoard.PARTS
    assert bare.parts == {"pilot", "contactor", "faults"}


def test_the_registry_may_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DRIVERS, "can-board", "hal.can_bus.board:CanBoard")

    assert settings_class("can-board") is CanBoardSettings


async def test_an_offer_is_rounded_down_to_what_the_signal_carries(rig: CanRig) -> None:
    await charging(rig, current_a=10.9)

    await eventually(lambda: rig.offered_a() == 10.5)


async def test_an_offer_beyond_the_signals_range_is_the_most_it_can_carry(rig: CanRig) -> None:
    with rig.wire.hands_on() as board:
        board.highest_a = 100

    await charging(rig, current_a=90)

    await eventually(lambda: rig.offered_a() == 80)


async def test_our_messages_keep_coming_at_their_pace(rig: CanRig) -> None:
    with rig.wire.hands_on() as board:
        board.heard.clear()

    await asyncio.sleep(0.55)

    with rig.wire.hands_on() as board:
        assert 4 <= sum(frame.identifier == COMMAND for frame in board.heard) <= 7


async def test_constants_are_in_our_messages() -> None:
    signals = dataclasses.replace(SIGNALS, constants={"AgentCommand.Mode": "SelfClosing"})
    async with can_rig(signals=signals) as rig:
        with rig.wire.hands_on() as board:
            assert board.self_closing


async def test_starting_twice_is_harmless(rig: CanRig) -> None:
    await charging(rig)

    await rig.driver.start()

    assert rig.closed()


async def test_one_value_of_a_signal_may_stand_for_a_fault(rig: CanRig) -> None:
    async with following(rig.driver.faults()) as faults:
        first = asyncio.ensure_future(following_item(faults))
        await asyncio.sleep(0)

        with rig.wire.hands_on() as board:
            board.pilot_fault = NO_DIODE

        assert await first == FaultReading("DiodeFault", active=True, detail="BoardFaults.PilotFault is NoDiode")


async def test_a_fault_that_two_signals_tell_of_ends_with_the_second(rig: CanRig) -> None:
    signals = dataclasses.replace(
        SIGNALS, faults=dict.fromkeys(("BoardFaults.OverTemperature", "BoardFaults.OverCurrent"), "HighTemperature")
    )
    async with can_rig(signals=signals) as two, following(two.driver.faults()) as faults:
        first = asyncio.ensure_future(following_item(faults))
        await asyncio.sleep(0)
        with two.wire.hands_on() as board:
            board.faults |= {"OverTemperature", "OverCurrent"}
        await first

        with two.wire.hands_on() as board:
            board.faults -= {"OverTemperature"}
        with pytest.raises(TimeoutError):
            await following_item(faults, limit_s=0.2)


async def test_the_whole_measurement_is_read(rig: CanRig) -> None:
    await charging(rig, current_a=10)
    with rig.wire.hands_on() as board:
        board.energy_wh = 123_456.7
        board.temperature_c = 41.5
    await asyncio.sleep(0.15)

    reading = await rig.driver.read()

    assert reading.energy_import_wh in (123_456, 123_457)
    assert reading.power_w == pytest.approx(6900)
    assert reading.current_a == pytest.approx((10, 10, 10))
    assert reading.voltage_v == pytest.approx((230, 230, 230))
    assert reading.frequency_hz == pytest.approx(50)
    assert reading.temperature_c == pytest.approx(41.5)


async def test_a_value_that_is_not_available_is_left_out(rig: CanRig) -> None:
    with rig.wire.hands_on() as board:
        board.temperature_c = None
    await asyncio.sleep(0.15)

    assert (await rig.driver.read()).temperature_c is None


async def test_a_value_out_of_its_range_is_no_reading(rig: CanRig) -> None:
    with rig.wire.hands_on() as board:
        board.voltage_v = 6000
    await asyncio.sleep(0.15)

    with pytest.raises(BadReading, match=r"EVSE 1: BoardVoltages\.VoltageL1 is 6000"):
        await rig.driver.read()


async def test_energy_that_goes_back_is_no_reading(rig: CanRig) -> None:
    await rig.driver.read()
    with rig.wire.hands_on() as board:
        board.energy_wh = 10
    await asyncio.sleep(0.15)

    with pytest.raises(BadReading, match="went back"):
        await rig.driver.read()


async def test_a_board_without_a_meter_says_so() -> None:
    async with can_rig(signals=dataclasses.replace(SIGNALS, meter=None)) as rig:
        with pytest.raises(DeviceRefused, match="no meter"):
            await rig.driver.read()


async def test_the_lock_is_confirmed_by_its_end_switch(rig: CanRig) -> None:
    await rig.driver.lock()
    with rig.wire.hands_on() as board:
        held = board.lock_state

    await rig.driver.unlock()

    assert held == HELD
    with rig.wire.hands_on() as board:
        assert board.lock_state != HELD


async def test_a_stuck_lock_is_not_confirmed(rig: CanRig) -> None:
    with rig.wire.hands_on() as board:
        board.lock_is_stuck = True

    with pytest.raises(NotConfirmed, match="not locked"):
        await rig.driver.lock()


async def test_the_lock_keeps_its_place_while_the_contactor_moves(rig: CanRig) -> None:
    await rig.driver.lock()

    await charging(rig)
    rig.driver.open()
    await eventually(lambda: not rig.closed())

    with rig.wire.hands_on() as board:
        assert board.lock_state == HELD


async def test_where_there_is_no_lock_there_is_nothing_to_wait_for() -> None:
    async with can_rig(signals=dataclasses.replace(SIGNALS, lock=None)) as rig:
        await rig.driver.lock()


async def test_without_feedback_a_command_is_taken_as_done_after_its_time() -> None:
    contactor = dataclasses.replace(SIGNALS.contactor, feedback=None, operate_time_s=0.05)
    async with can_rig(signals=dataclasses.replace(SIGNALS, contactor=contactor)) as rig:
        await charging(rig)
        async with following(rig.driver.positions()) as positions:
            await until(positions, True)

            rig.driver.open()

            assert await following_item(positions) is False


@pytest.mark.parametrize("mood", [Mood.NORMAL, Mood.MUTE])
async def test_start_and_stop_leave_the_contactor_open_whether_anybody_answers_or_not(mood: Mood) -> None:
    async with can_rig() as agent_that_dies:
        bus = agent_that_dies.driver._link._bus._settings
        await charging(agent_that_dies)
        agent_that_dies.set_mood(mood)
        failsafe = a_driver(settings_of(bus))
        asked_at_s = time.monotonic()

        starting = asyncio.create_task(failsafe.start())
        # The one that hangs would go on commanding: its frames must stop, as they do with a dead process.
        agent_that_dies.driver._link._task.cancel()
        await eventually(lambda: not agent_that_dies.closed())

        assert time.monotonic() - asked_at_s < 0.2
        await asyncio.wait([starting])
        assert (starting.exception() is None) is (mood is Mood.NORMAL)
        await failsafe.stop()


async def test_stopping_takes_no_longer_than_a_fifth_of_a_second_where_nobody_answers(rig: CanRig) -> None:
    await charging(rig)
    rig.set_mood(Mood.MUTE)
    began_at_s = time.monotonic()

    await rig.driver.stop()

    assert time.monotonic() - began_at_s < 0.3
    assert not rig.closed()


async def test_nothing_can_be_commanded_before_start() -> None:
    driver = a_driver(settings_of(a_bus()))

    driver.open()
    driver.offer(None)
    with pytest.raises(DeviceGone):
        driver.close()
    with pytest.raises(DeviceGone):
        await driver.read()
    with pytest.raises(DeviceGone):
        await driver.lock()


async def test_a_pilot_that_leaves_c_is_reported_quickly(rig: CanRig) -> None:
    await charging(rig)
    async with following(rig.driver.states()) as states:
        await following_item(states)
        began_at_s = time.monotonic()

        rig.vehicle(PilotState.B)
        await until(states, PilotState.B)

    assert time.monotonic() - began_at_s < 0.1
