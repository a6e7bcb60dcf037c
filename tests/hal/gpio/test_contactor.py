"""The contactor on every kind of GPIO line; its settings and errors on gpiozero's mock pins."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from hal.errors import DeviceGone, WrongSettings
from hal.gpio.contactor import GpioContactor, GpioContactorSettings
from hal.gpio.wiring import InputKeys
from hil.devices.gpio_bench import Condition, Relay
from tests.contracts.contactor import ContactorContract, next_position, watching
from tests.hal.gpio.rig import CONTEXT, Board, driven

COIL, MIRROR = 17, 27


@pytest.fixture
def pins() -> Iterator[MockFactory]:
    before, factory = Device.pin_factory, MockFactory()
    Device.pin_factory = factory
    yield factory
    factory.reset()
    Device.pin_factory = before


async def started(**settings: Any) -> GpioContactor:
    contactor = GpioContactor(GpioContactorSettings(pin=COIL, **settings), CONTEXT)
    await contactor.start()
    return contactor


@dataclass
class BoardBench:
    contactor: GpioContactor
    driver: GpioContactor
    relay: Relay

    def is_energised(self) -> bool:
        return self.relay.is_commanded


def contactor_on(board: Board, *, mirrors: int = 1, **settings: Any) -> tuple[GpioContactor, Relay]:
    """A sound relay with so many mirror contacts, and its driver."""
    wires = [board.wire(MIRROR - at) for at in range(mirrors)]
    relay = Relay(board.wire(COIL), mirrors=wires)
    relay.attach(asyncio.get_running_loop())
    more = tuple(InputKeys(**driven(MIRROR - at)) for at in range(1, mirrors))
    given = GpioContactorSettings(
        chip=board.chip,
        pin=COIL,
        feedback_pull="none",
        debounce_s=0.001,
        feedback_pin=MIRROR if mirrors else None,
        more_feedback=more,
        **settings,
    )
    return GpioContactor(given, CONTEXT), relay


class TestGpioContactorWithAMirrorContact(ContactorContract):
    @pytest.fixture(params=[1, 2])
    async def bench(self, board: Board, request: pytest.FixtureRequest) -> AsyncIterator[BoardBench]:
        contactor, relay = contactor_on(board, mirrors=request.param)
        await contactor.start()
        yield BoardBench(contactor, contactor, relay)
        await contactor.stop()


class TestGpioContactorWithoutAMirrorContact(ContactorContract):
    @pytest.fixture
    async def bench(self, board: Board) -> AsyncIterator[BoardBench]:
        contactor, relay = contactor_on(board, mirrors=0, operate_time_s=0.001)
        await contactor.start()
        yield BoardBench(contactor, contactor, relay)
        await contactor.stop()


async def test_one_of_two_mirror_contacts_that_stays_closed_keeps_it_closed(board: Board) -> None:
    contactor, relay = contactor_on(board, mirrors=2)
    await contactor.start()
    async with watching(contactor) as positions:
        await next_position(positions)
        contactor.close()
        assert await next_position(positions) is True

        contactor.open()
        await relay.moved()
        board.wire(MIRROR - 1).drive(True)
        await asyncio.sleep(0.02)

        async with watching(contactor) as later:
            assert await next_position(later) is True
    await contactor.stop()


async def test_one_of_two_mirror_contacts_that_stays_open_keeps_it_open(board: Board) -> None:
    contactor, relay = contactor_on(board, mirrors=2)
    relay.condition = Condition.STUCK_OPEN
    await contactor.start()
    contactor.close()
    await relay.moved()

    board.wire(MIRROR).drive(True)
    await asyncio.sleep(0.02)

    async with watching(contactor) as positions:
        assert await next_position(positions) is False
    await contactor.stop()


async def test_a_relay_that_welds_stays_closed_for_the_mirror_contact(board: Board) -> None:
    contactor, relay = contactor_on(board)
    await contactor.start()
    contactor.close()
    await relay.moved()
    relay.condition = Condition.WELDED

    contactor.open()
    await relay.moved()
    await asyncio.sleep(0.02)

    assert not relay.is_commanded
    async with watching(contactor) as positions:
        assert await next_position(positions) is True
    await contactor.stop()


async def test_a_chip_that_went_away_ends_the_positions_and_is_no_open_contactor(board: Board) -> None:
    contactor, _ = contactor_on(board)
    await contactor.start()
    async with watching(contactor) as positions:
        await next_position(positions)

        board.cut()

        with pytest.raises(DeviceGone):
            await next_position(positions)
    with pytest.raises(DeviceGone, match="cannot be opened"):
        contactor.open()
    with pytest.raises(DeviceGone, match="cannot be closed"):
        contactor.close()
    with pytest.raises(DeviceGone):
        await contactor.stop()


@pytest.mark.parametrize("board", ["gpiod"], indirect=True)
async def test_lines_may_be_named(board: Any) -> None:
    board.device.wire(4).name, board.device.wire(9).name = "COIL", "MIRROR"
    settings = GpioContactorSettings(chip="/dev/gpiochip0", line="COIL", feedback_line="MIRROR", feedback_pull="none")
    contactor = GpioContactor(settings, CONTEXT)
    await contactor.start()

    contactor.close()

    assert board.wire(4).level
    assert set(board.device.consumers) == {4, 9}
    await contactor.stop()
    assert not board.wire(4).level
    assert not board.device.consumers


@pytest.mark.parametrize(
    ("pull", "active_high", "level", "closed"),
    [
        ("up", True, "high", True),
        ("up", True, "low", False),
        ("up", False, "low", True),
        ("up", False, "high", False),
        ("down", True, "high", True),
        ("down", False, "high", False),
        ("none", True, "high", True),
        ("none", False, "low", True),
    ],
)
async def test_the_level_of_the_mirror_contact_is_read_as_wired(
    pins: MockFactory, pull: str, active_high: bool, level: str, closed: bool
) -> None:
    contactor = await started(
        feedback_pin=MIRROR, feedback_pull=pull, feedback_active_high=active_high, debounce_s=0.001
    )
    mirror = pins.pin(MIRROR)
    async with watching(contactor) as positions:
        (mirror.drive_low if level == "high" else mirror.drive_high)()
        await asyncio.sleep(0.01)
        (mirror.drive_high if level == "high" else mirror.drive_low)()
        await asyncio.sleep(0.01)

        async with watching(contactor) as later:
            assert await next_position(later) is closed
        await next_position(positions)
    await contactor.stop()


async def test_a_broken_feedback_wire_looks_like_a_closed_contactor(pins: MockFactory) -> None:
    contactor = await started(feedback_pin=MIRROR)  # nothing drives the pin: the pull-up does

    async with watching(contactor) as positions:
        position = await next_position(positions)

    assert position is True
    await contactor.stop()


async def test_a_welded_contactor_stays_closed_for_the_mirror_contact(pins: MockFactory) -> None:
    contactor = await started(feedback_pin=MIRROR, feedback_pull="none", debounce_s=0.001)
    pins.pin(MIRROR).drive_high()
    async with watching(contactor) as positions:
        await next_position(positions)
        await next_position(positions)

        contactor.open()
        await asyncio.sleep(0.02)

        async with watching(contactor) as later:
            assert await next_position(later) is True
    await contactor.stop()


async def test_bouncing_contacts_are_reported_once_and_the_last_level_counts(pins: MockFactory) -> None:
    contactor = await started(feedback_pin=MIRROR, feedback_pull="none", debounce_s=0.01)
    mirror = pins.pin(MIRROR)
    async with watching(contactor) as positions:
        assert await next_position(positions) is False

        for _ in range(5):
            mirror.drive_high()
            mirror.drive_low()
        mirror.drive_high()

        assert await next_position(positions) is True
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await anext(positions)
    await contactor.stop()


async def test_an_active_low_coil_rests_high(pins: MockFactory) -> None:
    contactor = await started(active_high=False)
    assert pins.pin(COIL).state

    contactor.close()

    assert not pins.pin(COIL).state
    await contactor.stop()


async def test_no_mirror_contact_is_said_in_the_log(pins: MockFactory, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="hal.gpio.contactor"):
        contactor = await started()

    assert "no mirror contact" in caplog.text
    await contactor.stop()


async def test_an_assumed_position_follows_only_after_the_operate_time(pins: MockFactory) -> None:
    contactor = await started(operate_time_s=0.03)
    async with watching(contactor) as positions:
        await next_position(positions)

        contactor.close()
        contactor.open()

        with pytest.raises(TimeoutError):  # opened again before it could have closed
            async with asyncio.timeout(0.06):
                await anext(positions)
    await contactor.stop()


async def test_closing_a_contactor_that_was_not_started_raises(pins: MockFactory) -> None:
    contactor = GpioContactor(GpioContactorSettings(pin=COIL), CONTEXT)

    with pytest.raises(DeviceGone, match="EVSE 1 part"):
        contactor.close()
    contactor.open()


async def test_watching_ends_with_an_error_when_the_driver_stops(pins: MockFactory) -> None:
    contactor = await started(feedback_pin=MIRROR, feedback_pull="none")
    async with watching(contactor) as positions:
        await next_position(positions)

        await contactor.stop()

        with pytest.raises(DeviceGone):
            await next_position(positions)


async def test_it_can_be_started_again_after_a_stop(pins: MockFactory) -> None:
    contactor = await started(feedback_pin=MIRROR, feedback_pull="none")
    await contactor.stop()

    await contactor.start()
    contactor.close()

    assert pins.pin(COIL).state
    await contactor.stop()


async def test_a_pin_in_use_is_wrong_settings_and_leaves_no_pin_taken(pins: MockFactory) -> None:
    first = await started(feedback_pin=MIRROR)
    second = GpioContactor(GpioContactorSettings(pin=5, feedback_pin=MIRROR), CONTEXT)

    with pytest.raises(WrongSettings, match="EVSE 1 part"):
        await second.start()

    third = GpioContactor(GpioContactorSettings(pin=5), CONTEXT)
    await third.start()
    await third.stop()
    await first.stop()


async def test_a_back_end_that_fails_while_opening_raises_for_the_guard(pins: MockFactory) -> None:
    contactor = await started()
    pin = pins.pin(COIL)
    change = pin._change_state

    def fail(_value: object) -> None:
        raise RuntimeError("the chip is gone")

    pin._change_state = fail
    with pytest.raises(DeviceGone, match="cannot be opened"):
        contactor.open()

    pin._change_state = change
    await contactor.stop()


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"feedback_pull": "sideways"}, "feedback_pull"),
        ({"feedback_pin": COIL}, "feedback_pin"),
        ({"pin": None}, "pin"),
        ({"line": "COIL"}, "pin"),
        ({"feedback_line": "MIRROR"}, "feedback_line"),
        ({"debounce_s": -1}, "debounce_s"),
        ({"operate_time_s": 5}, "operate_time_s"),
    ],
)
def test_impossible_settings_name_their_key(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(WrongSettings) as refused:
        GpioContactorSettings(**{"pin": COIL, **settings})

    assert refused.value.path == (key,)
