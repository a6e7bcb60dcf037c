"""The link to one board, without the verbs of its parts."""

import asyncio

import pytest

from hal.can_bus.link import CanLink
from hal.errors import DeviceGone, DeviceSilent
from hil.devices.can_board import AGENT_BEAT, COMMAND, Mood
from tests.contracts.waiting import eventually
from tests.hal.can_bus.rig import CanRig, can_rig


def link_of(rig: CanRig) -> CanLink:
    return rig.driver._link


async def test_our_counter_counts_every_beat_and_a_command_between_them_does_not() -> None:
    async with can_rig() as rig:
        for current_a in (6, 7, 8):
            rig.driver.offer(current_a)
        await asyncio.sleep(0.35)

        with rig.wire.hands_on() as board:
            counts = [frame.data[0] for frame in board.heard if frame.identifier == AGENT_BEAT]
            commands = sum(frame.identifier == COMMAND for frame in board.heard)
        assert counts == list(range(counts[0], counts[0] + len(counts)))
        assert commands > len(counts)


async def test_it_is_open_from_the_first_frame_until_it_is_closed() -> None:
    async with can_rig() as rig:
        link = link_of(rig)
        during = link.is_open

        await link.close()

        assert (during, link.is_open) == (True, False)
        with pytest.raises(DeviceGone):
            link.state()


async def test_what_no_longer_stands_when_it_is_its_turn_is_not_sent() -> None:
    async with can_rig() as rig:
        link_of(rig).offer_if(lambda: False, 16.0)
        link_of(rig).offer_if(lambda: True, 10.0)

        await eventually(lambda: board_limit(rig) == 10.0)
        with rig.wire.hands_on() as board:
            assert not any(frame.data[0] == 32 for frame in board.heard if frame.identifier == COMMAND)


async def test_a_cut_takes_offer_and_contactor_away_at_once() -> None:
    async with can_rig() as rig:
        link = link_of(rig)
        link.offer(16.0)
        link.contactor(closed=True)
        await eventually(lambda: board_limit(rig) == 16.0)

        link.cut()

        await eventually(lambda: board_limit(rig) == 0)


async def test_outages_are_counted_until_the_board_is_back() -> None:
    async with can_rig() as rig:
        link = link_of(rig)
        rig.set_mood(Mood.SILENT)
        await eventually(lambda: link.outages == 1)
        await link.close()
        with pytest.raises(DeviceSilent):
            await link.open()
        counted = link.outages

        rig.set_mood(Mood.NORMAL)
        await link.open()

        assert (counted, link.outages) == (2, 0)


async def test_a_bug_in_what_listens_ends_the_link_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async with can_rig() as rig:
        link = link_of(rig)

        def stumble() -> None:
            raise RuntimeError("a bug")

        link.changed = stumble
        with rig.wire.hands_on() as board:
            board.vehicle.connected = True

        await eventually(lambda: link.outages == 1)
        with pytest.raises(DeviceGone, match="its driver failed: a bug"):
            link.state()
        assert "Traceback" in caplog.text


def board_limit(rig: CanRig) -> float:
    with rig.wire.hands_on() as board:
        return board.limit_a
