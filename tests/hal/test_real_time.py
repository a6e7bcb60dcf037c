import time

from hal.real_time import REAL_FLOOR_S, Stopwatch, paced_sleep, real_monotonic_of
from hal.sim.clock import ManualClock


class FastClock:
    """Runs a thousand times as fast as the wall's."""

    def monotonic(self) -> float:
        return time.monotonic() * 1000

    async def sleep(self, seconds: float) -> None:
        """Return at once: that is close enough."""


async def test_a_hand_driven_clock_is_its_own_real_time() -> None:
    clock = ManualClock(start_s=5.0)

    assert real_monotonic_of(clock)() == 5.0
    assert real_monotonic_of(FastClock()) is time.monotonic


async def test_periodic_work_is_held_back_to_fifty_turns_a_real_second() -> None:
    started_s = time.monotonic()

    for _ in range(3):
        await paced_sleep(FastClock(), 1.0)

    assert time.monotonic() - started_s >= 0.055


async def test_a_stopwatch_measures_the_clock() -> None:
    clock = ManualClock()
    watch = Stopwatch(clock, real_monotonic=clock.real_monotonic)
    before = watch.passed(0.0)
    watch.begin()
    await clock.advance(0.9)
    watch.begin()  # it runs already

    assert not before
    assert not watch.passed(1.0)
    await clock.advance(0.2)
    assert watch.passed(1.0)
    watch.stop()
    assert not watch.passed(0.0)


async def test_a_fast_clock_alone_does_not_make_a_limit_pass() -> None:
    clock = ManualClock()
    real_s = [0.0]
    watch = Stopwatch(clock, real_monotonic=lambda: real_s[0])
    watch.restart()

    await clock.advance(600.0)
    too_early = watch.passed(10.0)
    real_s[0] = REAL_FLOOR_S

    assert not too_early
    assert watch.passed(10.0)
