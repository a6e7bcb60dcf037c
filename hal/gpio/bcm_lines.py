"""Pins of a Raspberry Pi by their BCM numbers, over gpiozero."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gpiozero import DigitalInputDevice, OutputDevice
from gpiozero.exc import BadPinFactory, DeviceClosed, GPIOZeroError

from hal.errors import DeviceGone, WrongSettings
from hal.gpio.lines import Changed, Lost, WatchedLevel
from hal.gpio.wiring import InputWiring, LineAddress, OutputWiring, Path

_PULL_UP: dict[str, bool | None] = {"up": True, "down": False, "none": None}
_BUSY = "busy"
"""What lgpio's error says of a pin that another program holds."""


def take_output(wiring: OutputWiring, *, initial: bool | None, device: str) -> "BcmOutput":
    """As hal.gpio.lines.Lines.output."""
    with _taking(wiring.address, path=wiring.path, device=device):
        pin = OutputDevice(wiring.address.line, active_high=wiring.active_high, initial_value=initial)
    return BcmOutput(pin, address=wiring.address, device=device)


def take_input(wiring: InputWiring, *, changed: Changed, lost: Lost, device: str) -> "BcmInput":
    """As hal.gpio.lines.Lines.input."""
    pull_up = _PULL_UP[wiring.pull]
    with _taking(wiring.address, path=wiring.path, device=device):
        pin = DigitalInputDevice(wiring.address.line, pull_up=pull_up, active_state=True if pull_up is None else None)
    try:
        return BcmInput(pin, wiring=wiring, changed=changed, lost=lost, device=device)
    except BaseException:
        pin.close()
        raise


class BcmOutput:
    """An OutputLine."""

    def __init__(self, pin: Any, *, address: LineAddress, device: str) -> None:  # noqa: ANN401 - gpiozero has no types
        self._pin = pin
        self._address = address
        self._device = device

    def on(self) -> None:
        """OutputLine."""
        with _using(self._address, device=self._device):
            self._pin.on()

    def off(self) -> None:
        """OutputLine."""
        with _using(self._address, device=self._device):
            self._pin.off()

    def release(self) -> None:
        """OutputLine."""
        self._pin.close()


class BcmInput:
    """An InputLine. gpiozero tells of edges in a thread of its own."""

    def __init__(
        self,
        pin: Any,  # noqa: ANN401 - gpiozero has no types
        *,
        wiring: InputWiring,
        changed: Changed,
        lost: Lost,
        device: str,
    ) -> None:
        self._pin = pin
        self._wiring = wiring
        self._device = device
        self._loop = asyncio.get_running_loop()
        self._level = WatchedLevel(self._read, settle_s=wiring.debounce_s, changed=changed, lost=lost)
        pin.when_activated = self._on_edge
        pin.when_deactivated = self._on_edge

    @property
    def is_active(self) -> bool:
        """InputLine."""
        return self._level.is_active

    def release(self) -> None:
        """InputLine."""
        self._level.end()
        self._pin.close()

    def _read(self) -> bool:
        with _using(self._wiring.address, device=self._device):
            active = bool(self._pin.value)
        # With a pull-up gpiozero calls a low level active.
        high = active != (self._wiring.pull == "up")
        return high == self._wiring.active_high

    def _on_edge(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._level.edge)


@contextmanager
def _taking(address: LineAddress, *, path: Path, device: str) -> Iterator[None]:
    try:
        yield
    except BadPinFactory as error:
        raise WrongSettings(
            f"{device}: gpiozero finds no pins it can drive on this machine ({error}); "
            "see its GPIOZERO_PIN_FACTORY, or name a chip such as gpiochip0",
            path=("driver",),
        ) from error
    except GPIOZeroError as error:
        raise WrongSettings(f"{device}: {address}: {error}", path=path) from error
    except Exception as error:
        if _BUSY in str(error):
            raise WrongSettings(
                f"{device}: {address} is used by another program (`gpioinfo` names it): {error}", path=path
            ) from error
        raise DeviceGone(f"{address} cannot be taken: {error}", device=device) from error


@contextmanager
def _using(address: LineAddress, *, device: str) -> Iterator[None]:
    """What gpiozero's back ends raise has no common root: all of it leaves here as DeviceGone."""
    try:
        yield
    except DeviceClosed as error:
        raise DeviceGone(f"{address} is given back", device=device) from error
    except Exception as error:
        raise DeviceGone(f"{address} cannot be reached: {error}", device=device) from error
