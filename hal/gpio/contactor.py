"""A contactor on GPIO lines: one drives its coil, others read its mirror contacts."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import ClassVar

from hal.errors import DeviceGone, HalError
from hal.gpio.lines import InputLine, Lines, OutputLine
from hal.gpio.wiring import (
    CHIP_DOC,
    LINE_DOC,
    InputKeys,
    InputWiring,
    OutputWiring,
    address,
    check_different,
    check_pull,
    check_seconds,
)
from hal.registry import DriverContext
from hal.streams import Reports

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GpioContactorSettings:
    """One output, and as many witnesses of what the contactor does as the board has.

    The defaults fit a normally closed mirror contact to ground: the pin is high while the contactor is closed,
    and a broken wire looks like a closed contactor, which is the safe mistake.
    """

    pin: int | None = field(
        default=None, metadata={"doc": "Pin that drives the coil: its BCM number, or with a chip its offset."}
    )
    feedback_pin: int | None = field(default=None, metadata={"doc": "Pin of the mirror contact; null: there is none."})
    active_high: bool = field(default=True, metadata={"doc": "The coil is driven by a high level."})
    feedback_active_high: bool = field(
        default=True, metadata={"doc": "A high level on the feedback pin means that the contactor is closed."}
    )
    feedback_pull: str = field(default="up", metadata={"doc": "Pull resistor of the feedback pin: up, down or none."})
    debounce_s: float = field(default=0.005, metadata={"doc": "How long the mirror contact may bounce."})
    operate_time_s: float = field(
        default=0.05, metadata={"doc": "Without a mirror contact: how long after a command it is taken as done."}
    )
    chip: str | None = field(default=None, metadata={"doc": CHIP_DOC})
    line: str | None = field(default=None, metadata={"doc": LINE_DOC})
    feedback_line: str | None = field(default=None, metadata={"doc": LINE_DOC})
    more_feedback: tuple[InputKeys, ...] = field(
        default=(),
        metadata={
            "doc": "Further mirror contacts, or what senses the coil's voltage; active: the contactor is closed."
        },
    )

    def __post_init__(self) -> None:
        """Refuse what no board can do."""
        check_pull(self.feedback_pull, path=("feedback_pull",))
        check_seconds(self.debounce_s, most=1.0, path=("debounce_s",))
        check_seconds(self.operate_time_s, most=1.0, path=("operate_time_s",))
        check_different([self.coil(), *self.witnesses()])

    def coil(self) -> OutputWiring:
        """The output. Raises WrongSettings."""
        found = address(chip=self.chip, pin=self.pin, line=self.line)
        return OutputWiring(found, active_high=self.active_high, path=("pin" if self.line is None else "line",))

    def witnesses(self) -> tuple[InputWiring, ...]:
        """The inputs, active while the contactor is closed. Raises WrongSettings."""
        found = [one.wiring(chip=self.chip, path=("more_feedback", at)) for at, one in enumerate(self.more_feedback)]
        if self.feedback_pin is None and self.feedback_line is None:
            return tuple(found)
        names = ("feedback_pin", "feedback_line")
        mirror = InputWiring(
            address(chip=self.chip, pin=self.feedback_pin, line=self.feedback_line, names=names),
            active_high=self.feedback_active_high,
            pull=self.feedback_pull,
            debounce_s=self.debounce_s,
            path=(names[self.feedback_line is not None],),
        )
        return (mirror, *found)


class GpioContactor:
    """A Contactor, opened as it starts and as it stops.

    Where several witnesses disagree, those count that contradict the command: told to open it is closed until all
    of them say open, told to close it is open until all of them say closed.
    """

    Settings: ClassVar[type] = GpioContactorSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"contactor"})

    def __init__(self, settings: GpioContactorSettings, context: DriverContext) -> None:
        self._settings = settings
        self._name = context.name
        self._lines = Lines(device=context.name, needed=[settings.coil(), *settings.witnesses()])
        self._coil: OutputLine | None = None
        self._witnesses: list[InputLine] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._assuming: asyncio.TimerHandle | None = None
        self._told_closed = False
        self._position = False
        self._positions: Reports[bool] = Reports(lambda: (self._position,), device=context.name)

    async def start(self) -> None:
        """Take the lines, coil off. Raises WrongSettings for lines that cannot be had, DeviceGone otherwise."""
        if self._coil is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._told_closed = False
        try:
            coil = self._lines.output(self._settings.coil())
            for wiring in self._settings.witnesses():
                self._witnesses.append(self._lines.input(wiring, changed=self._moved, lost=self._lost))
        except HalError:
            self._release()
            raise
        self._coil = coil
        if not self._witnesses:
            log.warning("%s: no mirror contact, its position is assumed from the command", self._name)
        self._position = self._seen() if self._witnesses else False
        self._positions.begin()

    async def stop(self) -> None:
        """Open it and give the lines back; iterations of `positions` end with DeviceGone."""
        try:
            self.open()
        finally:
            self._release()
            self._positions.end(DeviceGone("the mirror contact is not watched any more", device=self._name))

    def open(self) -> None:
        """Take the coil's current away at once. Raises DeviceGone where the line cannot be written."""
        coil = self._coil
        if coil is None:
            return
        try:
            coil.off()
        except DeviceGone as error:
            if self._coil is None:
                # Another thread stopped the driver in between, and stopping opens.
                return
            raise DeviceGone(f"cannot be opened: {error.__cause__ or error}", device=self._name) from error
        self._told(closed=False)

    def close(self) -> None:
        """Drive the coil. Raises DeviceGone before `start`, after `stop`, or where the line cannot be written."""
        coil = self._coil
        if coil is None:
            raise DeviceGone("is not started", device=self._name)
        try:
            coil.on()
        except DeviceGone as error:
            raise DeviceGone(f"cannot be closed: {error.__cause__ or error}", device=self._name) from error
        self._told(closed=True)

    def positions(self) -> AsyncIterator[bool]:
        """The mirror contact (True: closed): its present position, then each change. DeviceGone once stopped."""
        return self._positions.follow()

    def _told(self, *, closed: bool) -> None:
        """Any thread may call."""
        if (loop := self._loop) is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._follow_command, closed)

    def _follow_command(self, closed: bool) -> None:  # noqa: FBT001 - call_soon_threadsafe passes by position
        self._told_closed = closed
        if self._witnesses:
            self._publish(closed=self._seen())
            return
        self._stop_assuming()
        if self._coil is not None and self._loop is not None:
            self._assuming = self._loop.call_later(self._settings.operate_time_s, self._assume, closed)

    def _assume(self, closed: bool) -> None:  # noqa: FBT001 - call_later passes by position
        self._assuming = None
        self._publish(closed=closed)

    def _moved(self, _active: bool) -> None:  # noqa: FBT001 - hal.gpio.lines.Changed
        self._publish(closed=self._seen())

    def _seen(self) -> bool:
        said = [line.is_active for line in self._witnesses]
        return all(said) if self._told_closed else any(said)

    def _publish(self, *, closed: bool) -> None:
        if closed != self._position:
            self._position = closed
            self._positions.emit(closed)

    def _lost(self, error: HalError) -> None:
        log.warning("%s", error)
        self._positions.end(error)

    def _stop_assuming(self) -> None:
        assuming, self._assuming = self._assuming, None
        if assuming is not None:
            assuming.cancel()

    def _release(self) -> None:
        self._stop_assuming()
        self._coil = None
        self._loop = None
        self._witnesses.clear()
        self._position = False
        self._lines.release()
