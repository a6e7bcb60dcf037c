"""Opening a port's devices, and opening them again after they were lost."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

from hal.errors import DeviceGone, HalError
from hal.parts import Clock, Driver

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 10.0
STOP_LIMIT_S = 2.0


class Device:
    """One driver: opened by whoever needs it first, closed and opened again by whoever lost it."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.opened = 0
        self.is_followed = False
        """One of its parts is followed: whoever follows decides about opening it again."""
        self._is_open = False
        self._is_shut = False
        self._lock = asyncio.Lock()

    def admit(self) -> None:
        """From now on, after `close` too, it may be opened."""
        self._is_shut = False

    async def open(self) -> int:
        """Return once it is open, with the number of this opening; HalError where it cannot be opened now."""
        async with self._lock:
            if self._is_shut:  # whoever comes late must not leave it open behind the port
                raise DeviceGone("the port is closed")
            if not self._is_open:
                await self.driver.start()
                self._is_open = True
                self.opened += 1
            return self.opened

    async def lost(self, opening: int) -> None:
        """Close what was opened as number `opening`, unless somebody else already did."""
        async with self._lock:
            if self._is_open and opening == self.opened:
                self._is_open = False
                await self._stop()

    async def close(self) -> None:
        """Leave it safe and closed, open or not; errors are logged, for there is nobody left to hear them."""
        self._is_shut = True
        async with self._lock:
            self._is_open = False
            await self._stop()

    async def _stop(self) -> None:
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await self.driver.stop()
        except (HalError, TimeoutError) as error:
            log.warning("device did not stop cleanly: %s", str(error) or "it took too long")


class Devices:
    """The drivers of one EVSE, found by the part they provide."""

    def __init__(self, drivers: Sequence[Driver]) -> None:
        self.all = tuple(Device(driver) for driver in drivers)

    def of(self, part: object) -> Device | None:
        """The device that provides `part`; None where the part needs no opening."""
        return next((device for device in self.all if device.driver is part), None)

    async def close(self) -> None:
        """Close all, the last first."""
        for device in reversed(self.all):
            await device.close()


def _nothing() -> None:
    """Opening alone says nothing about most parts."""


async def follow_forever(
    part: object,
    stream: Callable[[], AsyncIterator[T]],
    *,
    devices: Devices,
    clock: Clock,
    opened: Callable[[], None] = _nothing,
    took: Callable[[T], None],
    lost: Callable[[HalError], None],
) -> None:
    """Follow one part's stream for good: open its device, hand on each item, report a loss, wait, begin again."""
    device = devices.of(part)
    retry_s = FIRST_RETRY_S
    while True:
        opening = 0
        try:
            if device is not None:
                opening = await device.open()
            opened()
            async with contextlib.aclosing(_closable(stream())) as items:
                async for item in items:
                    retry_s = FIRST_RETRY_S
                    took(item)
            raise DeviceGone("stopped reporting")  # noqa: TRY301 - an end and a failure are treated alike
        except HalError as error:
            lost(error)
        if device is not None:
            await device.lost(opening)
        await clock.sleep(retry_s)
        retry_s = min(LAST_RETRY_S, 2 * retry_s)


async def call(device: Device | None, verb: Callable[[], Awaitable[None]]) -> None:
    """Have a part do something, its device opened before; one that is gone is opened anew by the next call."""
    opening = await device.open() if device is not None else 0
    try:
        await verb()
    except DeviceGone:
        if device is not None and not device.is_followed:
            await device.lost(opening)
        raise


async def keep_open(device: Device, *, clock: Clock, lost: Callable[[HalError], None]) -> None:
    """Open a device that nobody follows; return once it is open."""
    retry_s = FIRST_RETRY_S
    while True:
        try:
            await device.open()
            return
        except HalError as error:
            lost(error)
        await clock.sleep(retry_s)
        retry_s = min(LAST_RETRY_S, 2 * retry_s)


async def _closable(stream: AsyncIterator[T]) -> AsyncGenerator[T, None]:
    """The same items from an iterator that has `aclose`; the inner one is closed with it where it can be."""
    try:
        async for item in stream:
            yield item
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
