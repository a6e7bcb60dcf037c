"""What every ConnectorLock must do, whatever it is made of: subclass LockContract and give it a bench."""

from typing import Protocol

import pytest

from hal.errors import HalError
from hal.parts import ConnectorLock, Driver


class LockBench(Protocol):
    """A started lock, free, and a look at its bolt."""

    lock: ConnectorLock
    driver: Driver

    def is_locked(self) -> bool:
        """Where the bolt is, seen from outside of the driver."""
        ...

    def jam(self) -> None:
        """It does not move any more, wherever it is."""
        ...

    def mend(self) -> None:
        """It moves again."""
        ...


class LockContract:
    """Needs a fixture `bench` that gives a LockBench."""

    @pytest.fixture
    def bench(self) -> LockBench:
        raise NotImplementedError

    async def test_it_is_locked_once_lock_returns(self, bench: LockBench) -> None:
        await bench.lock.lock()

        assert bench.is_locked()

    async def test_it_is_free_once_unlock_returns(self, bench: LockBench) -> None:
        await bench.lock.lock()

        await bench.lock.unlock()

        assert not bench.is_locked()

    async def test_locking_twice_is_harmless(self, bench: LockBench) -> None:
        await bench.lock.lock()
        await bench.lock.lock()

        assert bench.is_locked()

    async def test_unlocking_what_is_free_is_harmless(self, bench: LockBench) -> None:
        await bench.lock.unlock()

        assert not bench.is_locked()

    async def test_a_lock_that_does_not_lock_says_so(self, bench: LockBench) -> None:
        bench.jam()

        with pytest.raises(HalError):
            await bench.lock.lock()

    async def test_a_lock_that_does_not_open_says_so(self, bench: LockBench) -> None:
        await bench.lock.lock()
        bench.jam()

        with pytest.raises(HalError):
            await bench.lock.unlock()

    async def test_it_works_again_once_it_is_mended(self, bench: LockBench) -> None:
        bench.jam()
        with pytest.raises(HalError):
            await bench.lock.lock()
        bench.mend()

        await bench.lock.lock()

        assert bench.is_locked()

    async def test_a_locked_cable_stays_locked_when_the_driver_stops(self, bench: LockBench) -> None:
        await bench.lock.lock()

        await bench.driver.stop()

        assert bench.is_locked()
