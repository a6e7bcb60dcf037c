"""A connector lock on GPIO lines: its motor on one or two outputs, its end switches on inputs."""

import asyncio
import logging
from functools import partial
from typing import ClassVar

from hal.errors import DeviceGone, NotConfirmed
from hal.gpio.lock_settings import GpioLockSettings
from hal.gpio.moved_lines import MovedLines
from hal.registry import DriverContext

log = logging.getLogger(__name__)

_WORDS = {True: "locked", False: "free"}


class GpioLock:
    """A ConnectorLock. Moves take turns; whichever way one ends, a pulsed motor is left without current."""

    Settings: ClassVar[type] = GpioLockSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"lock"})

    def __init__(self, settings: GpioLockSettings, context: DriverContext) -> None:
        self._settings = settings
        self._name = context.name
        self._lines = MovedLines(device=context.name, outputs=settings.outputs(), inputs=settings.inputs())
        self._is_pulsed = settings.unlocking is not None
        self._is_started = False
        self._moving = asyncio.Lock()

    async def start(self) -> None:
        """Take the lines, the motor as it stands. Raises WrongSettings or DeviceGone where they cannot be had."""
        self._take()
        if not self._is_started and not self._lines.has_inputs:
            log.warning("%s: no end switch, it is taken to follow each command", self._name)
        self._is_started = True

    async def stop(self) -> None:
        """Leave the cable as it is, or free where the settings want that; give the lines back."""
        was_started, self._is_started = self._is_started, False
        try:
            if was_started and self._settings.unlock_on_power_loss and self._lines.are_taken:
                async with self._moving:
                    await self._drive(locked=False)
        finally:
            self._release()

    async def lock(self) -> None:
        """Return once locked; NotConfirmed where the end switches disagree, DeviceGone where a line is gone."""
        await self._move(locked=True)

    async def unlock(self) -> None:
        """Return once free; errors as `lock`."""
        await self._move(locked=False)

    async def _move(self, *, locked: bool) -> None:
        try:
            async with asyncio.timeout(self._settings.time_limit_s), self._moving:
                await self._try_to(locked=locked)
        except TimeoutError as error:
            raise NotConfirmed(f"is not {_WORDS[locked]} in time: {self._lines.seen()}", device=self._name) from error
        except DeviceGone:
            self._lines.release()
            raise

    async def _try_to(self, *, locked: bool) -> None:
        if not self._is_started:
            raise DeviceGone("is not started", device=self._name)
        self._take()
        if self._is_pulsed and self._lines.has_inputs and self._stands(locked=locked):
            return
        for attempt in range(self._settings.tries):
            if attempt:
                log.warning("%s: is not %s (%s), tried again", self._name, _WORDS[locked], self._lines.seen())
                await asyncio.sleep(self._settings.pause_s)
            if await self._drive(locked=locked):
                return
        raise NotConfirmed(f"is not {_WORDS[locked]}: {self._lines.seen()}", device=self._name)

    async def _drive(self, *, locked: bool) -> bool:
        """One try: whether it stands there once the motor and the switches had their time."""
        return await (self._pulse(locked=locked) if self._is_pulsed else self._hold(locked=locked))

    async def _pulse(self, *, locked: bool) -> bool:
        driven, other = ("locking", "unlocking") if locked else ("unlocking", "locking")
        try:
            self._lines.off(other)  # never both at once: that would short an H-bridge
            self._lines.on(driven)
            await asyncio.sleep(self._settings.pulse_s)
        finally:
            self._lines.rest()
        return await self._lines.until(partial(self._stands, locked=locked), limit_s=self._settings.confirm_s)

    async def _hold(self, *, locked: bool) -> bool:
        is_there = False
        try:
            (self._lines.on if locked else self._lines.off)("locking")
            await asyncio.sleep(self._settings.pulse_s)
            is_there = await self._lines.until(partial(self._stands, locked=locked), limit_s=self._settings.confirm_s)
        finally:
            if locked and not is_there:
                self._lines.rest()  # a motor that does not get there would burn
        return is_there

    def _stands(self, *, locked: bool) -> bool:
        """What the end switches say, all that there are."""
        return self._lines.agree({"locked_switch": locked, "unlocked_switch": not locked})

    def _take(self) -> None:
        # A held lock must not spring open because its driver starts.
        is_left = not self._is_pulsed and not self._settings.unlock_on_power_loss
        self._lines.take(initial=None if is_left else False)

    def _release(self) -> None:
        try:
            if self._is_pulsed:
                self._lines.rest()
        finally:
            self._lines.release()
