"""The emulated OpenEVSE board, spoken to in plain bytes."""

from typing import Any

import pytest

from hil.devices.rapi_board import DISABLED, GFI, SLEEPING, STUCK_RELAY, A, B, C, EmulatedRapiBoard, Mood


class Desk:
    """A board on a clock of its own."""

    def __init__(self, **settings: Any) -> None:
        self.now_s = 0.0
        self.board = EmulatedRapiBoard(clock=lambda: self.now_s, **settings)
        self.board.tick()

    def say(self, text: str) -> str:
        """The answer to a command, announcements left out."""
        total = 0
        for character in text.encode():
            total ^= character
        self.board.feed(f"{text}^{total:02X}\r".encode())
        lines = self.board.tick().decode(errors="replace").split("\r")
        return next((line for line in lines if line[:3] in ("$OK", "$NK")), "")

    def wait(self, seconds: float) -> str:
        self.now_s += seconds
        return self.board.tick().decode()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_it_is_enabled_after_power_up_and_charges_whoever_asks(desk: Desk) -> None:
    desk.board.vehicle.connected = desk.board.vehicle.wants = True
    desk.wait(0)

    assert (desk.board.state, desk.board.is_energised) == (C, True)


def test_sleep_lets_go_when_the_vehicle_stopped_drawing(desk: Desk) -> None:
    desk.board.vehicle.connected = desk.board.vehicle.holds = True
    desk.wait(0)

    desk.say("$FS")
    assert (desk.board.state, desk.board.is_energised) == (SLEEPING, True)

    desk.wait(3.1)
    assert not desk.board.is_energised


def test_disabling_lets_go_at_once(desk: Desk) -> None:
    desk.board.vehicle.connected = desk.board.vehicle.holds = True
    desk.wait(0)

    desk.say("$FD")

    assert (desk.board.state, desk.board.is_energised) == (DISABLED, False)


def test_enabling_begins_with_what_it_sees(desk: Desk) -> None:
    desk.say("$FS")
    desk.board.vehicle.connected = True

    desk.say("$FE")

    assert (desk.board.state, desk.board.offers_a) == (B, 32)


@pytest.mark.parametrize(("asked", "answer", "capacity"), [(16, "$OK 16", 16), (4, "$NK 6", 6), (60, "$NK 32", 32)])
def test_the_capacity_is_kept_within_its_limits(desk: Desk, asked: int, answer: str, capacity: int) -> None:
    assert desk.say(f"$SC {asked} V").startswith(answer)
    assert desk.board.capacity_a == capacity


def test_a_missed_pulse_takes_the_current_down_and_pulses_are_refused_from_then_on(desk: Desk) -> None:
    desk.say("$SY 10 6")
    desk.wait(9)
    assert desk.say("$SY").startswith("$OK")

    desk.wait(11)

    assert desk.board.capacity_a == 6
    assert desk.say("$SY").startswith("$NK")
    assert desk.say("$SY 10 6").startswith("$OK 10 6 0")


def test_a_wrong_checksum_is_refused_without_an_id(desk: Desk) -> None:
    desk.board.feed(b"$GS :05^00\r")

    assert b"$NK^" in desk.board.tick()


def test_the_answer_carries_the_questions_id(desk: Desk) -> None:
    assert " :2A^" in desk.say("$GE :2A")


def test_changes_are_announced(desk: Desk) -> None:
    desk.board.vehicle.connected = True

    assert desk.wait(0).startswith("$AT 02 02 32 0100^")


def test_a_restart_is_announced(desk: Desk) -> None:
    desk.board.reboot()

    assert "$AB 00 " in desk.wait(0)


def test_energy_of_a_session_is_added_to_the_total_when_the_vehicle_leaves(desk: Desk) -> None:
    desk.board.vehicle.connected = desk.board.vehicle.wants = True
    desk.wait(0)
    desk.wait(3600)
    session_wh = int(desk.board.session_ws) // 3600
    assert session_wh == pytest.approx(32 * 230, abs=1)

    desk.board.vehicle.connected = False
    desk.wait(0)

    assert desk.board.total_wh == 1000 + session_wh


def test_a_fault_lets_go_and_counts(desk: Desk) -> None:
    desk.board.vehicle.connected = desk.board.vehicle.wants = True
    desk.wait(0)

    desk.board.set_fault(GFI)

    assert not desk.board.is_energised
    assert desk.say("$GF").startswith("$OK 1 0 0")


def test_a_stuck_relay_stays_energised(desk: Desk) -> None:
    desk.board.set_fault(STUCK_RELAY)

    assert desk.board.is_energised
    desk.board.set_fault(None)
    desk.wait(0)
    assert (desk.board.state, desk.board.is_energised) == (A, False)


@pytest.mark.parametrize(("mood", "answer"), [(Mood.SILENT, ""), (Mood.DEAF_ANSWERS, ""), (Mood.REFUSING, "$NK^21")])
def test_its_moods(desk: Desk, mood: Mood, answer: str) -> None:
    desk.board.mood = mood

    assert desk.say("$GS") == answer


def test_half_an_answer_has_no_end(desk: Desk) -> None:
    desk.board.mood = Mood.HALF
    desk.board.feed(b"$GE^26\r")

    assert desk.board.tick() == b"$OK 32 "


def test_a_late_answer_comes_late(desk: Desk) -> None:
    desk.board.mood, desk.board.late_by_s = Mood.LATE, 2.0

    assert desk.say("$GE") == ""
    assert "$OK 32 0000" in desk.wait(2.1)


def test_it_may_speak_with_sums_for_checksums() -> None:
    answer = Desk(checksum="*").say("$GE")

    assert answer == f"$OK 32 0000*{sum(b'$OK 32 0000') & 0xFF:02X}"
