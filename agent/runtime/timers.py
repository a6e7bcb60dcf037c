"""Due times: the station names the next one, this posts TimePassed when it has come."""

from agent.clock import Clock
from agent.runtime.station_runner import StationRunner
from agent.station.events import TimePassed

LOOK_AGAIN_S = 1.0
"""A due time may move to an earlier one by any event."""


async def watch_due_times(runner: StationRunner, clock: Clock) -> None:
    """Run for ever."""
    while True:
        runner.handled.clear()
        due_s = runner.station.next_due_s()
        if due_s is None:
            await runner.handled.wait()
            continue
        wait_s = due_s - clock.monotonic()
        if wait_s > 0:
            await clock.sleep(min(wait_s, LOOK_AGAIN_S))
            continue
        runner.post(TimePassed())
        await runner.handled.wait()
