"""A port on a simulated EVSE, with a clock that is moved by hand."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

from hal.board import EvseParts
from hal.parts import Clock
from hal.port import Port, PortSettings
from hal.port_events import FaultMoved, PortEvent
from hal.registry import DriverContext, SharedDevices
from hal.sim.board import BoardSettings
from hal.sim.clock import ManualClock
from hal.sim.controls import SimEvseControls, sim_controls
from hal.sim.evse import SimEvse

E = TypeVar("E")


class WallClock:
    """Real time."""

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Rig:
    """`evse` is the simulated iron, `controls` the hand on it, `events` what the port reported."""

    def __init__(
        self,
        *,
        settings: PortSettings | None = None,
        clock: Clock | None = None,
        manual_clock: ManualClock | None = None,
        **parts: Any,
    ) -> None:
        self.clock = manual_clock or ManualClock()
        lived: Clock = clock or self.clock
        shared = SharedDevices()
        self.evse = SimEvse(BoardSettings(), DriverContext("EVSE 1", 1, lived, shared=shared))
        controls = sim_controls(shared)
        assert controls is not None
        self.controls: SimEvseControls = controls.evse(1)
        self.events: list[PortEvent] = []
        self.commands: list[str] = []
        whole = EvseParts(
            pilot=self.evse,
            contactor=self.evse,
            meter=self.evse,
            lock=self.evse,
            faults=(self.evse,),
            indicator=self.evse,
            drivers=(self.evse,),
        )
        self.port = Port(
            1,
            replace(whole, **parts),
            clock=lived,
            settings=settings or PortSettings(max_current_a=32.0),
            report=self.events.append,
        )

    @property
    def is_commanded_closed(self) -> bool:
        """What the contactor was told last."""
        return self.evse.board.contactor.commanded_closed

    async def pass_time(self, seconds: float, *, renewing: bool = True) -> None:
        """Let time pass, with an agent that is alive or not."""
        rest_s = seconds
        while rest_s > 1e-9:
            step_s = min(0.5, rest_s)
            await self.clock.advance(step_s)
            rest_s -= step_s
            if renewing:
                self.port.renew()

    async def charge(self, *, limit_a: float = 16.0) -> None:
        """Plug in and let it charge."""
        self.controls.plug_in()
        self.port.permit(limit_a)
        await self.pass_time(6.0)
        assert self.port.snapshot().contactor_closed

    def of(self, kind: type[E]) -> list[E]:
        """The reported events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def faults(self) -> list[tuple[str, bool]]:
        """The reported fault moves."""
        return [(event.fault, event.active) for event in self.of(FaultMoved)]


@asynccontextmanager
async def running(rig: Rig) -> AsyncIterator[Rig]:
    """Run the port as long as the block lasts."""
    task = asyncio.create_task(rig.port.run(), name="port under test")
    try:
        await rig.pass_time(1.0)
        yield rig
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()
