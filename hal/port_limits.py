"""What lowers the current of a port without a fault: each of its limit sources, and the least of them."""

import math
from collections.abc import Callable

from hal.errors import HalError
from hal.port_events import LimitMoved, PortEvent
from hal.port_faults import FaultLedger
from hal.port_rules import MIN_OFFER_A
from hal.readings import LimitReading

LOST = "SensorFailure"
"""The fault under which a limit source or a stop button that is not heard of is reported: energy may go on."""


class CurrentLimits:
    """The limit sources of one port together; `most_a` is what its wiring carries, a higher limit limits nothing.

    A source that is not known (not heard of yet, lost, or telling no number) limits to the lower of what it said
    last and MIN_OFFER_A: the vehicle goes on as slowly as can be offered, and a pause stays a pause.
    """

    def __init__(self, count: int, *, most_a: float, ledger: FaultLedger, post: Callable[[PortEvent], None]) -> None:
        self._said: list[LimitReading | None] = [None] * count
        self._known = [False] * count
        self._heard = [False] * count
        self._most_a = most_a
        self._ledger = ledger
        self._post = post
        self._told_a: float | None = None

    @property
    def limit_a(self) -> float | None:
        """The most current per phase they allow together; None where they limit nothing."""
        return self._least()[0]

    def took(self, number: int, reading: LimitReading) -> None:
        """Source `number` told its limit."""
        if reading.max_current_a is not None and math.isnan(reading.max_current_a):
            self._unknown(number, "told a limit that is no number")
            return
        self._said[number], self._known[number] = reading, True
        self._ledger.clear(LOST, source=_source(number))
        self._tell(number)

    def lost(self, number: int, error: HalError) -> None:
        """Nobody knows what source `number` would say."""
        self._unknown(number, str(error))

    def _unknown(self, number: int, why: str) -> None:
        self._known[number] = False
        self._ledger.set(LOST, source=_source(number), detail=why)
        self._tell(number)

    def _tell(self, number: int) -> None:
        self._heard[number] = True
        limit_a, detail = self._least()
        if all(self._heard) and limit_a != self._told_a:
            self._told_a = limit_a
            self._post(LimitMoved(limit_a, detail))

    def _least(self) -> tuple[float | None, str]:
        limits = [self._of(number) for number in range(len(self._said))]
        least_a, detail = min(limits, default=(math.inf, ""), key=lambda one: one[0])
        return (least_a, detail) if least_a < self._most_a else (None, "")

    def _of(self, number: int) -> tuple[float, str]:
        said = self._said[number]
        last_a = math.inf if said is None or said.max_current_a is None else said.max_current_a
        if not self._known[number]:
            return min(MIN_OFFER_A, last_a), f"{_source(number)} is not heard of"
        return last_a, "" if said is None else said.detail


def _source(number: int) -> str:
    return f"limit {number}"
