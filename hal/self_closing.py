"""Boards that close their contactor by themselves as soon as an EV asks for energy under an offer.

An EVSE controller of this kind (OpenEVSE, EVSE-DIN, ...) measures the pilot, makes the PWM and drives the relay.
Of the port's commands it knows only two: a current to offer, and to stop at once. This module makes a pilot, a
contactor and fault inputs of that; how a board is talked to is its link's business.

- The board is enabled by the offer. `close` is obeyed by not standing in its way.
- `open` is the board's hard stop, wherever its relay may be closed. The stop stands until `close`, a new offer, or
  until the board says that the relay is open and the vehicle no longer asks.
- A relay that closed by itself is reported together with the vehicle's wish, and the wish first; that the relay is
  closed waits up to GRACE_S for the port to say the same.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hal.errors import DeviceGone, HalError
from hal.readings import FaultReading, PilotState
from hal.streams import Reports

log = logging.getLogger(__name__)

GRACE_S = 0.5
HURRY_S = 0.1
"""How often the board is asked while it has not yet done what it was told."""
CUT_AGAIN_S = 0.2
"""The hard stop is handed over again at most so often; the link repeats it by itself until the board obeyed."""
ASKS = frozenset({PilotState.C, PilotState.D})


@dataclass(frozen=True, slots=True)
class BoardState:
    """One fresh look at a board. `pilot` is None where it cannot tell now; `faults` maps a fault to its detail."""

    pilot: PilotState | None
    closed: bool
    faults: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_at_rest(self) -> bool:
        """Its relay is open, and no vehicle asks for it to be closed."""
        return not self.closed and self.pilot is not None and self.pilot not in ASKS


@dataclass(frozen=True, slots=True)
class Wish:
    """What the port wants of the board. `stands` must be asked, under the link's own lock, just before whatever
    enables the board is sent: False once `open` was called in between, from whichever thread."""

    offer_a: float | None
    closed: bool
    is_cut: bool
    stands: Callable[[], bool]

    @property
    def enables(self) -> bool:
        """The board may make a PWM."""
        return self.offer_a is not None and not self.is_cut


class BoardLink(Protocol):
    """The way to one board. All errors are HalErrors with the device's name."""

    async def open(self) -> None:
        """Open the line and command the board safe: nothing offered, relay open."""
        ...

    async def close(self) -> None:
        """Command the board safe, as far as it can still be reached, and release the line; within a second."""
        ...

    async def read(self) -> BoardState:
        """How the board stands now; DeviceSilent rather than an old answer."""
        ...

    async def apply(self, wish: Wish) -> None:
        """Bring the board there, given the last `read`; nothing is sent where nothing is to be changed."""
        ...

    def cut(self) -> None:
        """Hand over the hard stop: from any thread, never waits. DeviceGone where it cannot be handed over."""
        ...


class SelfClosingBoard:
    """The verbs of pilot, contactor and fault input over one link. `poll_s` is the time between two looks."""

    def __init__(self, link: BoardLink, *, name: str, poll_s: float) -> None:
        self._link = link
        self._name = name
        self._poll_s = poll_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._state: BoardState | None = None
        self._offer_a: float | None = None
        self._closed_wanted = False
        self._is_cut = False
        self._cuts = 0
        self._cut_at_s = float("-inf")
        self._pilot: PilotState | None = None
        self._position = False
        self._unasked_since_s: float | None = None
        self._faults: dict[str, str] = {}
        self._pilots: Reports[PilotState] = Reports(lambda: () if self._pilot is None else (self._pilot,), device=name)
        self._positions: Reports[bool] = Reports(lambda: (self._position,), device=name)
        self._fault_reports: Reports[FaultReading] = Reports(self._active_faults, device=name)

    async def start(self) -> None:
        """Open the link, leave the board safe, look at it once, and go on looking. Harmless when repeated."""
        if self._task is not None and not self._task.done():
            return
        self._loop = asyncio.get_running_loop()
        self._offer_a, self._closed_wanted, self._is_cut = None, False, False
        try:
            await self._link.open()
            state = await self._link.read()
        except BaseException:
            self._loop = None
            await self._link.close()
            raise
        self._state, self._unasked_since_s = state, None
        self._pilot, self._position, self._faults = state.pilot, state.closed, dict(state.faults)
        for reports in (self._pilots, self._positions, self._fault_reports):
            reports.begin()
        self._task = asyncio.create_task(self._run(), name=f"board of {self._name}")

    async def stop(self) -> None:
        """Leave the board safe and release it; every reader is told DeviceGone."""
        self._offer_a, self._closed_wanted = None, False
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._end(DeviceGone("was stopped", device=self._name))
        if self._loop is not None:
            self._loop = None
            await self._link.close()

    def offer(self, current_a: float | None) -> None:
        """ControlPilot. DeviceGone while the board is not there; None is harmless then."""
        if current_a is not None:
            self._check_there()
            self._is_cut, self._cut_at_s = False, float("-inf")
        self._offer_a = current_a
        self._wake()

    def open(self) -> None:
        """Contactor; from any thread. Nothing is sent where the board itself last said that it rests."""
        self._closed_wanted = False
        state = self._state
        if self._loop is None or (state is not None and state.is_at_rest):
            return
        self._cuts += 1
        self._is_cut = True
        # Repeated as often as the port likes, it would fill the line that its confirmation has to come over.
        if time.monotonic() - self._cut_at_s >= CUT_AGAIN_S:
            self._link.cut()
            self._cut_at_s = time.monotonic()
        self._wake()

    def close(self) -> None:
        """Contactor. DeviceGone while the board is not there."""
        self._check_there()
        self._closed_wanted = True
        self._is_cut, self._cut_at_s = False, float("-inf")
        if self._state is not None and self._state.closed:
            self._tell_position(closed=True)
        self._wake()

    def states(self) -> AsyncIterator[PilotState]:
        """ControlPilot."""
        return self._pilots.follow()

    def positions(self) -> AsyncIterator[bool]:
        """Contactor: what the board says of its relay."""
        return self._positions.follow()

    def faults(self) -> AsyncIterator[FaultReading]:
        """FaultInput."""
        return self._fault_reports.follow()

    def look_soon(self) -> None:
        """The board announced a change: from the event loop's thread."""
        self._woken.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._link.apply(self._wish())
                state = await self._link.read()
            except HalError as error:
                self._end(error)
                return
            except Exception as error:
                log.exception("%s: the board's driver failed", self._name)
                self._end(DeviceGone(f"its driver failed: {error}", device=self._name))
                return
            self._take(state)
            await self._pause()

    def _wish(self) -> Wish:
        cuts = self._cuts
        return Wish(
            offer_a=self._offer_a,
            closed=self._closed_wanted,
            is_cut=self._is_cut,
            stands=lambda: self._cuts == cuts,
        )

    def _take(self, state: BoardState) -> None:
        self._state = state
        if self._is_cut and state.is_at_rest:
            self._is_cut = False
        if state.pilot is not None and state.pilot is not self._pilot:
            self._pilot = state.pilot
            self._pilots.emit(state.pilot)
        self._take_faults(state.faults)
        if not state.closed or self._closed_wanted:
            self._unasked_since_s = None
            self._tell_position(closed=state.closed)
        elif not self._position:
            now_s = asyncio.get_running_loop().time()
            self._unasked_since_s = self._unasked_since_s or now_s
            if now_s - self._unasked_since_s >= GRACE_S:
                self._tell_position(closed=True)

    def _take_faults(self, faults: Mapping[str, str]) -> None:
        for fault in [name for name in self._faults if name not in faults]:
            del self._faults[fault]
            self._fault_reports.emit(FaultReading(fault, active=False))
        for fault, detail in faults.items():
            if fault not in self._faults:
                self._faults[fault] = detail
                self._fault_reports.emit(FaultReading(fault, active=True, detail=detail))

    def _tell_position(self, *, closed: bool) -> None:
        if closed != self._position:
            self._position = closed
            self._positions.emit(closed)

    def _active_faults(self) -> list[FaultReading]:
        return [FaultReading(fault, active=True, detail=detail) for fault, detail in self._faults.items()]

    async def _pause(self) -> None:
        state = self._state
        is_waiting = state is not None and (self._is_cut or self._closed_wanted != state.closed)
        try:
            async with asyncio.timeout(HURRY_S if is_waiting else self._poll_s):
                await self._woken.wait()
        except TimeoutError:
            return
        self._woken.clear()

    def _end(self, failure: HalError) -> None:
        # Nothing is known of the relay any more: the next `open` must not rely on what was.
        self._state = None
        for reports in (self._pilots, self._positions, self._fault_reports):
            reports.end(failure)

    def _check_there(self) -> None:
        if self._state is None:
            raise DeviceGone("is not reachable", device=self._name)

    def _wake(self) -> None:
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._woken.set)
