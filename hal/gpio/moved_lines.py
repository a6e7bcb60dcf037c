"""The lines of something that is moved on command and says by its inputs where it stands."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping

from hal.errors import DeviceGone, HalError
from hal.gpio.lines import InputLine, Lines, OutputLine
from hal.gpio.wiring import InputWiring, OutputWiring

log = logging.getLogger(__name__)


class MovedLines:
    """Outputs and inputs by their keys. Nobody follows such a device: after a loss `take` takes its lines anew."""

    def __init__(self, *, device: str, outputs: Mapping[str, OutputWiring], inputs: Mapping[str, InputWiring]) -> None:
        self._device = device
        self._wanted_outputs = outputs
        self._wanted_inputs = inputs
        self._lines = Lines(device=device, needed=[*outputs.values(), *inputs.values()])
        self._outputs: dict[str, OutputLine] = {}
        self._inputs: dict[str, InputLine] = {}
        self._failure: HalError | None = None
        self._moved = asyncio.Event()

    @property
    def has_inputs(self) -> bool:
        """Whether it says anything of itself."""
        return bool(self._wanted_inputs)

    @property
    def are_taken(self) -> bool:
        """Whether there is anything to drive."""
        return bool(self._outputs)

    def take(self, *, initial: bool | None) -> None:
        """Take all lines unless they are taken and well; outputs as Lines.output. WrongSettings, DeviceGone."""
        if self._failure is not None:
            self.release()
        if self._outputs:
            return
        self._failure = None
        try:
            for name, output in self._wanted_outputs.items():
                self._outputs[name] = self._lines.output(output, initial=initial)
            for name, one in self._wanted_inputs.items():
                self._inputs[name] = self._lines.input(one, changed=self._changed, lost=self._lost)
        except HalError:
            self.release()
            raise

    def on(self, name: str) -> None:
        """Drive one output; DeviceGone where it is not to be had."""
        self._output(name).on()

    def off(self, name: str) -> None:
        """Let one output go; DeviceGone where it is not to be had."""
        self._output(name).off()

    def rest(self) -> None:
        """Let every output go: all are tried, then the first error is told."""
        failure: HalError | None = None
        for output in self._outputs.values():
            try:
                output.off()
            except HalError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    def agree(self, expected: Mapping[str, bool]) -> bool:
        """Whether the inputs that are there stand as expected; True where there are none."""
        return all(line.is_active == expected[name] for name, line in self._inputs.items())

    async def until(self, stands: Callable[[], bool], *, limit_s: float) -> bool:
        """Wait for the inputs: whether it stands so within the limit. DeviceGone once one of them is lost."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                while self._failure is None and not stands():
                    self._moved.clear()
                    await self._moved.wait()
        if self._failure is not None:
            raise self._failure
        if not self._outputs:
            raise DeviceGone("is stopped", device=self._device)
        return stands()

    def seen(self) -> str:
        """How the inputs stand, for a message."""
        words = [f"{name} is {'active' if line.is_active else 'inactive'}" for name, line in self._inputs.items()]
        return ", ".join(words) or "there is no feedback"

    def release(self) -> None:
        """Give all lines back, outputs as they stand."""
        self._outputs.clear()
        self._inputs.clear()
        self._lines.release()
        self._moved.set()

    def _output(self, name: str) -> OutputLine:
        if name not in self._outputs:
            raise DeviceGone("is stopped", device=self._device)
        return self._outputs[name]

    def _changed(self, _active: bool) -> None:  # noqa: FBT001 - hal.gpio.lines.Changed
        self._moved.set()

    def _lost(self, error: HalError) -> None:
        log.warning("%s", error)
        self._failure = error
        self._moved.set()
