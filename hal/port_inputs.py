"""The fault inputs and stop buttons of a port: each is either heard of, or reported as lost."""

from hal.errors import HalError
from hal.parts import Clock
from hal.port_faults import FaultLedger
from hal.port_limits import LOST
from hal.readings import FaultReading
from hal.real_time import Stopwatch, real_monotonic_of

SETTLE_S = 0.5
"""A stream that began tells its active faults within this time; what it did not repeat by then is over."""


class FaultInput:
    """What one input said since it was opened last."""

    def __init__(self, number: int, *, ledger: FaultLedger, clock: Clock) -> None:
        self.is_known = False
        self._source = f"input {number}"
        self._ledger = ledger
        self._settling = Stopwatch(clock, real_monotonic=real_monotonic_of(clock))
        self._said: set[str] = set()

    def opened(self) -> None:
        """The stream begins."""
        self._said.clear()
        self._settling.restart()

    def took(self, reading: FaultReading) -> None:
        """It said something."""
        if reading.active:
            self._said.add(reading.fault)
            self._ledger.set(reading.fault, source=self._source, detail=reading.detail)
        else:
            self._said.discard(reading.fault)
            self._ledger.clear(reading.fault, source=self._source)

    def lost(self, error: HalError) -> None:
        """Nobody knows what it would say."""
        self.is_known = False
        self._settling.stop()
        self._ledger.set("BoardLost", source=self._source, detail=str(error))

    def check(self) -> None:
        """Call regularly: believes the input once it had the time to tell everything."""
        if not self._settling.passed(SETTLE_S):
            return
        self._settling.stop()
        self.is_known = True
        self._ledger.keep_only(frozenset(self._said), source=self._source)


class StopButtonInput:
    """Whether one stop button is heard of; a press is its caller's to report."""

    def __init__(self, number: int, *, ledger: FaultLedger, clock: Clock) -> None:
        self._source = f"stop button {number}"
        self._ledger = ledger
        self._settling = Stopwatch(clock, real_monotonic=real_monotonic_of(clock))

    def opened(self) -> None:
        """The stream begins: a button says nothing before it is pressed."""
        self._settling.restart()

    def lost(self, error: HalError) -> None:
        """Nobody would hear a press."""
        self._settling.stop()
        self._ledger.set(LOST, source=self._source, detail=str(error))

    def check(self) -> None:
        """Call regularly: believes the button once it stayed open for a while."""
        if self._settling.passed(SETTLE_S):
            self._settling.stop()
            self._ledger.clear(LOST, source=self._source)
