"""A power relay with its mirror contact, wired to two lines of a board that is not there."""

from collections.abc import Iterator
from contextlib import contextmanager

from hil.devices.gpio_bench import OPERATE_S, Condition, Relay
from hil.devices.gpio_pins import mock_board
from tests.fakes.fake_gpiod import FakeGpioChip, fake_gpiod

__all__ = ["CHIP", "COIL_PIN", "MIRROR_PIN", "OPERATE_S", "Condition", "WiredRelay", "chip_relay", "wired_relay"]

COIL_PIN, MIRROR_PIN = 17, 27
CHIP = "gpiochip0"
"""What `chip_relay` is to be called in station.yaml."""

WiredRelay = Relay


@contextmanager
def wired_relay() -> Iterator[WiredRelay]:
    """A relay on the pins that gpiozero's drivers get within the block."""
    with mock_board() as board:
        yield Relay(board.wire(COIL_PIN), mirrors=(board.wire(MIRROR_PIN),))


@contextmanager
def chip_relay() -> Iterator[WiredRelay]:
    """A relay on the lines that gpiod's drivers get within the block, with `chip: gpiochip0`."""
    chip = FakeGpioChip(f"/dev/{CHIP}")
    with fake_gpiod(chip):
        yield Relay(chip.wire(COIL_PIN), mirrors=(chip.wire(MIRROR_PIN),))
