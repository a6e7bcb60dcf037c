"""Fault inputs on GPIO lines: an RCD's contact, an emergency stop, a door, a temperature switch."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from hal.errors import DeviceGone, HalError, WrongSettings
from hal.gpio.lines import InputLine, Lines
from hal.gpio.wiring import CHIP_DOC, InputKeys, InputWiring, check_different
from hal.readings import FAULT_NAMES, FaultReading
from hal.registry import DriverContext
from hal.streams import Reports


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultInputKeys(InputKeys):
    """One input and what it means."""

    fault: str = field(metadata={"doc": f"What it reports: one of {', '.join(FAULT_NAMES)}."})
    detail: str = field(default="", metadata={"doc": "Said with the fault, for whoever comes to mend it."})


@dataclass(frozen=True, slots=True)
class GpioFaultsSettings:
    """Each input reports one fault; several may report the same."""

    inputs: tuple[FaultInputKeys, ...] = field(metadata={"doc": "The inputs.", "fewest": 1})
    chip: str | None = field(default=None, metadata={"doc": CHIP_DOC})

    def __post_init__(self) -> None:
        """Refuse what nobody can report."""
        for at, one in enumerate(self.inputs):
            if one.fault not in FAULT_NAMES:
                raise WrongSettings(
                    f"{one.fault!r} is no fault (known: {', '.join(FAULT_NAMES)})", path=("inputs", at, "fault")
                )
        check_different(self.wirings())

    def wirings(self) -> tuple[InputWiring, ...]:
        """The inputs, in their order. Raises WrongSettings."""
        return tuple(one.wiring(chip=self.chip, path=("inputs", at)) for at, one in enumerate(self.inputs))


class GpioFaults:
    """A FaultInput. A chip that goes away ends the stream: the port takes that for a fault too."""

    Settings: ClassVar[type] = GpioFaultsSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"faults"})

    def __init__(self, settings: GpioFaultsSettings, context: DriverContext) -> None:
        self._settings = settings
        self._lines = Lines(device=context.name, needed=settings.wirings())
        self._inputs: list[InputLine] = []
        self._name = context.name
        self._reports: Reports[FaultReading] = Reports(self._present, device=context.name)

    async def start(self) -> None:
        """Take the lines. Raises WrongSettings for those that cannot be had, DeviceGone otherwise."""
        if self._inputs:
            return
        try:
            for at, wiring in enumerate(self._settings.wirings()):
                self._inputs.append(self._lines.input(wiring, changed=partial(self._moved, at), lost=self._reports.end))
        except HalError:
            self._release()
            raise
        self._reports.begin()

    async def stop(self) -> None:
        """Give the lines back; iterations of `faults` end with DeviceGone."""
        self._release()
        self._reports.end(DeviceGone("is stopped", device=self._name))

    def faults(self) -> AsyncIterator[FaultReading]:
        """The active ones, then each change; DeviceGone once a line cannot be read any more."""
        return self._reports.follow()

    def _present(self) -> list[FaultReading]:
        return [self._reading(name, active[0]) for name in FAULT_NAMES if (active := self._active(name))]

    def _moved(self, at: int, active: bool) -> None:  # noqa: FBT001 - hal.gpio.lines.Changed
        name = self._settings.inputs[at].fault
        others = [one for one in self._active(name) if one != at]
        if others:
            return
        self._reports.emit(self._reading(name, at) if active else FaultReading(name, active=False))

    def _active(self, name: str) -> list[int]:
        named = zip(self._settings.inputs, self._inputs, strict=True)
        return [at for at, (keys, line) in enumerate(named) if keys.fault == name and line.is_active]

    def _reading(self, name: str, at: int) -> FaultReading:
        return FaultReading(name, active=True, detail=self._settings.inputs[at].detail)

    def _release(self) -> None:
        self._inputs.clear()
        self._lines.release()
