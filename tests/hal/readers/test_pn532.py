"""The pn532 driver on an emulated board."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent, HalError, WrongSettings
from hal.readers.pn532 import Pn532Settings
from hal.readers.uid import ByteOrder, UidFormat
from hil.devices.pn532_board import EmulatedPn532, Mood
from tests.contracts.reader import ReaderContract, listening
from tests.contracts.waiting import eventually
from tests.hal.readers.rig import GONE_S, UIDS, Pn532Rig, pn532_rig


class TestPn532(ReaderContract):
    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[Pn532Rig]:
        async with pn532_rig(tmp_path) as rig:
            yield rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Pn532Rig]:
    async with pn532_rig(tmp_path) as rig:
        yield rig


@pytest.mark.parametrize("uid", ["DEADBEEF", "047BCB51962280", "04112233445566778899"])
async def test_uids_of_every_length_are_read(rig: Pn532Rig, uid: str) -> None:
    async with listening(rig.driver) as ear:
        with rig.wire.hands_on() as board:
            board.present(bytes.fromhex(uid))

        token = await ear.next()

    assert (token.value, token.type) == (uid, "ISO14443")


async def test_a_token_is_written_as_configured(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"format": UidFormat.DECIMAL, "byte_order": ByteOrder.REVERSED, "decimal_width": 12}
    async with pn532_rig(tmp_path, **settings, token_type="Local") as rig, listening(rig.driver) as ear:
        rig.hold(1)

        token = await ear.next()

    assert (token.value, token.type) == (f"{0xEFBEADDE:012d}", "Local")


async def test_a_card_that_speaks_iso_14443_4_is_one_presentation_while_it_is_held(rig: Pn532Rig) -> None:
    async with listening(rig.driver) as ear:
        with rig.wire.hands_on() as board:
            board.present(UIDS[0], speaks_iso_dep=True)
        await ear.next()

        await ear.hears_nothing(seconds=4 * GONE_S)


async def test_a_card_with_a_random_uid_is_one_presentation_while_it_is_held(rig: Pn532Rig) -> None:
    async with listening(rig.driver) as ear:
        with rig.wire.hands_on() as board:
            board.present(bytes.fromhex("08112233"), speaks_iso_dep=True, random=True)
        token = await ear.next()

        await ear.hears_nothing()

    assert token.value.startswith("08")


async def test_random_uids_are_refused_where_the_settings_say_so(tmp_path: Path) -> None:
    async with pn532_rig(tmp_path, random_uids=False) as rig, listening(rig.driver) as ear:
        with rig.wire.hands_on() as board:
            board.present(bytes.fromhex("08112233"), random=True)

        await ear.hears_nothing()


async def test_two_cards_in_the_field_are_no_flood_of_tokens(rig: Pn532Rig) -> None:
    async with listening(rig.driver) as ear:
        rig.hold(0)
        rig.hold(1)

        await ear.next()
        await ear.hears_nothing()


async def test_an_answer_torn_once_is_asked_for_again_at_once(rig: Pn532Rig) -> None:
    async with listening(rig.driver) as ear:
        with rig.wire.hands_on() as board:
            board.present(UIDS[0])
            board.tear = 1

        assert await ear.next() == rig.cards[0]


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.ACK_ONLY])
async def test_a_reader_that_stops_answering_is_silent(rig: Pn532Rig, mood: Mood) -> None:
    async with listening(rig.driver) as ear:
        rig.set_mood(mood)

        with pytest.raises(DeviceSilent, match="reader 1"):
            await ear.next()


@pytest.mark.parametrize("mood", [Mood.NOISE, Mood.WRONG_CHECKSUM, Mood.HALF])
async def test_a_reader_that_says_nothing_but_garbage_is_given_up(rig: Pn532Rig, mood: Mood) -> None:
    async with listening(rig.driver) as ear:
        rig.set_mood(mood)
        rig.hold(0)

        with pytest.raises((BadReading, DeviceSilent), match="reader 1"):
            await ear.next(limit_s=6)


async def test_a_reader_that_refuses_commands_is_an_error(rig: Pn532Rig) -> None:
    async with listening(rig.driver) as ear:
        rig.set_mood(Mood.REFUSING)

        with pytest.raises(DeviceRefused, match="reader 1"):
            await ear.next()


async def test_answers_that_come_too_late_are_never_taken_for_the_next_ones(rig: Pn532Rig) -> None:
    heard: list[str] = []
    with rig.wire.hands_on() as board:
        board.mood, board.late_by_s = Mood.LATE, 0.15
        board.present(UIDS[0])

    async with listening(rig.driver) as ear:
        try:
            heard.append((await ear.next()).value)
        except HalError as error:
            heard.append(type(error).__name__)

    assert heard == ["DeviceSilent"]


async def test_a_board_that_lost_power_is_silent_and_works_after_the_next_start(rig: Pn532Rig) -> None:
    async with listening(rig.driver) as ear:
        with rig.wire.hands_on() as board:
            board.reboot()
        with pytest.raises(DeviceSilent):
            await ear.next()
    await rig.driver.stop()

    await rig.driver.start()

    async with listening(rig.driver) as ear:
        rig.hold(0)
        assert await ear.next() == rig.cards[0]


async def test_a_busy_event_loop_makes_no_second_presentation(rig: Pn532Rig) -> None:
    async with listening(rig.driver) as ear:
        rig.hold(0)
        await ear.next()

        time.sleep(2 * GONE_S)  # noqa: ASYNC251 - the event loop is to stand still

        await ear.hears_nothing()


async def test_an_adapter_pulled_in_the_middle_of_an_answer_is_gone(rig: Pn532Rig) -> None:
    async with listening(rig.driver) as ear:
        rig.set_mood(Mood.ACK_ONLY)
        await asyncio.sleep(0.06)
        rig.cut()

        with pytest.raises(DeviceGone, match="reader 1"):
            await ear.next()


async def test_a_board_that_is_not_there_at_the_start_is_an_error_and_leaves_the_port_free(tmp_path: Path) -> None:
    async with pn532_rig(tmp_path, start=False) as rig:
        rig.set_mood(Mood.SILENT)
        with pytest.raises(DeviceSilent):
            await rig.driver.start()
        rig.set_mood(Mood.NORMAL)

        await rig.driver.start()

        async with listening(rig.driver) as ear:
            rig.hold(0)
            assert await ear.next() == rig.cards[0]


async def test_another_chip_is_refused(tmp_path: Path) -> None:
    board = EmulatedPn532(clock=time.monotonic, firmware=bytes((0x33, 1, 6, 7)))
    async with pn532_rig(tmp_path, board=board, start=False) as rig:
        with pytest.raises(BadReading, match="no PN532"):
            await rig.driver.start()


async def test_the_field_is_off_between_two_looks(tmp_path: Path) -> None:
    async with pn532_rig(tmp_path, poll_s=5.0) as rig:

        def is_off_after_a_look() -> bool:
            with rig.wire.hands_on() as board:
                return 0x4A in board.commands and not board.has_field

        await eventually(is_off_after_a_look)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("port", "COM3"),
        ("baudrate", 1),
        ("poll_s", 0.0),
        ("timeout_s", 99.0),
        ("decimal_width", -1),
    ],
)
def test_settings_that_cannot_work_are_refused_by_their_key(key: str, value: object) -> None:
    given = {"port": "/dev/ttyUSB0"} | {key: value}

    with pytest.raises(WrongSettings) as refused:
        Pn532Settings(**given)  # type: ignore[arg-type] # wrong values are the point

    assert refused.value.path == (key,)
