"""The switch between one phase and three on GPIO lines."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

from hal.errors import DeviceGone, DeviceRefused, NotConfirmed, WrongSettings
from hal.gpio.moved_lines import MovedLines
from hal.gpio.wiring import (
    CHIP_DOC,
    InputKeys,
    InputWiring,
    OutputKeys,
    OutputWiring,
    check_different,
    check_seconds,
    input_wirings,
    output_wirings,
)
from hal.registry import DriverContext

COUNTS = (1, 3)


@dataclass(frozen=True, slots=True)
class GpioPhaseSwitchSettings:
    """One output where the board has the other way at rest, two where each way has a contactor of its own.

    As it starts and stops every output is off: one output leaves the way it does not switch, two leave no phase.
    """

    three_phases: OutputKeys | None = field(default=None, metadata={"doc": "Output that connects three phases."})
    one_phase: OutputKeys | None = field(default=None, metadata={"doc": "Output that connects one phase."})
    three_feedback: InputKeys | None = field(default=None, metadata={"doc": "Active while three phases are connected."})
    one_feedback: InputKeys | None = field(default=None, metadata={"doc": "Active while one phase is connected."})
    chip: str | None = field(default=None, metadata={"doc": CHIP_DOC})
    dead_time_s: float = field(default=0.5, metadata={"doc": "How long nothing is driven between the two ways."})
    operate_time_s: float = field(default=0.1, metadata={"doc": "How long a contactor takes to close."})
    confirm_s: float = field(default=1.0, metadata={"doc": "How long after that the feedback may take."})

    def __post_init__(self) -> None:
        """Refuse what could not switch."""
        if self.three_phases is None and self.one_phase is None:
            raise WrongSettings("give three_phases, one_phase or both", path=("three_phases",))
        check_seconds(self.dead_time_s, least=0.01, most=60.0, path=("dead_time_s",))
        check_seconds(self.operate_time_s, most=10.0, path=("operate_time_s",))
        check_seconds(self.confirm_s, most=10.0, path=("confirm_s",))
        check_different([*self.outputs().values(), *self.inputs().values()])

    def outputs(self) -> dict[str, OutputWiring]:
        """By their keys. Raises WrongSettings."""
        return output_wirings({"three_phases": self.three_phases, "one_phase": self.one_phase}, chip=self.chip)

    def inputs(self) -> dict[str, InputWiring]:
        """By their keys. Raises WrongSettings."""
        feedback = {"three_feedback": self.three_feedback, "one_feedback": self.one_feedback}
        return input_wirings(feedback, chip=self.chip)

    @property
    def at_rest(self) -> int:
        """The phases that are connected while every output is off: 0, 1 or 3."""
        if self.three_phases is not None and self.one_phase is not None:
            return 0
        return 1 if self.one_phase is None else 3


class GpioPhaseSwitch:
    """A PhaseSwitch that breaks before it makes; what fails or is cancelled ends with every output off."""

    Settings: ClassVar[type] = GpioPhaseSwitchSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"phase_switch"})

    def __init__(self, settings: GpioPhaseSwitchSettings, context: DriverContext) -> None:
        self._settings = settings
        self._name = context.name
        self._lines = MovedLines(device=context.name, outputs=settings.outputs(), inputs=settings.inputs())
        self._is_started = False
        self._phases: int | None = None
        self._switching = asyncio.Lock()

    async def start(self) -> None:
        """Take the lines, every output off. Raises WrongSettings or DeviceGone where they cannot be had."""
        self._take()
        self._is_started = True

    async def stop(self) -> None:
        """Every output off; give the lines back."""
        self._is_started = False
        self._phases = None
        try:
            self._lines.rest()
        finally:
            self._lines.release()

    async def use_phases(self, count: int) -> None:
        """Return once `count` (1 or 3) phases are connected; NotConfirmed where the feedback disagrees."""
        if count not in COUNTS:
            raise DeviceRefused(f"switches 1 or 3 phases, not {count}", device=self._name)
        async with self._switching:
            if not self._is_started:
                raise DeviceGone("is not started", device=self._name)
            try:
                self._take()
                if count != self._phases or not self._agrees(count):
                    await self._switch(count)
            except DeviceGone:
                self._phases = None
                self._lines.release()
                raise

    async def _switch(self, count: int) -> None:
        self._phases = None
        at_rest = self._settings.at_rest
        self._lines.rest()
        await asyncio.sleep(self._settings.dead_time_s)
        await self._confirm(at_rest, failure="does not let go")
        if count != at_rest:
            try:
                self._lines.on(_OUTPUT[count])
                await asyncio.sleep(self._settings.operate_time_s)
                await self._confirm(count, failure=f"does not connect {count}")
            except BaseException:
                self._lines.rest()
                raise
        self._phases = count

    async def _confirm(self, count: int, *, failure: str) -> None:
        if not await self._lines.until(partial(self._agrees, count), limit_s=self._settings.confirm_s):
            raise NotConfirmed(f"{failure}: {self._lines.seen()}", device=self._name)

    def _agrees(self, count: int) -> bool:
        return self._lines.agree(_expected(count))

    def _take(self) -> None:
        if not self._lines.are_taken:
            self._phases = None
        self._lines.take(initial=False)


_OUTPUT = {1: "one_phase", 3: "three_phases"}


def _expected(count: int) -> Mapping[str, bool]:
    return {"three_feedback": count == 3, "one_feedback": count == 1}
