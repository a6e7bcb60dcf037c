"""A port whose parts are wired to GPIO lines, beside a simulated pilot and meter."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hal.board import EvseParts
from hal.gpio.contactor import GpioContactor, GpioContactorSettings
from hal.gpio.faults import FaultInputKeys, GpioFaults, GpioFaultsSettings
from hal.gpio.indicator import GpioIndicator, GpioIndicatorSettings
from hal.gpio.limit import GpioLimit, GpioLimitSettings, LimitStepKeys
from hal.gpio.lock import GpioLock
from hal.gpio.lock_settings import GpioLockSettings
from hal.gpio.phase_switch import GpioPhaseSwitch, GpioPhaseSwitchSettings
from hal.gpio.stop_button import GpioStopButton, GpioStopButtonSettings
from hal.gpio.wiring import InputKeys, OutputKeys
from hal.port import Port, PortSettings
from hal.port_events import PortEvent, StopPressed
from hal.sim.board import BoardSettings
from hal.sim.evse import SimEvse
from hil.devices.gpio_bench import Condition, LockMotor, Relay
from tests.contracts.waiting import eventually
from tests.hal.gpio.rig import CONTEXT, Board, driven

COIL, MIRROR, LOCKING, UNLOCKING, LOCKED = 17, 27, 4, 5, 6
ESTOP, DIMMED, BUTTON, THREE, THREE_SEEN, RED, GREEN = 7, 8, 9, 10, 11, 12, 13
LIMIT_S = 10.0


class Bench:
    """The port, what is wired to its lines, and what it reported."""

    def __init__(self, board: Board) -> None:
        loop = asyncio.get_running_loop()
        self.board = board
        self.events: list[PortEvent] = []
        self.relay = Relay(board.wire(COIL), mirrors=(board.wire(MIRROR),))
        self.three = Relay(board.wire(THREE), mirrors=(board.wire(THREE_SEEN),))
        self.motor = LockMotor(board.wire(LOCKING), board.wire(UNLOCKING), locked_switch=board.wire(LOCKED))
        for device in (self.relay, self.three, self.motor):
            device.attach(loop)
        for pin in (ESTOP, DIMMED, BUTTON):
            board.wire(pin).drive(False)
        self.evse = SimEvse(BoardSettings(ev_reaction_s=0.05, plugged=True), CONTEXT)
        self.port = Port(
            1,
            parts_on(board, self.evse),
            clock=CONTEXT.clock,
            settings=PortSettings(max_current_a=32.0, open_under_load_after_s=0.5),
            report=self.events.append,
        )

    async def charge(self) -> None:
        """Permit, until energy flows; `permit` until somebody withdraws."""
        await eventually(lambda: self.port.snapshot().contactor_closed is False, limit_s=LIMIT_S)
        self.port.permit(16.0)
        await eventually(lambda: self.relay.closed, limit_s=LIMIT_S)

    def set(self, pin: int, *, high: bool) -> None:
        """Let something outside act."""
        self.board.wire(pin).drive(high)


def parts_on(board: Board, evse: SimEvse) -> EvseParts:
    chip = board.chip
    mirror: dict[str, Any] = {"feedback_pin": MIRROR, "feedback_pull": "none"}
    contactor = GpioContactor(GpioContactorSettings(chip=chip, pin=COIL, **mirror), CONTEXT)
    lock = GpioLock(
        GpioLockSettings(
            chip=chip,
            locking=OutputKeys(pin=LOCKING),
            unlocking=OutputKeys(pin=UNLOCKING),
            locked_switch=InputKeys(**driven(LOCKED)),
            pulse_s=0.06,
            pause_s=0.01,
        ),
        CONTEXT,
    )
    stop = FaultInputKeys(**driven(ESTOP, fault="EmergencyStop"))
    faults = GpioFaults(GpioFaultsSettings(chip=chip, inputs=(stop,)), CONTEXT)
    step = LimitStepKeys(**driven(DIMMED, max_current_a=8.0))
    limit = GpioLimit(GpioLimitSettings(chip=chip, steps=(step,)), CONTEXT)
    button = GpioStopButton(GpioStopButtonSettings(chip=chip, **driven(BUTTON)), CONTEXT)
    phases = GpioPhaseSwitch(
        GpioPhaseSwitchSettings(
            chip=chip,
            three_phases=OutputKeys(pin=THREE),
            three_feedback=InputKeys(**driven(THREE_SEEN)),
            dead_time_s=0.05,
        ),
        CONTEXT,
    )
    lights = {"red": OutputKeys(pin=RED), "green": OutputKeys(pin=GREEN)}
    indicator = GpioIndicator(GpioIndicatorSettings(chip=chip, lights=lights), CONTEXT)
    return EvseParts(
        pilot=evse,
        contactor=contactor,
        meter=evse,
        lock=lock,
        faults=(faults,),
        indicator=indicator,
        drivers=(evse, contactor, lock, faults, limit, button, phases, indicator),
        limits=(limit,),
        phase_switch=phases,
        stop_buttons=(button,),
    )


async def _renew(port: Port) -> None:
    while True:
        port.renew()
        await asyncio.sleep(0.2)


@asynccontextmanager
async def _running(board: Board) -> AsyncIterator[Bench]:
    bench = Bench(board)
    tasks = [
        asyncio.create_task(bench.port.run(), name="port under test"),
        asyncio.create_task(_renew(bench.port), name="renewing"),
    ]
    try:
        yield bench
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@pytest.fixture
async def bench(board: Board) -> AsyncIterator[Bench]:
    async with _running(board) as bench:
        yield bench


async def test_an_emergency_stop_opens_the_contactor_until_it_is_over(bench: Bench) -> None:
    await bench.charge()

    bench.set(ESTOP, high=True)

    await eventually(lambda: not bench.relay.closed)
    assert "EmergencyStop" in bench.port.snapshot().faults
    bench.set(ESTOP, high=False)
    await eventually(lambda: bench.relay.closed, limit_s=LIMIT_S)


async def test_a_curtailment_input_lowers_the_offer_while_it_is_active(bench: Bench) -> None:
    await bench.charge()

    bench.set(DIMMED, high=True)

    await eventually(lambda: bench.port.snapshot().offered_a == 8.0)
    bench.set(DIMMED, high=False)
    await eventually(lambda: bench.port.snapshot().offered_a == 16.0)


async def test_the_stop_button_is_reported(bench: Bench) -> None:
    await bench.charge()

    bench.set(BUTTON, high=True)

    await eventually(lambda: StopPressed() in bench.events)


async def test_the_cable_is_locked_and_freed_and_a_jammed_lock_is_a_fault(bench: Bench) -> None:
    await eventually(lambda: bench.port.snapshot().contactor_closed is False, limit_s=LIMIT_S)
    moved = [await bench.port.lock(), bench.motor.locked, await bench.port.unlock(), not bench.motor.locked]
    bench.motor.condition = Condition.JAMMED

    is_locked = await bench.port.lock()

    assert all(moved)
    assert not is_locked
    assert "ConnectorLockFailure" in bench.port.snapshot().faults


async def test_the_phases_are_switched_with_the_contactor_open(bench: Bench) -> None:
    await bench.charge()
    positions: list[bool] = []
    bench.three.on_moved = lambda: positions.append(bench.relay.closed)

    is_switched = await bench.port.use_phases(3)

    assert is_switched
    assert bench.three.closed
    assert positions == [False]
    await eventually(lambda: bench.relay.closed, limit_s=LIMIT_S)


async def test_a_welded_relay_is_found(bench: Bench) -> None:
    await bench.charge()
    bench.relay.condition = Condition.WELDED

    bench.port.withdraw()

    await eventually(lambda: "WeldedContactor" in bench.port.snapshot().faults, limit_s=LIMIT_S)
    assert not bench.relay.is_commanded


async def test_the_lights_follow_the_looks(bench: Bench) -> None:
    await eventually(lambda: bench.port.snapshot().contactor_closed is False, limit_s=LIMIT_S)

    bench.port.show("fault")

    await eventually(lambda: bench.board.wire(RED).level)
    bench.port.show("free")
    await eventually(lambda: bench.board.wire(GREEN).level and not bench.board.wire(RED).level)


async def test_a_chip_that_went_away_is_a_lost_board(bench: Bench) -> None:
    await bench.charge()

    bench.board.cut()

    await eventually(lambda: "BoardLost" in bench.port.snapshot().faults)
    assert bench.port.snapshot().offered_a is None


async def test_ending_the_port_leaves_every_output_off_but_the_lock_where_it_is(board: Board) -> None:
    async with _running(board) as bench:
        await eventually(lambda: bench.port.snapshot().contactor_closed is False, limit_s=LIMIT_S)
        await bench.port.lock()
        await bench.port.use_phases(3)
        bench.port.show("fault")
        await bench.charge()

    await bench.relay.moved()
    outputs = (COIL, LOCKING, UNLOCKING, THREE, RED, GREEN)
    assert not any(board.wire(pin).level for pin in outputs)
    assert not bench.relay.closed
    assert bench.motor.locked
