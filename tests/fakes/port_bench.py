"""Two ports on simulated EVSEs under the effects' hands, with a clock that is moved by hand."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from agent.runtime.effects import Effects, PortControl
from agent.runtime.hal_watch import PortWatch
from agent.runtime.tasks import Tasks
from agent.station.effects import Effect, PermitEnergy
from agent.station.events import Event
from hal.board import EvseParts
from hal.port import Port, PortSettings
from hal.registry import DriverContext, SharedDevices
from hal.sim.board import BoardSettings
from hal.sim.controls import SimEvseControls, sim_controls
from hal.sim.evse import SimEvse
from tests.fakes.manual_moments import ManualMoments

E = TypeVar("E")

RENEWAL_S = 0.5


@dataclass(frozen=True, slots=True)
class Iron:
    """One EVSE: what is simulated, the hand on it, and its port."""

    evse: SimEvse
    controls: SimEvseControls
    port: Port

    @property
    def is_locked(self) -> bool:
        """Whether the cable is held."""
        return self.controls.view().locked

    @property
    def is_commanded_closed(self) -> bool:
        """What the contactor was told last."""
        return self.evse.board.contactor.commanded_closed


class PortBench:
    """`act` carries out effects on EVSEs 1 and 2; `events` is what was posted, each with its time in `at_s`."""

    def __init__(self, *, lock_s: float = 1.0, parts: dict[str, Any] | None = None) -> None:
        self.clock = ManualMoments()
        self.tasks = Tasks()
        self.events: list[Event] = []
        self.at_s: list[float] = []
        self.effects = Effects({}, tasks=self.tasks)
        self.effects.post = self.post
        self.iron: dict[int, Iron] = {}
        # Only EVSE 1 has what a test brings: EVSE 2 is the one beside it.
        self._add(1, BoardSettings(lock_s=lock_s, operate_s=0.3), parts or {})
        self._add(2, BoardSettings(lock_s=0.3), {})

    def _add(self, evse_id: int, board: BoardSettings, parts: dict[str, Any]) -> None:
        shared = SharedDevices()
        evse = SimEvse(board, DriverContext(f"EVSE {evse_id}", evse_id, self.clock, shared=shared))
        controls = sim_controls(shared)
        assert controls is not None
        whole = EvseParts(evse, evse, evse, lock=evse, faults=(evse,), indicator=evse, drivers=(evse,))
        watch = PortWatch(evse_id, self.clock, self.post)
        port = Port(
            evse_id,
            replace(whole, **parts),
            clock=self.clock,
            settings=PortSettings(max_current_a=32.0),
            report=watch.report,
        )
        self.iron[evse_id] = Iron(evse, controls.evse(evse_id), port)
        self.effects.controls[evse_id] = PortControl(port, watch, tasks=self.tasks)

    def post(self, event: Event) -> None:
        """Where events go."""
        self.events.append(event)
        self.at_s.append(self.clock.monotonic())

    def act(self, *effects: Effect) -> None:
        """Carry out in this order."""
        for effect in effects:
            self.effects.act(effect)

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def when(self, kind: type[Event]) -> list[float]:
        """When the events of one kind were posted."""
        return [at_s for event, at_s in zip(self.events, self.at_s, strict=True) if isinstance(event, kind)]

    async def pass_time(self, seconds: float) -> None:
        """Let time pass with an agent that is alive."""
        end_s = self.clock.monotonic() + seconds
        while (rest_s := end_s - self.clock.monotonic()) > 1e-9:
            await self.clock.advance(min(RENEWAL_S, rest_s))
            for iron in self.iron.values():
                iron.port.renew()

    async def until(self, is_so: Callable[[], bool], *, within_s: float = 30.0) -> None:
        """Let time pass until it is so."""
        end_s = self.clock.monotonic() + within_s
        while not is_so():
            assert self.clock.monotonic() < end_s, f"it did not come true; {self.events}"
            await self.pass_time(0.1)

    async def charge(self, evse_id: int = 1) -> None:
        """Plug in and let it charge, its cable not locked."""
        self.iron[evse_id].controls.plug_in()
        self.act(PermitEnergy(evse_id, 16.0))
        await self.until(lambda: self.iron[evse_id].port.snapshot().contactor_closed is True)


@asynccontextmanager
async def port_bench(*, lock_s: float = 1.0, parts: dict[str, Any] | None = None) -> AsyncIterator[PortBench]:
    """Both ports run as long as the block lasts. `parts` replace those of EVSE 1."""
    bench = PortBench(lock_s=lock_s, parts=parts)
    running = [
        asyncio.create_task(iron.port.run(), name=f"port {evse_id} under test") for evse_id, iron in bench.iron.items()
    ]
    try:
        await bench.pass_time(1.0)
        yield bench
    finally:
        await bench.tasks.close()
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        assert all(task.cancelled() for task in running), [task.exception() for task in running]
