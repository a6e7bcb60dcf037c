"""Lines of any GPIO chip: outputs that never wait, inputs that tell their changes on the event loop.

Two back ends behave alike: gpiozero for the pins of a Raspberry Pi, gpiod for the chips of every other board. Each
library is imported by the first driver that has lines of it. A level counts once it lasted for the debounce time, and
each new edge starts that time again, as the kernel's own debouncing does.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from hal.errors import HalError, WrongSettings
from hal.gpio.wiring import InputWiring, LineAddress, OutputWiring

RECHECK_S = 1.0
"""An input is read this often beside its edges: not every kernel tells of a chip that went away."""


class OutputLine(Protocol):
    """A line that is driven. Its verbs raise DeviceGone where the chip cannot be reached or after `release`."""

    def on(self) -> None:
        """Drive it active: never waits, from any thread."""
        ...

    def off(self) -> None:
        """Drive it inactive: never waits, from any thread."""
        ...

    def release(self) -> None:
        """Give the line back, as it stands; harmless when repeated."""
        ...


class InputLine(Protocol):
    """A line that is read."""

    @property
    def is_active(self) -> bool:
        """The level as it was told last; the event loop only."""
        ...

    def release(self) -> None:
        """Give the line back; nothing is told any more. Harmless when repeated."""
        ...


Changed = Callable[[bool], None]
"""Takes the new level of an input, True for active; called on the event loop."""
Lost = Callable[[HalError], None]
"""Told once, on the event loop, that an input cannot be read any more."""


class WatchedLevel:
    """What is known of one input; all on the event loop. `read` asks the back end and may raise HalError."""

    def __init__(
        self,
        read: Callable[[], bool],
        *,
        settle_s: float,
        changed: Changed,
        lost: Lost,
        recheck_s: float = RECHECK_S,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._read = read
        self._settle_s = settle_s
        self._recheck_s = recheck_s
        self._changed = changed
        self._lost = lost
        self._settling: asyncio.TimerHandle | None = None
        self._has_ended = False
        self.is_active = read()
        self._rechecking = self._loop.call_later(recheck_s, self._recheck)

    def edge(self) -> None:
        """It moved: look once it has been quiet for the debounce time."""
        if self._has_ended:
            return
        if self._settling is not None:
            self._settling.cancel()
        self._settling = self._loop.call_later(self._settle_s, self._settle)

    def take(self, *, active: bool) -> None:
        """It is settled at this level."""
        if not self._has_ended and active != self.is_active:
            self.is_active = active
            self._changed(active)

    def fail(self, error: HalError) -> None:
        """It cannot be read any more."""
        if not self._has_ended:
            self.end()
            self._lost(error)

    def end(self) -> None:
        """Tell nothing any more."""
        self._has_ended = True
        self._rechecking.cancel()
        if self._settling is not None:
            self._settling.cancel()

    def _settle(self) -> None:
        self._settling = None
        try:
            active = self._read()
        except HalError as error:
            self.fail(error)
            return
        self.take(active=active)

    def _recheck(self) -> None:
        self._rechecking = self._loop.call_later(self._recheck_s, self._recheck)
        if self._settling is not None:
            return
        try:
            active = self._read()
        except HalError as error:
            self.fail(error)
            return
        if active != self.is_active:
            self.edge()


class BackEnd(Protocol):
    """What both back ends are: modules with two functions."""

    def take_output(self, wiring: OutputWiring, *, initial: bool | None, device: str) -> OutputLine: ...

    def take_input(self, wiring: InputWiring, *, changed: Changed, lost: Lost, device: str) -> InputLine: ...


class Lines:
    """The lines of one driver. `device` is its name, for errors and as the consumer of its lines."""

    def __init__(self, *, device: str, needed: Iterable[OutputWiring | InputWiring]) -> None:
        """`needed`: the lines it will take. Raises WrongSettings where their library is not installed."""
        self._device = device
        self._taken: list[OutputLine | InputLine] = []
        # Imported now: it takes its time, and the event loop is to have none of that.
        self._back_ends = {wiring.address.chip is None: _back_end(wiring.address) for wiring in needed}

    def output(self, wiring: OutputWiring, *, initial: bool | None = False) -> OutputLine:
        """Take an output, driven to `initial` (None: as it stands). Raises WrongSettings, DeviceGone."""
        back_end = self._back_ends[wiring.address.chip is None]
        line = back_end.take_output(wiring, initial=initial, device=self._device)
        self._taken.append(line)
        return line

    def input(self, wiring: InputWiring, *, changed: Changed, lost: Lost) -> InputLine:
        """Take an input; from the event loop. Raises WrongSettings, DeviceGone."""
        back_end = self._back_ends[wiring.address.chip is None]
        line = back_end.take_input(wiring, changed=changed, lost=lost, device=self._device)
        self._taken.append(line)
        return line

    def release(self) -> None:
        """Give all of them back, the last first; outputs are left as they stand."""
        while self._taken:
            self._taken.pop().release()


def _back_end(address: LineAddress) -> BackEnd:
    try:
        if address.chip is None:
            from hal.gpio import bcm_lines

            return bcm_lines
        from hal.gpio import chip_lines

        return chip_lines
    except ModuleNotFoundError as error:
        raise WrongSettings(
            f"{address} needs {error.name!r}, which is not installed: pip install 'evse-agent[gpio]'", path=("driver",)
        ) from error
