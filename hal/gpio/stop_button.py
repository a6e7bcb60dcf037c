"""A stop button on a GPIO line."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import ClassVar

from hal.errors import DeviceGone, HalError
from hal.gpio.lines import InputLine, Lines
from hal.gpio.wiring import CHIP_DOC, InputKeys, InputWiring, check_seconds
from hal.registry import DriverContext
from hal.streams import Reports

LONGEST_PRESS_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GpioStopButtonSettings(InputKeys):
    """A button to ground needs its pin and no more. One that is normally closed also stops where its wire is cut."""

    chip: str | None = field(default=None, metadata={"doc": CHIP_DOC})
    min_press_s: float = field(default=0.05, metadata={"doc": "It must be held for so long to count as pressed."})

    def __post_init__(self) -> None:
        """Refuse what no finger can do."""
        check_seconds(self.min_press_s, most=LONGEST_PRESS_S, path=("min_press_s",))
        self.input_wiring()

    def input_wiring(self) -> InputWiring:
        """The line. Raises WrongSettings."""
        return self.wiring(chip=self.chip)


class GpioStopButton:
    """A StopButton. What is held as the driver starts is no press until it was let go."""

    Settings: ClassVar[type] = GpioStopButtonSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"stop_button"})

    def __init__(self, settings: GpioStopButtonSettings, context: DriverContext) -> None:
        self._settings = settings
        self._name = context.name
        self._lines = Lines(device=context.name, needed=[settings.input_wiring()])
        self._button: InputLine | None = None
        self._held: asyncio.TimerHandle | None = None
        self._reports: Reports[None] = Reports(tuple, device=context.name)

    async def start(self) -> None:
        """Take the line. Raises WrongSettings where it cannot be had, DeviceGone otherwise."""
        if self._button is not None:
            return
        self._button = self._lines.input(self._settings.input_wiring(), changed=self._moved, lost=self._lost)
        self._reports.begin()

    async def stop(self) -> None:
        """Give the line back; iterations of `presses` end with DeviceGone."""
        self._let_go()
        self._button = None
        self._lines.release()
        self._reports.end(DeviceGone("is stopped", device=self._name))

    def presses(self) -> AsyncIterator[None]:
        """Each press once it lasted for min_press_s; DeviceGone once the line cannot be read any more."""
        return self._reports.follow()

    def _moved(self, pressed: bool) -> None:  # noqa: FBT001 - hal.gpio.lines.Changed
        self._let_go()
        if pressed:
            self._held = asyncio.get_running_loop().call_later(self._settings.min_press_s, self._reports.emit, None)

    def _lost(self, error: HalError) -> None:
        self._let_go()
        self._reports.end(error)

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.cancel()
