import asyncio

from hal.sim.clock import ManualClock


async def test_sleepers_wake_in_the_order_of_their_deadlines_and_at_them() -> None:
    clock = ManualClock(start_s=0.0)
    woken: list[tuple[str, float]] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.monotonic()))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sleep("late", 2.0), name="late")
        tasks.create_task(sleep("early", 0.5), name="early")
        await clock.advance(3.0)

    assert woken == [("early", 0.5), ("late", 2.0)]
    assert clock.monotonic() == 3.0


async def test_time_stands_still_until_it_is_advanced() -> None:
    clock = ManualClock()
    task = asyncio.create_task(clock.sleep(0.001), name="sleeper")

    await clock.settle()

    assert not task.done()
    await clock.advance(0.001)
    assert task.done()


async def test_a_sleeper_that_was_cancelled_does_not_hold_the_clock() -> None:
    clock = ManualClock(start_s=0.0)
    task = asyncio.create_task(clock.sleep(1.0), name="sleeper")
    await clock.settle()
    task.cancel()
    await asyncio.wait([task])

    await clock.advance(5.0)

    assert clock.monotonic() == 5.0


async def test_a_sleep_of_nothing_lets_others_run_without_moving_time() -> None:
    clock = ManualClock(start_s=7.0)

    await clock.sleep(0.0)

    assert clock.monotonic() == clock.real_monotonic() == 7.0
