"""Many stations in one process: CPU until each is accepted, and memory, both shared out among them."""

import asyncio
import resource

from tests.bench.figures import Figure
from tests.bench.process import KIB, Child
from tests.bench.rounds import KINDS, OURS, Rounds, soon

VERSION = "ocpp2.0.1"
SETTLED_AFTER_S = 2.0


async def fleets(rounds: Rounds) -> list[Figure]:
    """A small and a large one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    figures = []
    for stations in (100,) if rounds.quick else (100, 500):
        cpu_ms, pss_kib = {}, {}
        for kind in KINDS:
            cpu_ms[kind], pss_kib[kind] = await _run(rounds, kind, stations)
        figures += [
            Figure.of(f"fleet of {stations}, CPU a station to Accepted, {VERSION}", "ms", cpu_ms),
            Figure.of(f"fleet of {stations}, memory a station (PSS), {VERSION}", "KiB", pss_kib),
        ]
    return figures


async def _run(rounds: Rounds, kind: str, stations: int) -> tuple[float, float]:
    identity = rounds.identity(kind)
    child = rounds.client(kind, identity, VERSION, stations=stations)
    if kind == OURS:
        folder = str(rounds.new_folder())
        module = "tests.bench.clients.agent_fleet"
        child = Child(rounds.folder, module, rounds.csms.url, identity, VERSION, str(stations), folder)
    booted = [
        rounds.csms.peer(f"{identity}-{number}").mark("BootNotification", 1, child.cpu_s)
        for number in range(1, stations + 1)
    ]
    async with child:
        cpu_s = max([await soon(one) for one in booted])
        await asyncio.sleep(SETTLED_AFTER_S)
        return cpu_s * 1000 / stations, child.pss_mib() * KIB / stations
