"""What must be so of a port on parts that only remember: permission, lease and parts, by what was done to them."""

import asyncio
import logging
import math
from collections.abc import Coroutine
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from hal.port import Port, PortSettings
from hal.port_events import PortEvent
from hal.readings import PilotState
from hal.sim.clock import ManualClock
from tests.hal.port_iron import Iron

LIMITS = PortSettings(max_current_a=32.0)
HARMLESS = {"ReaderFailure"}
ASKS = {PilotState.C, PilotState.D}


class QuickClock(ManualClock):
    """Lets run what can run, and no longer."""

    async def settle(self) -> None:
        loop: Any = asyncio.get_running_loop()
        await asyncio.sleep(0)
        while loop._ready:  # noqa: ASYNC110 - it asks the loop itself
            await asyncio.sleep(0)


class PortModel(RuleBasedStateMachine):
    """The port runs whole; `broken` is what it did and must not have done."""

    def __init__(self) -> None:
        super().__init__()
        logging.disable(logging.CRITICAL)  # a line for each fault of each example is read by nobody
        self.loop = asyncio.new_event_loop()
        self.clock = QuickClock()
        self.iron = Iron(self.clock)
        self.events: list[PortEvent] = []
        self.broken: list[str] = []
        self.errands: list[asyncio.Task[bool]] = []
        self.began_at_s = self.clock.monotonic()
        self.permitted_a: float | None = None
        self.renewed_at_s = -math.inf
        self.paused_at_s: float | None = None
        self.offered_at_s = -math.inf
        self.meter_failed_at_s: float | None = None
        self.iron.relay.told_to_close = self.judge_closing
        self.iron.pilot.told_to_offer = self.judge_offering
        self.iron.lock.watch = self.judge_moving
        self.iron.phases.watch = self.judge_moving
        self.run(self._begin())

    async def _begin(self) -> None:
        self.port = Port(1, self.iron.parts, clock=self.clock, settings=LIMITS, report=self.events.append)
        self.running = asyncio.create_task(self.port.run(), name="port under test")
        await self.clock.settle()

    def teardown(self) -> None:
        self.run(self._end())
        self.loop.close()
        logging.disable(logging.NOTSET)
        assert self.iron.relay.is_gone or self.iron.relay.is_refusing or not self.iron.relay.told_closed

    async def _end(self) -> None:
        tasks = [self.running, *self.errands]
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        assert self.running.cancelled(), self.running.exception()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(work)

    def settle(self) -> None:
        """What happened is heard of; no time passes."""
        self.run(self.clock.settle())
        self.note()

    # What the model knows

    @property
    def now_s(self) -> float:
        return self.clock.monotonic()

    @property
    def is_leased(self) -> bool:
        return self.now_s - self.renewed_at_s < LIMITS.lease_s

    @property
    def limit_a(self) -> float | None:
        """What may flow; None without permission."""
        if self.permitted_a is None:
            return None
        if self.iron.phases.switching:
            return 0.0
        limits = [self.permitted_a, LIMITS.max_current_a]
        for one in self.iron.limits:
            said_a = math.inf if one.said_a is None else one.said_a
            limits.append(said_a if one.is_heard and one.was_heard else min(6.0, said_a))
        return min(limits)

    @property
    def forbidden_by(self) -> str | None:
        """The first reason against a closed contactor, pauses and offers apart."""
        iron = self.iron
        reasons = {
            "no permission": self.permitted_a is None,
            "lease ran out": not self.is_leased,
            "no vehicle that asks": iron.pilot.state not in ASKS,
            "pilot is not heard of": not iron.pilot.is_heard,
            "contactor is not heard of": not iron.relay.is_heard,
            "an input is not heard of": not all(one.is_heard for one in iron.inputs),
            "an input may have more to tell": self.now_s - self.began_at_s < 0.4,
            "fault": any(one.active - HARMLESS for one in iron.inputs),
            "cable is being freed": bool(iron.lock.unlocking),
            "phases are being switched": bool(iron.phases.switching),
            "nobody can bill": self.meter_failed_at_s is not None and self.now_s - self.meter_failed_at_s > 15.0,
        }
        return next((reason for reason, holds in reasons.items() if holds), None)

    def note(self) -> None:
        self.errands = [one for one in self.errands if not one.done()]
        limit_a = self.limit_a
        switches = any("phase" in one.get_name() for one in self.errands)
        if limit_a is None or (limit_a >= 6.0 and not switches):
            self.paused_at_s = None
        elif self.paused_at_s is None:
            self.paused_at_s = self.now_s

    def judge_offering(self, current_a: float) -> None:
        self.offered_at_s = self.now_s
        if not 6.0 <= current_a <= (self.limit_a or 0.0):
            self.broken.append(f"offered {current_a} A, {self.limit_a} A are allowed")

    def judge_closing(self) -> None:
        reason = self.forbidden_by
        if reason is None and (self.limit_a or 0.0) < 6.0:
            reason = "paused"
        if reason is None and self.iron.pilot.offer_a is None:
            reason = "nothing is offered"
        if reason is None and self.iron.relay.closed:
            reason = "its contacts are closed already"
        if reason is not None:
            self.broken.append(f"closed, though {reason}")

    def judge_moving(self, move: str, begins: bool) -> None:
        relay = self.iron.relay
        if move == "lock" or self.refuses_to_open:
            return
        if begins and not relay.is_heard:
            self.broken.append(f"{move} with nobody seeing the contactor")
        if relay.told_closed:
            self.broken.append(f"{move} with the contactor told to be closed")
        if relay.closed and (begins or relay.sticks is None):
            self.broken.append(f"{move} under load")

    @property
    def refuses_to_open(self) -> bool:
        return self.iron.relay.is_gone or self.iron.relay.is_refusing
