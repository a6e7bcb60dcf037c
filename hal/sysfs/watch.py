"""Looks at one sensor regularly and tells what it means: the verbs of a limit source and a fault input.

A sensor that is gone, silent or says nonsense is no reason to stop telling: it is a fault of its own, with a limit
for as long as it lasts.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping

from hal.errors import DeviceGone, HalError
from hal.parts import Clock
from hal.readings import FaultReading, LimitReading
from hal.streams import Reports
from hal.sysfs.one_read import OneRead
from hal.sysfs.verdict import Judge, Measurement, Verdict

log = logging.getLogger(__name__)

ATTEMPTS = 2
"""A single bad read on a long wire is no failure yet; the value before it is never used instead."""


class SensorWatch:
    """`read` may block; it raises HalError."""

    def __init__(
        self,
        read: Callable[[], Measurement],
        *,
        judge: Judge,
        clock: Clock,
        name: str,
        poll_s: float,
        timeout_s: float,
    ) -> None:
        self._reading = OneRead(read, name=name, timeout_s=timeout_s)
        self._judge = judge
        self._clock = clock
        self._name = name
        self._poll_s = poll_s
        self._verdict = judge.failed("was not read yet")
        self._limits: Reports[LimitReading] = Reports(lambda: (self._verdict.limit,), device=name)
        self._faults: Reports[FaultReading] = Reports(self._active_faults, device=name)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look once, and go on looking. A sensor that cannot be read is told as a fault. Harmless when repeated."""
        if self._task is not None and not self._task.done():
            return
        self._verdict = await self._look()
        self._limits.begin()
        self._faults.begin()
        self._task = asyncio.create_task(self._run(), name=f"watching {self._name}")

    async def stop(self) -> None:
        """Stop looking."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._end(DeviceGone("was stopped", device=self._name))

    def limits(self) -> AsyncIterator[LimitReading]:
        """CurrentLimit."""
        return self._limits.follow()

    def faults(self) -> AsyncIterator[FaultReading]:
        """FaultInput."""
        return self._faults.follow()

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(self._poll_s)
            try:
                verdict = await self._look()
            except Exception as error:
                log.exception("%s: the sensor's driver failed", self._name)
                self._end(DeviceGone(f"its driver failed: {error}", device=self._name))
                return
            self._tell(verdict)

    async def _look(self) -> Verdict:
        reason = ""
        for _ in range(ATTEMPTS):
            try:
                return self._judge.measured(await self._reading.now())
            except HalError as error:
                reason = str(error)
                log.debug("%s: %s", self._name, reason)
        return self._judge.failed(reason)

    def _tell(self, verdict: Verdict) -> None:
        before, self._verdict = self._verdict, verdict
        if verdict.limit.max_current_a != before.limit.max_current_a:
            self._limits.emit(verdict.limit)
        # What begins comes first: between a derating and a stop there is no moment without either.
        for name, detail in verdict.faults.items():
            if name not in before.faults:
                self._faults.emit(FaultReading(name, active=True, detail=detail))
        for name in before.faults:
            if name not in verdict.faults:
                self._faults.emit(FaultReading(name, active=False))

    def _active_faults(self) -> list[FaultReading]:
        faults: Mapping[str, str] = self._verdict.faults
        return [FaultReading(name, active=True, detail=detail) for name, detail in faults.items()]

    def _end(self, failure: HalError) -> None:
        self._limits.end(failure)
        self._faults.end(failure)
