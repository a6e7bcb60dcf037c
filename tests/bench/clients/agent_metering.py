"""The agent, telling one meter value after another.

    python -m tests.bench.clients.agent_metering URL IDENTITY VERSION METER_VALUES FOLDER outbox|whole

`outbox`: record, commit, message, answer, acknowledgement. `whole`: before it the reading taken in
and the station's decision, with the state of the EVSE committed beside the fact.
"""

import asyncio
import sys
from pathlib import Path

from agent.clock import SystemClock
from agent.runtime.hal_watch import sample_of
from agent.station.events import MeterSampled
from agent.store.store import Changes
from tests.bench.clients.charger import Charger, running_charger, station_yaml
from tests.bench.clients.fill import facts
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


async def tell_facts(charger: Charger, clock: SteppedClock, *, count: int) -> None:
    """Samples of a transaction, from the fact on."""
    agent = charger.agent
    for fact in facts(count, clock.now()):
        await agent.store.commit(Changes(facts=(fact,), moment=clock.now()))
        agent.sender.wake()
        await agent.sender.drained()


async def tell_readings(charger: Charger, clock: SteppedClock, *, count: int) -> None:
    """Samples of a transaction, from the meter on."""
    await charger.charge(1)
    await charger.agent.sender.drained()
    for _ in range(count):
        await tell_reading(charger, clock)


async def tell_reading(charger: Charger, clock: SteppedClock) -> None:
    """One sample, until the CSMS has it."""
    agent = charger.agent
    clock.ahead_s += INTERVAL_S
    commits = agent.runner.commits
    reading = await charger.iron(1).read()
    agent.runner.post(MeterSampled(sample_of(1, reading, at=clock.now())))
    await charger.until(lambda: agent.runner.commits > commits)
    await agent.sender.drained()


TELL = {"outbox": tell_facts, "whole": tell_readings}


async def main() -> None:
    """Send, then stay until ended."""
    url, identity, version, count, folder, way = sys.argv[1:]
    clock = SteppedClock()
    text = station_yaml(url, identity, version, evses=1, driver=DRIVER, interval_s=INTERVAL_S)
    async with running_charger(text, Path(folder), clock=clock) as charger:
        await TELL[way](charger, clock, count=int(count))
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
