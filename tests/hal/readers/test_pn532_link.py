"""Questions and answers on a PN532's line, the chip being played by hand."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent
from hal.readers.pn532_frames import ACK, NACK, encode
from hal.readers.pn532_link import Pn532Link
from hal.serial_port import SerialPort
from tests.contracts.waiting import eventually

VERSION = bytes.fromhex("32010607")
ANSWER = bytes.fromhex("0000FF06FAD50332010607E800")
OLD_ANSWER = bytes.fromhex("0000FF06FAD50332010507E900")
SPOILT = bytes.fromhex("0000FF06FAD50332010607E900")
TIMEOUT_S = 0.1


class Chip:
    """The far end of the line."""

    def __init__(self) -> None:
        self.far, self._near = os.openpty()
        tty.setraw(self._near)
        os.set_blocking(self.far, False)
        self.heard = b""
        port = SerialPort(os.ttyname(self._near), baudrate=115200, device="reader 1")
        self.link = Pn532Link(port, device="reader 1", timeout_s=TIMEOUT_S)
        self._is_cut = False

    def say(self, said: bytes) -> None:
        os.write(self.far, said)

    async def hears(self, wanted: bytes) -> None:
        await eventually(lambda: wanted in self._listen())

    def _listen(self) -> bytes:
        with suppress(BlockingIOError):
            self.heard += os.read(self.far, 999)
        return self.heard

    def cut(self) -> None:
        if not self._is_cut:
            self._is_cut = True
            os.close(self.far)
            os.close(self._near)


@pytest.fixture
async def chip() -> AsyncIterator[Chip]:
    made = Chip()
    made.link.open()
    yield made
    made.link.close()
    made.cut()


async def test_an_answer_is_returned_without_its_code(chip: Chip) -> None:
    asking = asyncio.ensure_future(chip.link.ask(0x02))
    await chip.hears(encode(0x02))

    chip.say(ACK + ANSWER)

    assert await asking == VERSION


async def test_an_answer_without_acknowledgement_belongs_to_somebody_else(chip: Chip) -> None:
    asking = asyncio.ensure_future(chip.link.ask(0x02))
    await chip.hears(encode(0x02))

    chip.say(ANSWER)

    with pytest.raises(DeviceSilent, match="reader 1"):
        await asking


async def test_an_answer_to_another_command_is_not_taken(chip: Chip) -> None:
    asking = asyncio.ensure_future(chip.link.ask(0x14, b"\x01"))
    await chip.hears(encode(0x14, b"\x01"))

    chip.say(ACK + ANSWER)

    with pytest.raises(DeviceSilent):
        await asking


async def test_a_garbled_answer_is_asked_for_again(chip: Chip) -> None:
    asking = asyncio.ensure_future(chip.link.ask(0x02))
    await chip.hears(encode(0x02))

    chip.say(ACK + SPOILT)
    await chip.hears(NACK)
    chip.say(ANSWER)

    assert await asking == VERSION


async def test_a_silent_chip_is_told_to_stop_and_asked_once_more(chip: Chip) -> None:
    asking = asyncio.ensure_future(chip.link.ask(0x02))
    await chip.hears(encode(0x02) + ACK + encode(0x02))

    chip.say(ACK + ANSWER)

    assert await asking == VERSION


async def test_an_answer_that_comes_after_the_time_is_never_taken_for_that_to_the_next_question(chip: Chip) -> None:
    asking = asyncio.ensure_future(chip.link.ask(0x02))
    await chip.hears(encode(0x02) + ACK)

    chip.say(ACK + OLD_ANSWER)
    await chip.hears(encode(0x02) + ACK + encode(0x02))
    chip.say(ACK + ANSWER)

    assert await asking == VERSION


async def test_nothing_but_garbage_is_a_bad_reading(chip: Chip) -> None:
    asking = asyncio.ensure_future(chip.link.ask(0x02))
    await chip.hears(encode(0x02))

    chip.say(ACK + SPOILT)
    await chip.hears(encode(0x02) + NACK + ACK + encode(0x02))
    chip.say(ACK + SPOILT)

    with pytest.raises(BadReading, match="garbled"):
        await asking


async def test_a_refusal_is_told(chip: Chip) -> None:
    asking = asyncio.ensure_future(chip.link.ask(0x02))
    await chip.hears(encode(0x02))

    chip.say(ACK + bytes.fromhex("0000FF01FF7F8100"))

    with pytest.raises(DeviceRefused, match="reader 1"):
        await asking


async def test_whoever_waits_is_told_that_the_line_was_cut(chip: Chip) -> None:
    asking = asyncio.ensure_future(chip.link.ask(0x02))
    await chip.hears(encode(0x02))

    chip.cut()

    with pytest.raises(DeviceGone, match="reader 1"):
        await asking
    with pytest.raises(DeviceGone):
        await chip.link.ask(0x02)


async def test_a_cancelled_question_leaves_the_line_usable(chip: Chip) -> None:
    asking = asyncio.ensure_future(chip.link.ask(0x14))
    await chip.hears(encode(0x14))
    asking.cancel()
    await asyncio.wait([asking])

    again = asyncio.ensure_future(chip.link.ask(0x02))
    await chip.hears(encode(0x02))
    chip.say(ACK + ANSWER)

    assert await again == VERSION


async def test_a_closed_line_answers_nobody(chip: Chip) -> None:
    chip.link.close()

    with pytest.raises(DeviceGone):
        await chip.link.ask(0x02)
