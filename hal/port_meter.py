"""Reading a port's meter: one read at a time, each with a limit, and a clear word when it falls silent."""

import asyncio
import logging
from collections.abc import Callable

from hal.errors import BadReading, DeviceGone, DeviceSilent, HalError
from hal.parts import Clock, EnergyMeter
from hal.port_devices import Device
from hal.readings import MeterReading
from hal.real_time import Stopwatch, paced_sleep, real_monotonic_of

log = logging.getLogger(__name__)


class MeterWatch:
    """Polls a meter; `became_stale` hears once when no good reading came for `stale_s`, `came_back` once after it."""

    def __init__(
        self,
        meter: EnergyMeter,
        *,
        device: Device | None,
        may_reopen: bool,
        clock: Clock,
        stale_s: float,
        timeout_s: float,
        name: str,
    ) -> None:
        self.last: MeterReading | None = None
        self.is_stale = False
        self.failures = 0
        self._meter = meter
        self._device = device
        self._may_reopen = may_reopen
        self._clock = clock
        self._stale_s = stale_s
        self._timeout_s = timeout_s
        self._name = name
        self._one_at_a_time = asyncio.Lock()
        self._since_good = Stopwatch(clock, real_monotonic=real_monotonic_of(clock))
        self._since_good.restart()
        self._is_failing = False

    async def read(self) -> MeterReading:
        """Read it now; HalError where no fresh reading could be had (DeviceSilent after `timeout_s`)."""
        opening = 0
        asked_at_s = self._clock.monotonic()
        try:
            async with asyncio.timeout(self._timeout_s), self._one_at_a_time:
                opening = await self._device.open() if self._device is not None else 0
                reading = await self._meter.read()
            self._check_age(reading, asked_at_s=asked_at_s)
        except TimeoutError as error:
            raise self._failed(DeviceSilent(f"no reading within {self._timeout_s:g} s", device=self._name)) from error
        except DeviceGone as error:
            if self._device is not None and self._may_reopen:
                await self._device.lost(opening)
            raise self._failed(error) from error.__cause__
        except HalError as error:
            raise self._failed(error) from error.__cause__
        self._took(reading)
        return reading

    async def poll(
        self,
        *,
        interval_s: float,
        took: Callable[[MeterReading], None],
        became_stale: Callable[[str], None],
        came_back: Callable[[], None],
    ) -> None:
        """Read every `interval_s` of the clock, for good."""
        while True:
            reason = ""
            try:
                reading = await self.read()
            except HalError as error:
                reason = str(error)
            else:
                if self.is_stale:
                    self.is_stale = False
                    came_back()
                took(reading)
            if not self.is_stale and self._since_good.passed(self._stale_s):
                self.is_stale = True
                became_stale(reason)
            await paced_sleep(self._clock, interval_s)

    def _took(self, reading: MeterReading) -> None:
        self.last = reading
        self._since_good.restart()
        if self._is_failing:
            log.warning("%s answers again after %d failed reads", self._name, self.failures)
        self._is_failing = False
        self.failures = 0

    def _failed(self, error: HalError) -> HalError:
        self.failures += 1
        if not self._is_failing:  # one line when it begins, one when it ends
            self._is_failing = True
            log.warning("%s cannot be read: %s", self._name, error)
        return error

    def _check_age(self, reading: MeterReading, *, asked_at_s: float) -> None:
        if asked_at_s - reading.mono_s > self._stale_s:
            raise BadReading("an old reading was handed out as a new one", device=self._name)
