"""gpiozero's mock pins as wires for hil.devices.gpio_bench: what drives them from outside beats a pull resistor.

A bench and the drivers it is wired to live in one process.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin


class BenchPin(MockPin):  # type: ignore[misc]  # gpiozero has no types
    """A pin of the mock board that something outside may drive or follow."""

    driven: bool | None = None
    is_gone = False

    @property
    def level(self) -> bool:
        """Whether it is high."""
        return bool(self._state)

    def drive(self, high: bool | None) -> None:  # noqa: FBT001 - hil.devices.gpio_bench.Wire
        """Put the outside's level on it; None: the pull resistor decides."""
        self.driven = high
        self._show_outside()

    def follow(self, moved: Callable[[], None]) -> None:
        """Call `moved` whenever it is driven otherwise from inside."""
        self.__dict__.setdefault("followers", []).append(moved)

    def _show_outside(self) -> None:
        level = self.driven if self.driven is not None else {"up": True, "down": False}.get(self._pull)
        if level is not None and self.function == "input":
            (self.drive_high if level else self.drive_low)()

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self._show_outside()

    def _get_state(self) -> bool:
        self._check_there()
        return bool(super()._get_state())

    def _set_state(self, value: float) -> None:
        self._check_there()
        super()._set_state(value)

    def _change_state(self, value: bool) -> bool:  # noqa: FBT001 - gpiozero's signature
        changed = bool(super()._change_state(value))
        if changed and self.function == "output":
            for moved in self.__dict__.get("followers", ()):
                moved()
        return changed

    def _check_there(self) -> None:
        if self.is_gone:
            raise OSError("the chip does not answer")


class BenchBoard:
    """The pins of one mock board, by their BCM numbers."""

    def __init__(self, factory: MockFactory) -> None:
        self._factory = factory

    def wire(self, number: int) -> BenchPin:
        """A pin; the same one each time."""
        pin: BenchPin = self._factory.pin(number)
        return pin

    def cut(self, *, numbers: range = range(2, 28)) -> None:
        """From now on no pin can be read or written."""
        for number in numbers:
            self.wire(number).is_gone = True


@contextmanager
def mock_board() -> Iterator[BenchBoard]:
    """The board whose pins gpiozero's drivers get within the block."""
    before, factory = Device.pin_factory, MockFactory(pin_class=BenchPin)
    Device.pin_factory = factory
    board = BenchBoard(factory)
    try:
        yield board
    finally:
        for pin in factory.pins.values():
            pin.is_gone = False
        factory.reset()
        Device.pin_factory = before
