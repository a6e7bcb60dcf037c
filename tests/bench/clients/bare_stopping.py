"""A bare client that answers the same requests, and how long its loop takes to notice what a thread tells it.

    python -m tests.bench.clients.bare_stopping floor|mobilityhouse URL IDENTITY VERSION STOPS

Prints JSON: {"pilot": milliseconds}.
"""

import asyncio
import json
import random
import sys
import time

from tests.bench.clients.injector import Injector

WITHIN_S = 0.008


async def measure(count: int) -> list[float]:
    """What a part's stream is for the agent, as little as it can be: an event, and a task that waits for it."""
    woken, dice = asyncio.Event(), random.Random(1)
    with Injector() as injector:

        async def follow() -> None:
            while True:
                await woken.wait()
                woken.clear()
                injector.answered(time.perf_counter())

        following = asyncio.create_task(follow(), name="follow")
        try:
            return [
                await injector.measure(woken.set, after_s=dice.uniform(0.001, WITHIN_S)) * 1000 for _ in range(count)
            ]
        finally:
            following.cancel()


async def main() -> None:
    """Answer and be stopped."""
    kind, url, identity, version, count = sys.argv[1:]
    slots = asyncio.Semaphore(1)
    if kind == "floor":
        from tests.bench.clients.floor import station
    else:
        from tests.bench.clients.mobilityhouse import station
    talking = asyncio.create_task(station(url, identity, version, meter_values=0, slots=slots), name="station")
    await asyncio.sleep(1.0)
    took_ms = await measure(int(count))
    talking.cancel()
    print(json.dumps({"pilot": took_ms}))  # noqa: T201 - the bench reads it


if __name__ == "__main__":
    asyncio.run(main())
