"""The emulated 125 kHz reader."""

import pytest

from hil.devices.rdm6300_reader import EmulatedRdm6300, Mood, frame_of

CODE = bytes.fromhex("62E3086CED")
FRAME = b"\x0262E3086CED08\x03"  # Seeed Studio wiki


class Desk:
    """A reader on a clock of its own."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.reader = EmulatedRdm6300(clock=lambda: self.now_s, every_s=0.1)

    def wait(self, seconds: float) -> bytes:
        self.now_s += seconds
        return self.reader.tick()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_its_frame_is_the_published_one() -> None:
    assert frame_of(CODE) == FRAME


def test_a_card_is_said_again_while_it_lies_there(desk: Desk) -> None:
    desk.reader.present(CODE)

    assert [desk.wait(0), desk.wait(0.05), desk.wait(0.05)] == [FRAME, b"", FRAME]


def test_nothing_is_said_without_a_card(desk: Desk) -> None:
    desk.reader.present(CODE)
    desk.wait(0)
    desk.reader.remove()
    desk.reader.feed(b"anybody?")

    assert desk.wait(1) == b""


def test_a_card_of_another_length_cannot_be_laid_on_it(desk: Desk) -> None:
    with pytest.raises(ValueError, match="five bytes"):
        desk.reader.present(b"1234")


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.NOISE, Mood.HALF, Mood.WRONG_CHECKSUM])
def test_in_a_bad_mood_it_never_says_the_card_rightly(desk: Desk, mood: Mood) -> None:
    desk.reader.mood = mood
    desk.reader.present(CODE)

    assert FRAME not in desk.wait(0) + desk.wait(1)


def test_it_can_be_late(desk: Desk) -> None:
    desk.reader.mood, desk.reader.late_by_s = Mood.LATE, 0.5
    desk.reader.present(CODE)

    assert desk.wait(0) == b""
    assert desk.wait(0.5) == FRAME
