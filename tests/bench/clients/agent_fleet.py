"""Many simulated stations in one process, each with its own database.

python -m tests.bench.clients.agent_fleet URL IDENTITY VERSION STATIONS FOLDER
"""

import asyncio
import resource
import sys
from pathlib import Path

from agent import log as logs
from agent.app import Agent
from agent.assembly import make_plan
from agent.simulated_station import SimulatedStation

AT_ONCE = 50
"""Stations that connect at the same time."""


async def station(url: str, identity: str, version: str, *, folder: Path, slots: asyncio.Semaphore) -> None:
    """One station, until it is ended."""
    async with slots:
        settings = SimulatedStation(url=url, identity=identity, ocpp=(version,)).settings()
        agent = await Agent.build(make_plan(settings), data_dir=folder / identity)
        running = asyncio.create_task(agent.run(), name=identity)
        await agent.link.speaking()
    await running


async def main() -> None:
    """The fleet, its identities numbered from 1."""
    logs.configure(level="ERROR")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a socket and three files a station
    url, identity, version, stations, folder = sys.argv[1:]
    slots = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as fleet:
        for number in range(1, int(stations) + 1):
            one = f"{identity}-{number}"
            fleet.create_task(station(url, one, version, folder=Path(folder), slots=slots), name=f"station {one}")


if __name__ == "__main__":
    asyncio.run(main())
