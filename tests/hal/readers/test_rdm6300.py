"""The rdm6300 driver on an emulated reader."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hal.errors import DeviceGone, WrongSettings
from hal.readers.rdm6300 import Rdm6300Reader, Rdm6300Settings
from hal.readers.uid import EmFormat
from hil.devices.rdm6300_reader import Mood
from tests.contracts.reader import ReaderContract, listening
from tests.hal.readers.rig import EM_CARDS, GONE_S, Rdm6300Rig, rdm6300_rig, reader_context


class TestRdm6300(ReaderContract):
    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[Rdm6300Rig]:
        async with rdm6300_rig(tmp_path) as rig:
            yield rig


async def test_a_token_is_written_as_configured(tmp_path: Path) -> None:
    written: dict[str, Any] = {"format": EmFormat.D8H10, "token_type": "ISO14443"}
    async with rdm6300_rig(tmp_path, **written) as rig, listening(rig.driver) as ear:
        rig.hold(1)

        token = await ear.next()

    assert (token.value, token.type) == ("0045131261", "ISO14443")


async def test_a_busy_event_loop_makes_no_second_presentation(tmp_path: Path) -> None:
    async with rdm6300_rig(tmp_path) as rig, listening(rig.driver) as ear:
        rig.hold(0)
        await ear.next()

        time.sleep(2 * GONE_S)  # noqa: ASYNC251 - the event loop is to stand still

        await ear.hears_nothing(seconds=0.2)


async def test_a_reader_that_says_a_card_once_only_works_too(tmp_path: Path) -> None:
    async with rdm6300_rig(tmp_path) as rig, listening(rig.driver) as ear:
        with rig.wire.hands_on() as board:
            board._repeats = False
        rig.hold(0)
        first = await ear.next()
        await asyncio.sleep(2 * GONE_S)

        rig.hold(0)

        assert await ear.next() == first


async def test_a_late_frame_is_a_token_all_the_same(tmp_path: Path) -> None:
    async with rdm6300_rig(tmp_path) as rig, listening(rig.driver) as ear:
        with rig.wire.hands_on() as board:
            board.mood, board.late_by_s = Mood.LATE, 0.1
            board.present(EM_CARDS[0])

        assert await ear.next() == rig.cards[0]


async def test_nobody_hears_anything_before_the_start(tmp_path: Path) -> None:
    reader = Rdm6300Reader(Rdm6300Settings(port=str(tmp_path / "ttyRFID")), reader_context())

    async with listening(reader) as ear:
        with pytest.raises(DeviceGone, match="reader 1"):
            await ear.next()


async def test_a_port_that_is_not_there_is_gone(tmp_path: Path) -> None:
    reader = Rdm6300Reader(Rdm6300Settings(port=str(tmp_path / "ttyRFID")), reader_context())

    with pytest.raises(DeviceGone, match="reader 1"):
        await reader.start()


async def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    async with rdm6300_rig(tmp_path) as rig, listening(rig.driver) as ear:
        await rig.driver.start()
        rig.hold(0)

        assert await ear.next() == rig.cards[0]


@pytest.mark.parametrize(
    ("key", "value"),
    [("port", "ttyUSB0"), ("baudrate", 300), ("gone_after_s", 0.0), ("gone_after_s", float("nan"))],
)
def test_settings_that_cannot_work_are_refused_by_their_key(key: str, value: object) -> None:
    given = {"port": "/dev/ttyUSB0"} | {key: value}

    with pytest.raises(WrongSettings) as refused:
        Rdm6300Settings(**given)  # type: ignore[arg-type] # wrong values are the point

    assert refused.value.path == (key,)
