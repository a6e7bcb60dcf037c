"""The agent, telling one meter value after another: reading, decision, commit, message, answer, acknowledgement.

    python -m tests.bench.clients.agent_metering URL IDENTITY VERSION METER_VALUES FOLDER
"""

import asyncio
import sys
from pathlib import Path

from agent.clock import SystemClock
from agent.runtime.hal_watch import sample_of
from agent.station.events import MeterSampled
from tests.bench.clients.charger import Charger, running_charger, station_yaml
from tests.bench.clients.iron import DRIVER

INTERVAL_S = 60


class SteppedClock(SystemClock):
    """A clock that can be put forward, so that the next sample is due at once."""

    def __init__(self) -> None:
        self.ahead_s = 0.0
        super().__init__()

    def monotonic(self) -> float:
        """Seconds that never step back."""
        return super().monotonic() + self.ahead_s


async def tell_one(charger: Charger, clock: SteppedClock) -> None:
    """One sample, until the CSMS has it."""
    agent = charger.agent
    clock.ahead_s += INTERVAL_S
    commits = agent.runner.commits
    reading = await charger.iron(1).read()
    agent.runner.post(MeterSampled(sample_of(1, reading, at=clock.now())))
    await charger.until(lambda: agent.runner.commits > commits)
    await agent.sender.drained()


async def main() -> None:
    """Send, then stay until ended."""
    url, identity, version, count, folder = sys.argv[1:]
    clock = SteppedClock()
    text = station_yaml(url, identity, version, evses=1, driver=DRIVER, interval_s=INTERVAL_S)
    async with running_charger(text, Path(folder), clock=clock) as charger:
        await charger.charge(1)
        await charger.agent.sender.drained()
        for _ in range(int(count)):
            await tell_one(charger, clock)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
