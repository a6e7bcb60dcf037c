"""The switch between one phase and three on every kind of GPIO line."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from hal.errors import DeviceGone, NotConfirmed, WrongSettings
from hal.gpio.phase_switch import GpioPhaseSwitch, GpioPhaseSwitchSettings
from hal.gpio.wiring import InputKeys, OutputKeys
from hil.devices.gpio_bench import Condition, Relay
from tests.contracts.phase_switch import PhaseSwitchContract
from tests.hal.gpio.rig import CONTEXT, Board, driven

THREE, ONE, THREE_SEEN, ONE_SEEN = 5, 6, 13, 19
TIMES = {"dead_time_s": 0.03, "operate_time_s": 0.01, "confirm_s": 0.2}


class Bench:
    """The board's power path: a contactor for three phases, and perhaps one for a single phase."""

    def __init__(self, board: Board, *, has_one: bool, has_feedback: bool = True) -> None:
        self.three = Relay(board.wire(THREE), mirrors=(board.wire(THREE_SEEN),))
        self.one = Relay(board.wire(ONE), mirrors=(board.wire(ONE_SEEN),)) if has_one else None
        self.relays = [relay for relay in (self.three, self.one) if relay is not None]
        self.shorted = False
        for relay in self.relays:
            relay.attach(asyncio.get_running_loop())
            relay.on_moved = self.look
        self.switch = self.driver = GpioPhaseSwitch(
            GpioPhaseSwitchSettings(
                chip=board.chip,
                three_phases=OutputKeys(pin=THREE),
                one_phase=OutputKeys(pin=ONE) if has_one else None,
                three_feedback=InputKeys(**driven(THREE_SEEN)) if has_feedback else None,
                one_feedback=InputKeys(**driven(ONE_SEEN)) if has_feedback and has_one else None,
                **TIMES,
            ),
            CONTEXT,
        )

    def look(self) -> None:
        self.shorted |= self.one is not None and self.one.closed and self.three.closed

    def connected(self) -> int:
        if self.three.closed:
            return 3
        return 1 if self.one is None or self.one.closed else 0

    def connected_at_rest(self) -> int:
        return 1 if self.one is None else 0

    def was_shorted(self) -> bool:
        return self.shorted

    def jam(self) -> None:
        self.three.condition = Condition.STUCK_OPEN

    def mend(self) -> None:
        self.three.repair()


class SettledBench(Bench):
    """Its relays have moved when the driver has stopped."""

    def connected(self) -> int:
        for relay in self.relays:
            relay._move()
        return super().connected()


class TestGpioPhaseSwitchWithOneOutput(PhaseSwitchContract):
    @pytest.fixture
    async def bench(self, board: Board) -> AsyncIterator[Bench]:
        bench = SettledBench(board, has_one=False)
        await bench.switch.start()
        yield bench
        await bench.switch.stop()


class TestGpioPhaseSwitchWithTwoOutputs(PhaseSwitchContract):
    @pytest.fixture
    async def bench(self, board: Board) -> AsyncIterator[Bench]:
        bench = SettledBench(board, has_one=True)
        await bench.switch.start()
        yield bench
        await bench.switch.stop()


async def test_a_contactor_that_does_not_let_go_keeps_the_other_from_closing(board: Board) -> None:
    bench = Bench(board, has_one=True)
    await bench.switch.start()
    await bench.switch.use_phases(3)
    bench.three.condition = Condition.WELDED

    with pytest.raises(NotConfirmed, match="does not let go"):
        await bench.switch.use_phases(1)

    assert not any(relay.is_commanded for relay in bench.relays)
    assert not bench.shorted
    await bench.switch.stop()


async def test_nothing_is_driven_during_the_dead_time(board: Board) -> None:
    bench = Bench(board, has_one=True)
    await bench.switch.start()
    await bench.switch.use_phases(3)

    switching = asyncio.create_task(bench.switch.use_phases(1))
    await asyncio.sleep(0.01)
    driven_meanwhile = [relay.is_commanded for relay in bench.relays]
    await switching

    assert driven_meanwhile == [False, False]
    assert [relay.is_commanded for relay in bench.relays] == [False, True]
    await bench.switch.stop()


async def test_a_switch_over_that_is_given_up_ends_with_every_output_off(board: Board) -> None:
    bench = Bench(board, has_one=True)
    bench.jam()
    await bench.switch.start()
    switching = asyncio.create_task(bench.switch.use_phases(3))
    await asyncio.sleep(0.1)
    was_driven = bench.three.is_commanded

    switching.cancel()
    await asyncio.wait([switching])

    assert was_driven
    assert not bench.three.is_commanded
    await bench.switch.stop()


async def test_without_feedback_each_command_is_taken_as_done(board: Board) -> None:
    bench = Bench(board, has_one=True, has_feedback=False)
    await bench.switch.start()

    await bench.switch.use_phases(3)

    assert bench.three.is_commanded
    await bench.switch.stop()


async def test_a_switch_that_moved_by_itself_is_switched_again(board: Board) -> None:
    bench = Bench(board, has_one=True)
    await bench.switch.start()
    await bench.switch.use_phases(3)
    bench.jam()
    bench.three._move()
    await asyncio.sleep(0.02)

    with pytest.raises(NotConfirmed):
        await bench.switch.use_phases(3)

    await bench.switch.stop()


async def test_a_chip_that_went_away_is_device_gone(board: Board) -> None:
    bench = Bench(board, has_one=True)
    await bench.switch.start()
    board.cut()

    with pytest.raises(DeviceGone):
        await bench.switch.use_phases(3)
    with pytest.raises(DeviceGone):
        await bench.switch.use_phases(3)

    await bench.switch.stop()


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({}, ("three_phases",)),
        ({"three_phases": OutputKeys(pin=5), "dead_time_s": 0.0}, ("dead_time_s",)),
        ({"three_phases": OutputKeys(pin=5), "confirm_s": -1.0}, ("confirm_s",)),
        ({"three_phases": OutputKeys(pin=5), "operate_time_s": 99.0}, ("operate_time_s",)),
        ({"three_phases": OutputKeys(pin=5), "one_phase": OutputKeys(pin=5)}, ("one_phase",)),
        ({"three_phases": OutputKeys(pin=5), "one_feedback": InputKeys(pin=5)}, ("one_feedback",)),
    ],
)
def test_impossible_settings_name_their_key(settings: dict[str, Any], path: tuple[str, ...]) -> None:
    with pytest.raises(WrongSettings) as refused:
        GpioPhaseSwitchSettings(**settings)

    assert refused.value.path == path


@dataclass
class Rest:
    three: OutputKeys | None
    one: OutputKeys | None
    phases: int


@pytest.mark.parametrize(
    "rest",
    [
        Rest(OutputKeys(pin=5), None, 1),
        Rest(None, OutputKeys(pin=5), 3),
        Rest(OutputKeys(pin=5), OutputKeys(pin=6), 0),
    ],
)
def test_what_is_connected_at_rest_follows_from_the_outputs(rest: Rest) -> None:
    assert GpioPhaseSwitchSettings(three_phases=rest.three, one_phase=rest.one).at_rest == rest.phases
