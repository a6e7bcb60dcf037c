"""Whether a board is still there."""

import pytest

from hal.can_bus.watch import Watch
from hal.errors import BadReading, DeviceSilent


@pytest.fixture
def watch() -> Watch:
    made = Watch({"State": 0.5, "Beat": 1.0}, device="EVSE 1")
    made.begin(100.0)
    return made


def test_it_is_complete_once_every_message_came(watch: Watch) -> None:
    watch.sound("State", now_s=100.1)
    before = watch.is_complete

    watch.sound("Beat", now_s=100.2, count=7)
    with_a_first_count = watch.is_complete
    watch.sound("Beat", now_s=100.3, count=8)

    assert (before, with_a_first_count, watch.is_complete) == (False, False, True)


def test_each_message_has_its_own_timeout(watch: Watch) -> None:
    watch.sound("State", now_s=100.1)

    assert watch.deadline_s() == 100.6
    assert watch.failure(100.59) is None
    assert isinstance(watch.failure(100.6), DeviceSilent)


def test_a_counter_that_stands_still_is_silence(watch: Watch) -> None:
    for tenths in range(1, 12):
        watch.sound("State", now_s=100 + tenths / 10)
        watch.sound("Beat", now_s=100 + tenths / 10, count=3)

    failure = watch.failure(101.1)

    assert isinstance(failure, DeviceSilent)
    assert str(failure) == "EVSE 1: no Beat for 1 s: its counter stands still at 3"


def test_messages_that_were_refused_are_as_good_as_none_and_said_to_be(watch: Watch) -> None:
    watch.refuse("State", "3 bytes instead of 4")

    failure = watch.failure(100.5)

    assert isinstance(failure, BadReading)
    assert str(failure) == "EVSE 1: no State for 0.5 s: refused: 3 bytes instead of 4"
    assert watch.refused == 1


def test_one_that_is_sound_again_is_forgiven(watch: Watch) -> None:
    watch.refuse("State", "3 bytes instead of 4")
    watch.sound("State", now_s=100.4)

    assert isinstance(watch.failure(100.9), DeviceSilent)


def test_it_begins_anew(watch: Watch) -> None:
    watch.sound("State", now_s=100.1)

    watch.begin(200.0)

    assert watch.deadline_s() == 200.5
    assert not watch.is_complete
