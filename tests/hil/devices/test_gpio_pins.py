"""gpiozero's mock pins as wires."""

import pytest
from gpiozero import Device, DigitalInputDevice, OutputDevice

from hil.devices.gpio_pins import mock_board


def test_what_drives_a_pin_beats_its_pull_resistor() -> None:
    with mock_board() as board:
        board.wire(5).drive(False)
        device = DigitalInputDevice(5, pull_up=True)
        levels = [board.wire(5).level]

        board.wire(5).drive(None)
        levels.append(board.wire(5).level)

        assert levels == [False, True]
        device.close()


def test_whoever_follows_a_pin_is_told_when_it_is_written() -> None:
    with mock_board() as board:
        seen: list[bool] = []
        wire = board.wire(5)
        wire.follow(lambda: seen.append(wire.level))

        device = OutputDevice(5)
        device.on()
        device.on()
        device.off()

        assert seen == [True, False]
        device.close()


def test_a_board_that_is_cut_can_be_neither_read_nor_written() -> None:
    with mock_board() as board:
        output, reading = OutputDevice(5), DigitalInputDevice(6)

        board.cut()

        with pytest.raises(OSError, match="does not answer"):
            output.on()
        with pytest.raises(OSError, match="does not answer"):
            _ = reading.value


def test_the_pins_from_before_are_back_after_the_block() -> None:
    before = Device.pin_factory

    with mock_board():
        inside = Device.pin_factory

    assert inside is not before
    assert Device.pin_factory is before
