"""Fault inputs on every kind of GPIO line."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from hal.errors import DeviceGone, WrongSettings
from hal.gpio.faults import FaultInputKeys, GpioFaults, GpioFaultsSettings
from hal.readings import FaultReading
from hil.devices.gpio_bench import Contact, Wire
from tests.contracts.faults import FaultContract
from tests.contracts.waiting import following, following_item
from tests.hal.gpio.rig import CONTEXT, Board, driven

RCD, STOP, DOOR = 5, 6, 13


def faults_on(board: Board, *inputs: dict[str, Any]) -> GpioFaults:
    settings = GpioFaultsSettings(chip=board.chip, inputs=tuple(FaultInputKeys(**keys) for keys in inputs))
    return GpioFaults(settings, CONTEXT)


@dataclass
class Bench:
    faults: GpioFaults
    driver: GpioFaults
    board: Board
    rcd: Wire

    def break_it(self) -> str:
        self.rcd.drive(True)
        return "GroundFailure"

    def mend_it(self) -> None:
        self.rcd.drive(False)

    def cut(self) -> None:
        self.board.cut()


class TestGpioFaults(FaultContract):
    @pytest.fixture
    async def bench(self, board: Board) -> AsyncIterator[Bench]:
        for pin in (RCD, STOP):
            board.wire(pin).drive(False)
        faults = faults_on(board, driven(RCD, fault="GroundFailure"), driven(STOP, fault="EmergencyStop"))
        await faults.start()
        yield Bench(faults=faults, driver=faults, board=board, rcd=board.wire(RCD))
        await faults.stop()


async def test_what_is_active_at_the_start_is_told_first(board: Board) -> None:
    board.wire(RCD).drive(True)
    board.wire(STOP).drive(True)
    faults = faults_on(
        board, driven(STOP, fault="EmergencyStop", detail="at the door"), driven(RCD, fault="GroundFailure")
    )
    await faults.start()

    async with following(faults.faults()) as readings:
        told = [await following_item(readings), await following_item(readings)]

    assert FaultReading("EmergencyStop", active=True, detail="at the door") in told
    assert FaultReading("GroundFailure", active=True) in told
    await faults.stop()


@pytest.mark.parametrize("board", ["gpiozero", "gpiod"], indirect=True)
async def test_a_cut_wire_of_a_normally_closed_contact_is_a_fault(board: Board) -> None:
    contact = Contact(board.wire(STOP), normally_closed=True)
    faults = faults_on(
        board, {"pin": STOP, "fault": "EmergencyStop", "normally_closed": True, "pull": "up", "debounce_s": 0.002}
    )
    await faults.start()
    async with following(faults.faults()) as readings:
        first = asyncio.ensure_future(following_item(readings))
        await asyncio.sleep(0.02)
        assert not first.done()

        contact.cut()

        assert (await first).active
        contact.mend()
        assert not (await following_item(readings)).active
    await faults.stop()


@pytest.mark.parametrize("board", ["gpiozero", "gpiod"], indirect=True)
async def test_a_normally_open_contact_to_the_supply_acts_as_it_closes(board: Board) -> None:
    contact = Contact(board.wire(DOOR), to_supply=True)
    faults = faults_on(board, {"pin": DOOR, "fault": "DoorOpen", "pull": "down", "debounce_s": 0.002})
    await faults.start()
    async with following(faults.faults()) as readings:
        first = asyncio.ensure_future(following_item(readings))
        await asyncio.sleep(0)

        contact.act()

        assert await first == FaultReading("DoorOpen", active=True)
    await faults.stop()


async def test_a_fault_of_two_inputs_ends_with_the_last_of_them(board: Board) -> None:
    doors = board.wire(DOOR), board.wire(RCD)
    for wire in doors:
        wire.drive(False)
    faults = faults_on(board, *(driven(pin, fault="DoorOpen") for pin in (DOOR, RCD)))
    await faults.start()
    async with following(faults.faults()) as readings:
        first = asyncio.ensure_future(following_item(readings))
        await asyncio.sleep(0)
        doors[0].drive(True)
        assert (await first).active

        doors[1].drive(True)
        await asyncio.sleep(0.02)
        doors[0].drive(False)

        with pytest.raises(TimeoutError):
            await following_item(readings, limit_s=0.1)
        async with following(faults.faults()) as later:
            assert (await following_item(later)).active
    await faults.stop()


async def test_what_is_shorter_than_the_debounce_time_is_no_fault(board: Board) -> None:
    board.wire(RCD).drive(False)
    faults = faults_on(board, driven(RCD, fault="GroundFailure", debounce_s=0.1))
    await faults.start()
    async with following(faults.faults()) as readings:
        first = asyncio.ensure_future(following_item(readings, limit_s=0.3))
        await asyncio.sleep(0)

        board.wire(RCD).drive(True)
        await asyncio.sleep(0.01)
        board.wire(RCD).drive(False)

        with pytest.raises(TimeoutError):
            await first
    await faults.stop()


async def test_it_can_be_started_again_after_a_stop(board: Board) -> None:
    board.wire(RCD).drive(True)
    faults = faults_on(board, driven(RCD, fault="GroundFailure"))
    await faults.start()
    await faults.stop()
    with pytest.raises(DeviceGone):
        await anext(faults.faults())

    await faults.start()
    await faults.start()

    async with following(faults.faults()) as readings:
        assert (await following_item(readings)).active
    await faults.stop()


@pytest.mark.parametrize("board", ["gpiozero", "gpiod"], indirect=True)
async def test_a_line_that_is_in_use_leaves_no_other_taken(board: Board) -> None:
    first = faults_on(board, driven(STOP, fault="EmergencyStop"))
    await first.start()
    second = faults_on(board, driven(RCD, fault="GroundFailure"), driven(STOP, fault="EmergencyStop"))

    with pytest.raises(WrongSettings, match="EVSE 1 part") as refused:
        await second.start()

    assert refused.value.path == ("inputs", 1)
    third = faults_on(board, driven(RCD, fault="GroundFailure"))
    await third.start()
    await third.stop()
    await first.stop()


@pytest.mark.parametrize(
    ("keys", "path"),
    [
        ({"pin": 5, "fault": "Sadness"}, ("inputs", 0, "fault")),
        ({"pin": 5, "fault": "DoorOpen", "pull": "sideways"}, ("inputs", 0, "pull")),
        ({"pin": 5, "fault": "DoorOpen", "debounce_s": -1.0}, ("inputs", 0, "debounce_s")),
        ({"fault": "DoorOpen"}, ("inputs", 0, "pin")),
        ({"line": "DOOR", "fault": "DoorOpen"}, ("inputs", 0, "line")),
        ({"pin": 5, "fault": "DoorOpen", "normally_closed": True, "active_high": True}, ("inputs", 0, "active_high")),
    ],
)
def test_impossible_settings_name_their_key(keys: dict[str, Any], path: tuple[str | int, ...]) -> None:
    with pytest.raises(WrongSettings) as refused:
        GpioFaultsSettings(inputs=(FaultInputKeys(**keys),))

    assert refused.value.path == path


def test_two_inputs_on_one_line_are_refused() -> None:
    inputs = tuple(FaultInputKeys(pin=5, fault=name) for name in ("DoorOpen", "GroundFailure"))

    with pytest.raises(WrongSettings, match="GPIO5") as refused:
        GpioFaultsSettings(inputs=inputs)

    assert refused.value.path == ("inputs", 1)
