"""A curtailment input on GPIO lines: a ripple-control relay, or the control box of a grid operator.

The German Energy Industry Act, section 14a, lets a grid operator dim a charger through such a contact; receivers with
four contacts (100, 60, 30, 0 %) are several steps. While more than one step is active the lowest counts.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import ClassVar

from hal.errors import DeviceGone, HalError, WrongSettings
from hal.gpio.lines import InputLine, Lines
from hal.gpio.wiring import CHIP_DOC, InputKeys, InputWiring, check_different
from hal.readings import LimitReading
from hal.registry import DriverContext
from hal.streams import Reports


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitStepKeys(InputKeys):
    """One input and what is allowed while it is active."""

    max_current_a: float = field(
        metadata={"doc": "The most current per phase while it is active; below 6 A the charge pauses.", "minimum": 0}
    )
    detail: str = field(default="", metadata={"doc": "Why, for the logs."})


@dataclass(frozen=True, slots=True)
class GpioLimitSettings:
    """One step for a relay that only knows on and off."""

    steps: tuple[LimitStepKeys, ...] = field(metadata={"doc": "The inputs.", "fewest": 1})
    chip: str | None = field(default=None, metadata={"doc": CHIP_DOC})

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        for at, one in enumerate(self.steps):
            if not 0 <= one.max_current_a < float("inf"):
                raise WrongSettings(
                    f"max_current_a must be 0 or more, not {one.max_current_a}", path=("steps", at, "max_current_a")
                )
        check_different(self.wirings())

    def wirings(self) -> tuple[InputWiring, ...]:
        """The inputs, in their order. Raises WrongSettings."""
        return tuple(one.wiring(chip=self.chip, path=("steps", at)) for at, one in enumerate(self.steps))


class GpioLimit:
    """A CurrentLimit."""

    Settings: ClassVar[type] = GpioLimitSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"limits"})

    def __init__(self, settings: GpioLimitSettings, context: DriverContext) -> None:
        self._settings = settings
        self._name = context.name
        self._lines = Lines(device=context.name, needed=settings.wirings())
        self._inputs: list[InputLine] = []
        self._told = LimitReading(None)
        self._reports: Reports[LimitReading] = Reports(lambda: (self._told,), device=context.name)

    async def start(self) -> None:
        """Take the lines. Raises WrongSettings for those that cannot be had, DeviceGone otherwise."""
        if self._inputs:
            return
        try:
            for wiring in self._settings.wirings():
                self._inputs.append(self._lines.input(wiring, changed=self._moved, lost=self._reports.end))
        except HalError:
            self._release()
            raise
        self._told = self._limit()
        self._reports.begin()

    async def stop(self) -> None:
        """Give the lines back; iterations of `limits` end with DeviceGone."""
        self._release()
        self._reports.end(DeviceGone("is stopped", device=self._name))

    def limits(self) -> AsyncIterator[LimitReading]:
        """The present limit, then each change; DeviceGone once a line cannot be read any more."""
        return self._reports.follow()

    def _moved(self, _active: bool) -> None:  # noqa: FBT001 - hal.gpio.lines.Changed
        limit = self._limit()
        if limit != self._told:
            self._told = limit
            self._reports.emit(limit)

    def _limit(self) -> LimitReading:
        lines = zip(self._settings.steps, self._inputs, strict=True)
        active = [step for step, line in lines if line.is_active]
        if not active:
            return LimitReading(None)
        lowest = min(active, key=lambda step: step.max_current_a)
        return LimitReading(lowest.max_current_a, lowest.detail)

    def _release(self) -> None:
        self._inputs.clear()
        self._lines.release()
