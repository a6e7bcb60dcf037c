"""From the start of the process to BootNotification, and what it holds in memory afterwards."""

import asyncio
import time
from collections import defaultdict

from tests.bench.csms import VERSIONS
from tests.bench.figures import Figure, median
from tests.bench.rounds import KINDS, Rounds, soon

SETTLED_AFTER_S = 3.0
IDLE_S = 4.0
MAX_PSS_MIB = 45.0
MAX_TIMES_FLOOR = 2.5


async def starting(rounds: Rounds) -> list[Figure]:
    """Both versions."""
    return [figure for version in VERSIONS for figure in await _of(rounds, version)]


async def _of(rounds: Rounds, version: str) -> list[Figure]:
    cpu_s: dict[str, list[float]] = defaultdict(list)
    wall_s: dict[str, list[float]] = defaultdict(list)
    for kind in KINDS:  # the first run compiles and warms the disk cache; it does not count
        await _start(rounds, kind, version)
    for _ in range(rounds.times(7, 3)):
        for kind in KINDS:
            spent_s, took_s = await _start(rounds, kind, version)
            cpu_s[kind].append(spent_s)
            wall_s[kind].append(took_s)
    cpu = {kind: median(cpu_s[kind]) * 1000 for kind in KINDS}
    wall = {kind: median(wall_s[kind]) * 1000 for kind in KINDS}
    return [
        Figure.of(
            f"start to BootNotification, CPU, {version}",
            "ms",
            cpu,
            target=MAX_TIMES_FLOOR * cpu["floor"],
            rule=f"{MAX_TIMES_FLOOR}x floor",
        ),
        Figure.of(f"start to BootNotification, wall, {version}", "ms", wall),
        *await _idle(rounds, version),
    ]


async def _start(rounds: Rounds, kind: str, version: str) -> tuple[float, float]:
    identity = rounds.identity(kind)
    child = rounds.client(kind, identity, version)
    booted = rounds.csms.peer(identity).mark("BootNotification", 1, lambda: (child.cpu_s(), time.monotonic()))
    async with child:
        cpu_s, at_s = await soon(booted)
        return cpu_s, at_s - child.began_s


async def _idle(rounds: Rounds, version: str) -> list[Figure]:
    pss, rss, cpu = {}, {}, {}
    for kind in KINDS:
        identity = rounds.identity(kind)
        child = rounds.client(kind, identity, version)
        booted = rounds.csms.peer(identity).mark("BootNotification", 1, child.cpu_s)
        async with child:
            await soon(booted)
            await asyncio.sleep(SETTLED_AFTER_S)
            before_s = child.cpu_s()
            await asyncio.sleep(IDLE_S)
            cpu[kind] = (child.cpu_s() - before_s) * 1000 / IDLE_S
            pss[kind], rss[kind] = child.pss_mib(), child.rss_mib()
    return [
        Figure.of(f"memory idle (PSS), two EVSEs, {version}", "MiB", pss, target=MAX_PSS_MIB),
        Figure.of(f"memory idle (RSS), two EVSEs, {version}", "MiB", rss),
        Figure.of(f"CPU idle, two EVSEs, {version}", "ms/s", cpu),
    ]
