"""The cable lock of a port."""

import asyncio

from hal.errors import HalError
from hal.parts import ConnectorLock
from hal.port_devices import Device, call
from hal.port_faults import FaultLedger

LOCK_FAULT = "ConnectorLockFailure"
_MOVES = "lock"
_DEVICE = "device of the lock"


class CableLock:
    """Moves the lock; whether it may be moved now is its caller's to know."""

    def __init__(
        self, lock: ConnectorLock | None, *, device: Device | None, ledger: FaultLedger, timeout_s: float
    ) -> None:
        self.locked: bool | None = None
        """None where that is not known."""
        self._lock = lock
        self._device = device
        self._ledger = ledger
        self._timeout_s = timeout_s

    @property
    def is_there(self) -> bool:
        """Whether there is a lock at all."""
        return self._lock is not None

    async def move(self, *, locked: bool) -> bool:
        """True once confirmed, or where there is no lock; False after a ConnectorLockFailure."""
        lock = self._lock
        if lock is None:
            return True
        try:
            async with asyncio.timeout(self._timeout_s):
                await call(self._device, lock.lock if locked else lock.unlock)
        except (HalError, TimeoutError) as error:
            self.locked = None
            self._ledger.set(LOCK_FAULT, source=_MOVES, detail=str(error) or "the lock does not answer")
            return False
        self.locked = locked
        self._ledger.clear(LOCK_FAULT, source=_MOVES)
        self._ledger.clear(LOCK_FAULT, source=_DEVICE)
        return True

    def next_car(self) -> None:
        """The next car is a new try."""
        self._ledger.clear(LOCK_FAULT, source=_MOVES)

    def device_lost(self, error: HalError) -> None:
        """Its device cannot be opened."""
        self._ledger.set(LOCK_FAULT, source=_DEVICE, detail=str(error))

    def device_opened(self) -> None:
        """Its device is there."""
        self._ledger.clear(LOCK_FAULT, source=_DEVICE)
