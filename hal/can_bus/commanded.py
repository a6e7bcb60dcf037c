"""Boards that close their contactor when they are told to, and not before."""

import asyncio
from collections.abc import AsyncIterator

from hal.can_bus.link import CanLink
from hal.errors import DeviceGone, HalError
from hal.readings import FaultReading, PilotState
from hal.self_closing import BoardState
from hal.streams import Reports


class CommandedBoard:
    """The verbs of pilot, contactor and fault input. Without feedback a command counts as done after `assume_s`."""

    def __init__(self, link: CanLink, *, name: str, assume_s: float | None) -> None:
        self._link = link
        self._name = name
        self._assume_s = assume_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._assuming: asyncio.TimerHandle | None = None
        self._assumed = False
        self._state: BoardState | None = None
        self._pilots: Reports[PilotState] = Reports(self._present_pilot, device=name)
        self._positions: Reports[bool] = Reports(self._present_position, device=name)
        self._faults: Reports[FaultReading] = Reports(self._active_faults, device=name)
        link.changed = self._take
        link.failed = self._end

    async def start(self) -> None:
        """Open the link and leave the board safe. Harmless when repeated, until the board was lost."""
        if self._state is not None:
            return
        await self._link.close()
        self._assumed = False
        self._loop = asyncio.get_running_loop()
        try:
            await self._link.open()
            self._state = self._link.state()
        except BaseException:
            self._loop = None
            raise
        for reports in (self._pilots, self._positions, self._faults):
            reports.begin()

    async def stop(self) -> None:
        """Leave the board safe and release it; every reader is told DeviceGone."""
        self._end(DeviceGone("was stopped", device=self._name))
        await self._link.close()
        self._loop = None
        self._forget_assumption()

    def offer(self, current_a: float | None) -> None:
        """ControlPilot. DeviceGone while the board is not there; None is harmless then."""
        if self._state is None:
            if current_a is None:
                return
            raise DeviceGone("is not reachable", device=self._name)
        self._link.offer(current_a)

    def open(self) -> None:
        """Contactor; from any thread, also while the board is silent: somebody may still hear it."""
        if not self._link.is_open:
            return
        self._link.contactor(closed=False)
        self._assume(closed=False)

    def close(self) -> None:
        """Contactor. DeviceGone while the board is not there."""
        if self._state is None:
            raise DeviceGone("is not reachable", device=self._name)
        self._link.contactor(closed=True)
        self._assume(closed=True)

    def states(self) -> AsyncIterator[PilotState]:
        """ControlPilot."""
        return self._pilots.follow()

    def positions(self) -> AsyncIterator[bool]:
        """Contactor: what the board says of its mirror contact."""
        return self._positions.follow()

    def faults(self) -> AsyncIterator[FaultReading]:
        """FaultInput."""
        return self._faults.follow()

    def _take(self) -> None:
        before = self._state
        if before is None:
            return
        now = self._state = self._link.state()
        if now.pilot is not None and now.pilot is not before.pilot:
            self._pilots.emit(now.pilot)
        if self._assume_s is None and now.closed is not before.closed:
            self._positions.emit(now.closed)
        for fault in before.faults.keys() - now.faults.keys():
            self._faults.emit(FaultReading(fault, active=False))
        for fault, detail in now.faults.items():
            if fault not in before.faults:
                self._faults.emit(FaultReading(fault, active=True, detail=detail))

    def _end(self, failure: HalError) -> None:
        self._state = None
        for reports in (self._pilots, self._positions, self._faults):
            reports.end(failure)

    def _present_pilot(self) -> list[PilotState]:
        return [self._state.pilot] if self._state is not None and self._state.pilot is not None else []

    def _present_position(self) -> list[bool]:
        if self._assume_s is not None:
            return [self._assumed]
        return [self._state.closed] if self._state is not None else []

    def _active_faults(self) -> list[FaultReading]:
        known = self._state.faults if self._state is not None else {}
        return [FaultReading(fault, active=True, detail=detail) for fault, detail in known.items()]

    def _assume(self, *, closed: bool) -> None:
        """Any thread may call."""
        loop = self._loop
        if self._assume_s is not None and loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._assume_later, closed)

    def _assume_later(self, closed: bool) -> None:  # noqa: FBT001 - call_soon_threadsafe passes by position
        self._forget_assumption()
        if self._loop is not None and self._assume_s is not None:
            self._assuming = self._loop.call_later(self._assume_s, self._assume_now, closed)

    def _assume_now(self, closed: bool) -> None:  # noqa: FBT001 - call_later passes by position
        self._assuming = None
        if closed is not self._assumed:
            self._assumed = closed
            self._positions.emit(closed)

    def _forget_assumption(self) -> None:
        if self._assuming is not None:
            self._assuming.cancel()
            self._assuming = None
