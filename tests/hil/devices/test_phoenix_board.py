"""The emulated Phoenix controllers by their registers."""

from hil.devices.meter_device import Mood
from hil.devices.phoenix_board import EmulatedPhoenix


def test_without_a_release_it_offers_nothing() -> None:
    board = EmulatedPhoenix()
    board.vehicle.connected = board.vehicle.wants = True

    assert board.image()["input", 100] == ord("B")
    assert not board.is_energised


def test_under_a_release_it_closes_by_itself() -> None:
    board = EmulatedPhoenix()
    board.vehicle.connected = board.vehicle.wants = True

    assert board.write(300, [13], coil=False)
    assert board.write(400, [1], coil=True)

    assert board.image()["input", 100] == ord("C")
    assert (board.is_energised, board.draw_a) == (True, 13.0)


def test_each_kind_takes_its_own_registers_only() -> None:
    assert not EmulatedPhoenix().write(1300, [1], coil=False)
    assert not EmulatedPhoenix(charx=1).write(400, [1], coil=True)


def test_a_charx_counts_energy_and_tells_it_with_the_load() -> None:
    now_s = 0.0
    board = EmulatedPhoenix(charx=3, clock=lambda: now_s)
    board.vehicle.connected = board.vehicle.wants = True
    board.write(3301, [10], coil=False)
    board.write(3300, [1], coil=False)

    now_s = 3600.0
    image = board.image()

    assert image["holding", 3299] == ord("C") << 8 | ord("2")
    assert image["holding", 3239] == 10_000
    assert image["holding", 3253] == 5000 + 6900


def test_a_frozen_controller_says_what_it_said() -> None:
    board = EmulatedPhoenix()
    board.misbehave(Mood.FROZEN)
    board.vehicle.connected = True

    assert board.image()["input", 100] == ord("A")
