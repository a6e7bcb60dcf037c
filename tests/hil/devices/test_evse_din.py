"""The emulated EVSE DIN by its registers."""

from hil.devices.evse_din import EmulatedEvseDin
from hil.devices.meter_device import Mood


def words(board: EmulatedEvseDin) -> list[int]:
    image = board.image()
    return [image["holding", 1000 + at] for at in range(8)]


def test_it_comes_up_with_the_current_of_its_cable() -> None:
    board = EmulatedEvseDin(cable_a=20)
    board.vehicle.connected = board.vehicle.wants = True

    assert board.is_energised
    assert words(board) == [20, 20, 3, 20, 0, 18, 2, 1]


def test_below_6_a_there_is_no_pwm_and_no_relay() -> None:
    board = EmulatedEvseDin()
    board.vehicle.connected = board.vehicle.wants = True

    assert board.write(1000, [5], coil=False)

    assert not board.is_energised
    assert words(board)[2] == 2


def test_turned_off_is_off_at_once() -> None:
    board = EmulatedEvseDin()
    board.vehicle.connected = board.vehicle.wants = True

    board.write(1004, [1], coil=False)

    assert not board.is_energised
    assert words(board)[6] == 3


def test_registers_that_are_not_to_be_written_are_not() -> None:
    board = EmulatedEvseDin()

    assert not board.write(2000, [6], coil=False)
    assert not board.write(1000, [6], coil=True)


def test_a_fault_opens_the_relay_unless_it_is_welded() -> None:
    board = EmulatedEvseDin()
    board.vehicle.connected = board.vehicle.wants = True

    board.fault = "rcd"
    opened = board.is_energised
    board.welded = True

    assert (opened, board.is_energised) == (False, True)
    assert words(board)[2] == 5
    assert words(board)[7] == 0x21


def test_a_frozen_board_says_what_it_said() -> None:
    board = EmulatedEvseDin()
    board.misbehave(Mood.FROZEN)
    board.vehicle.connected = True

    assert words(board)[2] == 1


def test_what_flows_is_what_it_offers_unless_the_vehicle_takes_less() -> None:
    board = EmulatedEvseDin()
    board.vehicle.connected = board.vehicle.wants = True
    board.write(1000, [10], coil=False)
    full = board.draw_a

    board.vehicle.draws_a = 7.0

    assert (full, board.draw_a) == (10.0, 7.0)


def test_one_that_counts_in_hundredths_says_so_and_takes_them() -> None:
    board = EmulatedEvseDin(hundredths=True)
    board.vehicle.connected = True
    board.write(1000, [1390], coil=False)

    assert board.image()["holding", 2005] == 0x80
    assert board.offers_a == 13.9
    assert words(board)[:2] == [1390, 13]
