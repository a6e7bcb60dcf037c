"""Commands and answers on a RAPI line, with the other end held in the test's hand."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent, HalError
from hal.rapi.frames import Announcement, encode
from hal.rapi.line import RapiLine


class HeldPort:
    """A port whose far end is this object: `replies` answers each line that is written."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.replies: Callable[[bytes], bytes] = lambda _line: b""
        self.is_broken = False
        self._heard: Callable[[bytes], None] = lambda _heard: None
        self._lost: Callable[[HalError], None] = lambda _lost: None

    def open(self, *, heard: Callable[[bytes], None], lost: Callable[[HalError], None]) -> None:
        self._heard, self._lost = heard, lost

    def close(self) -> None:
        self.is_broken = True

    def write(self, line: bytes) -> None:
        if self.is_broken:
            raise DeviceGone("is not open", device="EVSE 1")
        self.written.append(line)
        self.say(self.replies(line))

    def say(self, said: bytes, *, later_s: float = 0.0) -> None:
        asyncio.get_running_loop().call_later(later_s, self._heard, said)

    def lose(self) -> None:
        self._lost(DeviceGone("hung up", device="EVSE 1"))


class Rig:
    def __init__(self, *, sequence_ids: bool = True) -> None:
        self.port = HeldPort()
        self.said: list[Announcement] = []
        self.line = RapiLine(
            self.port,  # type: ignore[arg-type]  # fits where a SerialPort does
            device="EVSE 1",
            timeout_s=0.05,
            sequence_ids=sequence_ids,
            announced=self.said.append,
        )
        self.line.open()


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    yield made
    made.line.close()


def id_of(line: bytes) -> int:
    return int(line.partition(b":")[2][:2], 16)


def ok(*values: object) -> Callable[[bytes], bytes]:
    return lambda line: encode("OK", *values, sequence_id=id_of(line))


async def test_an_answer_finds_its_question(rig: Rig) -> None:
    rig.port.replies = ok(16, "0000")

    assert await rig.line.demand("GE") == ("16", "0000")


async def test_two_questions_at_once_take_turns(rig: Rig) -> None:
    rig.port.replies = lambda line: encode("OK", line[1:3].decode(), sequence_id=id_of(line))

    answers = await asyncio.gather(rig.line.demand("GS"), rig.line.demand("GE"), rig.line.demand("GU"))

    assert list(answers) == [("GS",), ("GE",), ("GU",)]


async def test_a_question_without_an_answer_is_asked_again_and_then_given_up(rig: Rig) -> None:
    with pytest.raises(DeviceSilent, match="EVSE 1"):
        await rig.line.ask("GS")

    assert len(rig.port.written) == 2


async def test_an_answer_to_an_earlier_question_is_not_taken(rig: Rig) -> None:
    rig.port.replies = lambda line: encode("OK", "old", sequence_id=id_of(line) + 5)

    with pytest.raises(DeviceSilent):
        await rig.line.ask("GS")


async def test_a_garbled_answer_is_said_to_be_one(rig: Rig) -> None:
    rig.port.replies = lambda _line: b"$OK 16^00\r"

    with pytest.raises(BadReading, match="checksum"):
        await rig.line.ask("GE")


async def test_a_refusal_is_an_answer_for_who_asks_and_an_error_for_who_demands(rig: Rig) -> None:
    rig.port.replies = lambda line: encode("NK", sequence_id=id_of(line))

    assert not (await rig.line.ask("SY", 10, 6)).ok
    with pytest.raises(DeviceRefused, match="SY 10 6"):
        await rig.line.demand("SY", 10, 6)


async def test_a_line_that_the_board_could_not_read_is_repeated(rig: Rig) -> None:
    answers = iter([b"$NK^21\r", None])
    rig.port.replies = lambda line: next(answers) or encode("OK", 1, sequence_id=id_of(line))

    assert await rig.line.demand("GE") == ("1",)


async def test_announcements_between_question_and_answer_are_handed_on(rig: Rig) -> None:
    rig.port.replies = lambda line: encode("AT", "03") + encode("OK", 1, sequence_id=id_of(line))

    assert await rig.line.demand("GE") == ("1",)
    assert rig.said == [Announcement("AT", ("03",))]


async def test_the_hard_stop_goes_out_while_an_answer_is_awaited(rig: Rig) -> None:
    asking = asyncio.ensure_future(rig.line.ask("GS"))
    await asyncio.sleep(0)

    rig.line.stop_now()

    assert rig.port.written[-1].startswith(b"$FD ")
    with pytest.raises(DeviceSilent):
        await asking


async def test_an_enabling_that_no_longer_stands_is_not_sent(rig: Rig) -> None:
    answer = await rig.line.ask("FE", stands=lambda: False)

    assert not answer.ok
    assert not rig.port.written


async def test_a_lost_port_ends_the_waiting_at_once(rig: Rig) -> None:
    asking = asyncio.ensure_future(rig.line.ask("GS"))
    await asyncio.sleep(0)

    rig.port.lose()

    with pytest.raises(DeviceGone, match="hung up"):
        await asking
    with pytest.raises(DeviceGone, match="hung up"):
        await rig.line.ask("GS")


async def test_a_stop_that_cannot_be_handed_over_is_an_error(rig: Rig) -> None:
    rig.port.is_broken = True

    with pytest.raises(DeviceGone):
        rig.line.stop_now()


async def test_without_ids_the_answer_to_the_stop_is_not_taken_for_another() -> None:
    rig = Rig(sequence_ids=False)
    rig.line.stop_now()
    asking = asyncio.ensure_future(rig.line.ask("GE"))
    await asyncio.sleep(0)

    rig.port.say(encode("OK") + encode("OK", 16))

    assert (await asking).values == ("16",)
    rig.line.close()


async def test_without_ids_a_late_answer_is_waited_out() -> None:
    rig = Rig(sequence_ids=False)
    first = asyncio.ensure_future(rig.line.ask("GE"))
    await asyncio.sleep(0)
    rig.port.say(encode("OK", "late"), later_s=0.07)
    rig.port.say(encode("OK", "second"), later_s=0.12)

    assert (await first).values == ("second",)
    rig.line.close()


async def test_sequence_ids_never_become_the_reserved_ones(rig: Rig) -> None:
    rig.port.replies = ok()

    for _ in range(300):
        await rig.line.ask("GS")

    assert {id_of(line) for line in rig.port.written} == set(range(1, 255))
