"""The CAN driver on a board that misbehaves, or a bus that goes: the reaction, and the recovery without a restart."""

import asyncio
import dataclasses
import logging
import re
import time
from collections.abc import AsyncIterator

import pytest

from hal.errors import BadReading, DeviceGone, DeviceSilent, HalError
from hal.port_devices import Devices, follow_forever
from hal.readings import PilotState
from hil.devices.can_board import COMMAND, Mood
from hil.devices.can_board_bus import PULLABLE, PullableBus
from tests.contracts.board_charge import charging
from tests.contracts.waiting import Wall, eventually, following, following_item, until
from tests.hal.can_bus.rig import HEARTBEAT, SELF_CLOSING, CanRig, a_bus, can_rig, started_again

QUICK = dataclasses.replace(HEARTBEAT, timeout_s=0.3)


@pytest.fixture
async def rig() -> AsyncIterator[CanRig]:
    async with can_rig(heartbeat=QUICK) as made:
        yield made


@pytest.fixture
async def pullable() -> AsyncIterator[CanRig]:
    async with can_rig(a_bus(PULLABLE), heartbeat=QUICK) as made:
        yield made
    PullableBus.pulled.clear()
    PullableBus.clogged.clear()


def end_of(rig: CanRig) -> str:
    """The agent's end of its bus."""
    return rig.driver._link._bus._settings.channel


async def failure_of(rig: CanRig) -> HalError:
    """What ends the positions."""
    try:
        async with asyncio.timeout(2), following(rig.driver.positions()) as positions:
            async for _ in positions:
                continue
    except HalError as failure:
        return failure
    raise AssertionError("the positions ended without an error")


@pytest.mark.parametrize(
    ("mood", "kind", "words"),
    [
        (Mood.SILENT, DeviceSilent, "nothing came"),
        (Mood.MUTE, DeviceSilent, "nothing came"),
        (Mood.FROZEN_COUNTER, DeviceSilent, "its counter stands still at"),
        (Mood.FROZEN, DeviceSilent, "its counter stands still at"),
        (Mood.WRONG_LENGTH, BadReading, r"\d bytes instead of \d"),
        (Mood.BUS_OFF, DeviceGone, "bus-off"),
    ],
)
@pytest.mark.parametrize("interface", ["virtual", "udp_multicast"])
async def test_a_board_that_cannot_be_heard_is_lost_told_to_open_and_taken_up_again(
    mood: Mood, kind: type[HalError], words: str, interface: str
) -> None:
    async with can_rig(a_bus(interface), heartbeat=QUICK) as rig:
        await charging(rig)
        began_at_s = time.monotonic()

        rig.set_mood(mood)

        failure = await failure_of(rig)
        assert time.monotonic() - began_at_s < 0.6
        assert type(failure) is kind
        assert re.match(f"EVSE 1: .*{words}", str(failure))
        for command in (rig.driver.close, lambda: rig.driver.offer(16.0)):
            with pytest.raises(DeviceGone):
                command()
        await eventually(lambda: not rig.closed())

        rig.set_mood(Mood.NORMAL)
        await started_again(rig)
        await charging(rig)


async def test_a_board_that_went_deaf_is_told_to_open_again_and_again(rig: CanRig) -> None:
    await charging(rig)
    rig.set_mood(Mood.MUTE)
    await failure_of(rig)
    with rig.wire.hands_on() as board:
        board.heard.clear()

    await asyncio.sleep(0.35)

    with rig.wire.hands_on() as board:
        commands = [frame.data for frame in board.heard if frame.identifier == COMMAND]
    assert len(commands) >= 3
    assert not any(data[0] or data[1] & 1 for data in commands)


async def test_frames_that_are_late_are_no_silence(rig: CanRig) -> None:
    rig.set_mood(Mood.LATE, late_by_s=0.15)

    rig.vehicle(PilotState.B)

    async with following(rig.driver.states()) as states:
        await until(states, PilotState.B)


async def test_frames_that_are_later_than_the_timeout_are_silence(rig: CanRig) -> None:
    rig.set_mood(Mood.LATE, late_by_s=2.0)

    assert isinstance(await failure_of(rig), DeviceSilent)


async def test_what_others_send_changes_nothing(rig: CanRig) -> None:
    rig.set_mood(Mood.NOISE)

    await charging(rig)
    await asyncio.sleep(0.5)

    async with following(rig.driver.states()) as states:
        assert await following_item(states) is PilotState.C


async def test_a_pilot_state_that_stands_for_nothing_is_no_pilot_state(rig: CanRig) -> None:
    with rig.wire.hands_on() as board:
        board.measures_pilot = False

    failure = await failure_of(rig)

    assert isinstance(failure, BadReading)
    assert "stands for no pilot state" in str(failure)


async def test_a_board_that_restarts_is_commanded_anew(rig: CanRig) -> None:
    await charging(rig)

    with rig.wire.hands_on() as board:
        board.reboot()

    await eventually(lambda: rig.closed() and rig.offered_a() == 16.0)


async def test_while_the_event_loop_hangs_our_sign_of_life_stops_and_the_board_opens(rig: CanRig) -> None:
    await charging(rig)

    time.sleep(0.7)  # noqa: ASYNC251 - this is what is tested

    assert not rig.closed()


async def test_a_loop_that_hung_does_not_take_its_own_silence_for_the_boards(rig: CanRig) -> None:
    time.sleep(0.7)  # noqa: ASYNC251 - as above
    await asyncio.sleep(0.1)

    async with following(rig.driver.states()) as states:
        assert await following_item(states) is PilotState.A


async def test_another_thread_opens_it_while_the_event_loop_hangs(rig: CanRig) -> None:
    await charging(rig)
    loop = asyncio.get_running_loop()
    opening = loop.run_in_executor(None, rig.driver.open)

    time.sleep(0.1)  # noqa: ASYNC251 - as above

    assert not rig.closed()
    await opening


async def test_an_interface_that_vanishes_is_gone_and_taken_up_again_when_it_is_back(pullable: CanRig) -> None:
    await charging(pullable)

    PullableBus.pulled.add(end_of(pullable))
    assert isinstance(await failure_of(pullable), DeviceGone)
    await pullable.driver.stop()
    with pytest.raises(DeviceGone, match="cannot be opened"):
        await pullable.driver.start()
    await eventually(lambda: not pullable.closed())

    PullableBus.pulled.clear()
    await started_again(pullable)
    await charging(pullable)


async def test_an_outage_is_told_once_when_it_begins_and_once_when_it_ends(
    pullable: CanRig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    PullableBus.pulled.add(end_of(pullable))
    await failure_of(pullable)
    for _ in range(5):
        await pullable.driver.stop()
        with pytest.raises(DeviceGone):
            await pullable.driver.start()

    PullableBus.pulled.clear()
    await pullable.driver.start()

    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2
    assert "Network is down" in lines[0]
    assert lines[1] == "EVSE 1: the board is back (attempts that failed meanwhile: 5)"


@pytest.mark.parametrize("interface", ["pullable", "udp_multicast"])
async def test_a_board_that_is_not_there_is_an_error_in_time(interface: str) -> None:
    async with can_rig(a_bus(interface), heartbeat=QUICK, start=False) as rig:
        rig.wire.unplug()
        await asyncio.sleep(0.05)
        began_at_s = time.monotonic()

        with pytest.raises(DeviceSilent):
            await rig.driver.start()

        assert time.monotonic() - began_at_s < 1.0


async def test_a_start_that_is_cancelled_leaves_nothing_behind() -> None:
    async with can_rig(a_bus(PULLABLE), heartbeat=QUICK, start=False) as rig:
        rig.set_mood(Mood.SILENT)
        starting = asyncio.create_task(rig.driver.start())
        await asyncio.sleep(0.1)

        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

        rig.set_mood(Mood.NORMAL)
        await rig.driver.start()


async def test_a_reading_that_waits_is_told_of_the_loss(rig: CanRig) -> None:
    rig.set_mood(Mood.SILENT)
    began_at_s = time.monotonic()

    with pytest.raises(DeviceSilent):
        await rig.driver.read()

    assert time.monotonic() - began_at_s < 1.0


async def test_a_self_closing_board_that_goes_silent_is_lost_and_taken_up_again() -> None:
    async with can_rig(heartbeat=QUICK, signals=SELF_CLOSING) as rig:
        await charging(rig)
        rig.set_mood(Mood.MUTE)

        assert isinstance(await failure_of(rig), DeviceSilent)

        await eventually(lambda: not rig.closed())
        rig.set_mood(Mood.NORMAL)
        await started_again(rig)
        await charging(rig)


async def test_the_port_finds_a_lost_board_again_by_itself(rig: CanRig) -> None:
    await rig.driver.stop()
    seen: list[object] = []
    follower = asyncio.create_task(
        follow_forever(
            rig.driver,
            rig.driver.states,
            devices=Devices([rig.driver]),
            clock=Wall(),
            opened=lambda: None,
            took=seen.append,
            lost=seen.append,
        )
    )
    await eventually(lambda: seen == [PilotState.A])
    rig.set_mood(Mood.SILENT)
    await eventually(lambda: len(seen) > 1)
    rig.set_mood(Mood.NORMAL)
    rig.vehicle(PilotState.B)

    await eventually(lambda: seen[-1] is PilotState.B, limit_s=5)

    follower.cancel()
    await asyncio.wait([follower])
    assert isinstance(seen[1], DeviceSilent)
