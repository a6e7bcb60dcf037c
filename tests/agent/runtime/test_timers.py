"""Due times on a clock that only moves when it is waited for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import cast

from agent.clock import Moment
from agent.runtime.station_runner import StationRunner
from agent.runtime.timers import LOOK_AGAIN_S, watch_due_times
from agent.station.events import Event, TimePassed
from tests.fakes.fast_time import FIRST_WALL


class StepClock:
    """Every sleep is over at once and moves the time by itself; `at` lets things happen meanwhile."""

    def __init__(self) -> None:
        self.time_s = 0.0
        self.sleeps_s: list[float] = []
        self.at: dict[float, Callable[[], None]] = {}

    def monotonic(self) -> float:
        return self.time_s

    def now(self) -> Moment:
        return Moment(FIRST_WALL + timedelta(seconds=self.time_s), self.time_s, "boot-1")

    async def sleep(self, seconds: float) -> None:
        self.sleeps_s.append(seconds)
        self.time_s += seconds
        for when_s in [each for each in self.at if each <= self.time_s]:
            self.at.pop(when_s)()
        await asyncio.sleep(0)

    def set_wall(self, utc: datetime) -> float:
        raise AssertionError(f"nobody sets this clock to {utc}")


class DueRunner:
    """As much of a runner as the timers see: due times, each gone once TimePassed has come."""

    def __init__(self, clock: StepClock, *due_s: float) -> None:
        self.station = self
        self.handled = asyncio.Event()
        self.due_s = sorted(due_s)
        self.fired_s: list[float] = []
        self._clock = clock

    def next_due_s(self) -> float | None:
        return self.due_s[0] if self.due_s else None

    def post(self, event: Event) -> None:
        assert isinstance(event, TimePassed)
        self.fired_s.append(self._clock.time_s)
        self.due_s = [due_s for due_s in self.due_s if due_s > self._clock.time_s]
        asyncio.get_running_loop().call_soon(self.handled.set)

    def changed(self, *due_s: float) -> None:
        """Some event set the due times anew."""
        self.due_s = sorted(due_s)
        self.handled.set()


@asynccontextmanager
async def watching(runner: DueRunner, clock: StepClock) -> AsyncIterator[None]:
    watch = asyncio.create_task(watch_due_times(cast("StationRunner", runner), clock), name="due times")
    try:
        yield
    finally:
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - the condition is a test's own
            await asyncio.sleep(0)


async def test_due_times_come_in_their_order_each_once() -> None:
    clock = StepClock()
    runner = DueRunner(clock, 7.5, 2.0, 3.25)

    async with watching(runner, clock):
        await until(lambda: len(runner.fired_s) == 3)
        for _ in range(20):
            await asyncio.sleep(0)

    assert runner.fired_s == [2.0, 3.25, 7.5]
    assert max(clock.sleeps_s) <= LOOK_AGAIN_S


async def test_a_due_time_that_moves_forward_is_seen_within_a_second() -> None:
    clock = StepClock()
    runner = DueRunner(clock, 100.0)
    clock.at[10.0] = lambda: runner.changed(10.5)

    async with watching(runner, clock):
        await until(lambda: bool(runner.fired_s))

    assert 10.5 <= runner.fired_s[0] <= 10.5 + LOOK_AGAIN_S


async def test_a_due_time_that_is_put_off_does_not_fire_at_its_old_moment() -> None:
    clock = StepClock()
    runner = DueRunner(clock, 5.0)
    clock.at[4.0] = lambda: runner.changed(9.0)

    async with watching(runner, clock):
        await until(lambda: bool(runner.fired_s))

    assert runner.fired_s == [9.0]


async def test_a_due_time_that_is_cancelled_never_fires_and_costs_nothing() -> None:
    clock = StepClock()
    runner = DueRunner(clock, 5.0)
    clock.at[4.0] = runner.changed

    async with watching(runner, clock):
        await until(lambda: clock.time_s >= 4.0)
        for _ in range(50):
            await asyncio.sleep(0)
        slept = len(clock.sleeps_s)
        runner.changed(20.0)
        await until(lambda: bool(runner.fired_s))

    assert slept == 4
    assert runner.fired_s == [20.0]


async def test_what_is_long_overdue_fires_without_a_wait() -> None:
    clock = StepClock()
    clock.time_s = 1000.0
    runner = DueRunner(clock, 1.0)

    async with watching(runner, clock):
        await until(lambda: bool(runner.fired_s))

    assert runner.fired_s == [1000.0]
    assert clock.sleeps_s == []
