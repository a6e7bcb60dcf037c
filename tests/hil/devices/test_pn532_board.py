"""The emulated PN532, spoken to in plain bytes as captured from real ones."""

import pytest

from hil.devices.pn532_board import ACK, NACK, SYNTAX_ERROR, EmulatedPn532, Mood

WAKE = bytes.fromhex("55550000000000")
VERSION = bytes.fromhex("0000FF02FED4022A00")
VERSION_ANSWER = bytes.fromhex("0000FF06FAD50332010607E800")
FEW_RETRIES = bytes.fromhex("0000FF06FAD43205FF0101F400")
FIELD_OFF = bytes.fromhex("0000FF04FCD4320100F900")
LOOK = bytes.fromhex("0000FF04FCD44A0100E100")
NOBODY = bytes.fromhex("0000FF03FDD54B00E000")
CLASSIC = bytes.fromhex("DEADBEEF")


class Desk:
    """A board on a clock of its own."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.board = EmulatedPn532(clock=lambda: self.now_s)

    def say(self, said: bytes) -> bytes:
        self.board.feed(said)
        return self.wait(0)

    def wait(self, seconds: float) -> bytes:
        self.now_s += seconds
        return self.board.tick()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def awake(desk: Desk) -> Desk:
    desk.say(WAKE + FEW_RETRIES)
    return desk


def test_it_sleeps_until_it_is_woken(desk: Desk) -> None:
    assert desk.say(VERSION) == b""
    assert desk.say(WAKE + VERSION) == ACK + VERSION_ANSWER


def test_the_wake_up_may_come_byte_by_byte(desk: Desk) -> None:
    said = b"".join(desk.say(bytes((byte,))) for byte in WAKE + VERSION)

    assert said == ACK + VERSION_ANSWER


def test_a_command_with_a_wrong_checksum_is_not_heard(awake: Desk) -> None:
    assert awake.say(VERSION[:-2] + b"\x2b\x00") == b""


def test_a_command_it_does_not_know_is_a_syntax_error(awake: Desk) -> None:
    assert awake.say(bytes.fromhex("0000FF02FED4705C" + "BC00")) == b""
    body = bytes((0xD4, 0x70))
    known = b"\x00\x00\xff\x02\xfe" + body + bytes((-sum(body) & 0xFF, 0))

    assert awake.say(known) == ACK + SYNTAX_ERROR


def test_a_card_is_told_with_its_uid(awake: Desk) -> None:
    awake.board.present(CLASSIC)

    said = awake.say(LOOK)

    assert said.startswith(ACK)
    assert bytes.fromhex("D54B0101000408 04DEADBEEF") in said


def test_nobody_is_told_after_the_retries(awake: Desk) -> None:
    assert awake.say(LOOK) == ACK
    assert awake.wait(0.1) == NOBODY


def test_from_the_factory_it_looks_for_ever(desk: Desk) -> None:
    assert desk.say(WAKE + LOOK) == ACK
    assert desk.wait(60) == b""
    desk.board.present(CLASSIC)

    assert CLASSIC in desk.wait(0)


def test_an_acknowledgement_from_us_ends_what_it_does(desk: Desk) -> None:
    desk.say(WAKE + LOOK)
    desk.say(ACK)
    desk.board.present(CLASSIC)

    assert desk.wait(1) == b""


def test_it_says_again_what_was_not_understood(awake: Desk) -> None:
    awake.say(VERSION)

    assert awake.say(NACK) == VERSION_ANSWER


def test_a_card_of_iso_14443_4_answers_again_only_after_the_field_was_off(awake: Desk) -> None:
    awake.board.present(CLASSIC, speaks_iso_dep=True)
    assert CLASSIC in awake.say(LOOK)

    assert CLASSIC not in awake.say(LOOK) + awake.wait(1)

    awake.say(FIELD_OFF)
    assert CLASSIC in awake.say(LOOK)


def test_a_random_uid_changes_with_the_field(awake: Desk) -> None:
    awake.board.present(bytes.fromhex("08AABBCC"), random=True)
    first = awake.say(LOOK)
    awake.say(FIELD_OFF)

    assert awake.say(LOOK) != first


def test_losing_power_it_falls_asleep(awake: Desk) -> None:
    awake.board.reboot()

    assert awake.say(VERSION) == b""


def test_a_uid_of_another_length_cannot_be_laid_on_it(desk: Desk) -> None:
    with pytest.raises(ValueError, match="4, 7 or 10"):
        desk.board.present(b"12345")


@pytest.mark.parametrize(
    "mood", [Mood.SILENT, Mood.ACK_ONLY, Mood.NOISE, Mood.WRONG_CHECKSUM, Mood.HALF, Mood.REFUSING]
)
def test_in_a_bad_mood_it_never_answers_rightly(awake: Desk, mood: Mood) -> None:
    awake.board.mood = mood

    assert VERSION_ANSWER not in awake.say(VERSION) + awake.wait(1)


def test_it_can_be_late(awake: Desk) -> None:
    awake.board.mood, awake.board.late_by_s = Mood.LATE, 0.5

    assert awake.say(VERSION) == ACK
    assert awake.wait(0.5) == VERSION_ANSWER


def test_it_can_spoil_so_many_answers(awake: Desk) -> None:
    awake.board.tear = 1

    assert VERSION_ANSWER not in awake.say(VERSION)
    assert VERSION_ANSWER in awake.say(VERSION)
