"""A connector lock on every kind of GPIO line."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from hal.errors import DeviceGone, NotConfirmed
from hal.gpio.lock import GpioLock
from hal.gpio.lock_settings import GpioLockSettings
from hal.gpio.wiring import InputKeys, OutputKeys
from hil.devices.gpio_bench import Condition, LockMotor
from tests.contracts.lock import LockContract
from tests.hal.gpio.rig import CONTEXT, Board, driven

LOCKING, UNLOCKING, LOCKED, UNLOCKED = 5, 6, 13, 19
PULSE_S = 0.06
TIMES = {"pulse_s": PULSE_S, "confirm_s": 0.1, "pause_s": 0.01}


def motor_on(board: Board, *, is_pulsed: bool = True) -> LockMotor:
    motor = LockMotor(
        board.wire(LOCKING),
        board.wire(UNLOCKING) if is_pulsed else None,
        locked_switch=board.wire(LOCKED),
        unlocked_switch=board.wire(UNLOCKED),
    )
    motor.attach(asyncio.get_running_loop())
    return motor


def lock_on(board: Board, *, is_pulsed: bool = True, has_switches: bool = True, **settings: Any) -> GpioLock:
    given = GpioLockSettings(
        chip=board.chip,
        locking=OutputKeys(pin=LOCKING),
        unlocking=OutputKeys(pin=UNLOCKING) if is_pulsed else None,
        locked_switch=InputKeys(**driven(LOCKED)) if has_switches else None,
        unlocked_switch=InputKeys(**driven(UNLOCKED)) if has_switches else None,
        **{**TIMES, **settings},
    )
    return GpioLock(given, CONTEXT)


@dataclass
class Bench:
    lock: GpioLock
    driver: GpioLock
    motor: LockMotor

    def is_locked(self) -> bool:
        return self.motor.locked

    def jam(self) -> None:
        self.motor.condition = Condition.JAMMED

    def mend(self) -> None:
        self.motor.condition = Condition.SOUND


class TestGpioLockWithAnHBridge(LockContract):
    @pytest.fixture
    async def bench(self, board: Board) -> AsyncIterator[Bench]:
        motor, lock = motor_on(board), lock_on(board)
        await lock.start()
        yield Bench(lock=lock, driver=lock, motor=motor)
        await lock.stop()
        assert not motor.was_shorted
        assert not motor.has_current


class TestGpioLockThatIsHeld(LockContract):
    @pytest.fixture
    async def bench(self, board: Board) -> AsyncIterator[Bench]:
        motor, lock = motor_on(board, is_pulsed=False), lock_on(board, is_pulsed=False)
        await lock.start()
        yield Bench(lock=lock, driver=lock, motor=motor)
        await lock.stop()


async def test_a_pulse_ends_before_lock_returns(board: Board) -> None:
    motor, lock = motor_on(board), lock_on(board)
    await lock.start()

    await lock.lock()

    assert not motor.has_current
    assert motor.pulses == 1
    await lock.stop()


async def test_a_motor_that_needs_two_pulses_gets_them(board: Board, caplog: pytest.LogCaptureFixture) -> None:
    motor, lock = motor_on(board), lock_on(board)
    motor.condition = Condition.SLOW
    await lock.start()

    with caplog.at_level(logging.WARNING):
        await lock.lock()

    assert motor.pulses == 2
    assert "tried again" in caplog.text
    await lock.stop()


async def test_a_jammed_motor_is_not_driven_for_ever(board: Board) -> None:
    motor, lock = motor_on(board), lock_on(board, tries=3)
    motor.condition = Condition.JAMMED
    await lock.start()

    with pytest.raises(NotConfirmed, match="locked_switch is inactive"):
        await lock.lock()

    assert motor.pulses == 3
    assert not motor.has_current
    await lock.stop()


async def test_all_tries_together_have_a_limit(board: Board) -> None:
    motor, lock = motor_on(board), lock_on(board, tries=10, pause_s=1.0, time_limit_s=0.3)
    motor.condition = Condition.JAMMED
    await lock.start()

    async with asyncio.timeout(1.0):
        with pytest.raises(NotConfirmed, match="in time"):
            await lock.lock()

    assert not motor.has_current
    await lock.stop()


async def test_a_move_that_is_given_up_leaves_no_current_in_the_motor(board: Board) -> None:
    motor, lock = motor_on(board), lock_on(board, pulse_s=2.0)
    await lock.start()
    move = asyncio.create_task(lock.lock())
    await asyncio.sleep(0.02)
    had_current = motor.has_current

    move.cancel()
    await asyncio.wait([move])

    assert had_current
    assert not motor.has_current
    await lock.stop()


async def test_end_switches_that_contradict_each_other_confirm_nothing(board: Board) -> None:
    motor, lock = motor_on(board), lock_on(board)
    await lock.start()
    await lock.lock()
    motor.condition = Condition.JAMMED
    board.wire(UNLOCKED).drive(True)
    await asyncio.sleep(0.02)

    with pytest.raises(NotConfirmed):
        await lock.lock()
    with pytest.raises(NotConfirmed):
        await lock.unlock()

    await lock.stop()


async def test_a_bolt_that_is_held_and_jams_is_let_go(board: Board) -> None:
    motor, lock = motor_on(board, is_pulsed=False), lock_on(board, is_pulsed=False)
    motor.condition = Condition.JAMMED
    await lock.start()

    with pytest.raises(NotConfirmed):
        await lock.lock()

    assert not motor.has_current
    await lock.stop()


async def test_without_end_switches_each_command_is_taken_as_done(
    board: Board, caplog: pytest.LogCaptureFixture
) -> None:
    motor, lock = motor_on(board), lock_on(board, has_switches=False)
    with caplog.at_level(logging.WARNING):
        await lock.start()

    await lock.lock()
    was_locked = motor.locked
    await lock.unlock()

    assert was_locked
    assert not motor.locked
    assert "no end switch" in caplog.text
    await lock.stop()


@pytest.mark.parametrize("is_pulsed", [True, False])
async def test_it_frees_the_cable_on_stop_where_the_settings_want_that(board: Board, is_pulsed: bool) -> None:
    motor = motor_on(board, is_pulsed=is_pulsed)
    lock = lock_on(board, is_pulsed=is_pulsed, unlock_on_power_loss=True)
    await lock.start()
    await lock.lock()

    await lock.stop()

    assert not motor.locked
    assert not motor.has_current


@pytest.mark.parametrize("board", ["gpiod"], indirect=True)
async def test_a_held_bolt_stays_where_it_is_through_a_restart(board: Board) -> None:
    motor, first = motor_on(board, is_pulsed=False), lock_on(board, is_pulsed=False)
    await first.start()
    await first.lock()
    await first.stop()

    second = lock_on(board, is_pulsed=False)
    await second.start()

    await asyncio.sleep(0.05)
    assert motor.has_current
    was_locked = motor.locked
    await second.unlock()
    assert was_locked
    assert not motor.locked
    await second.stop()


async def test_a_lock_that_is_not_started_does_not_move(board: Board) -> None:
    motor, lock = motor_on(board), lock_on(board)

    with pytest.raises(DeviceGone):
        await lock.lock()

    assert motor.pulses == 0


async def test_a_chip_that_went_away_is_device_gone(board: Board) -> None:
    motor_on(board)
    lock = lock_on(board)
    await lock.start()
    board.cut()

    with pytest.raises(DeviceGone):
        await lock.lock()
    with pytest.raises(DeviceGone):
        await lock.lock()

    await lock.stop()


@pytest.mark.parametrize("board", ["gpiod"], indirect=True)
async def test_its_lines_are_taken_anew_once_the_chip_is_back(board: Any) -> None:
    motor, lock = motor_on(board), lock_on(board)
    await lock.start()
    board.cut()
    with pytest.raises(DeviceGone):
        await lock.lock()
    board.device.plug_in()

    await lock.lock()

    assert motor.locked
    await lock.stop()


async def test_a_lock_that_is_stopped_in_a_move_did_not_confirm_it(board: Board) -> None:
    motor, lock = motor_on(board), lock_on(board, confirm_s=2.0)
    motor.condition = Condition.JAMMED
    await lock.start()
    move = asyncio.create_task(lock.lock())
    await asyncio.sleep(PULSE_S + 0.05)

    await lock.stop()

    with pytest.raises(DeviceGone):
        await move
