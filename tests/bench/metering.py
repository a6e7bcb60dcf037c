"""CPU of a meter value that is told durably, beside what a bare client spends, and beside a bare commit."""

import json
from collections import defaultdict

from tests.bench.csms import VERSIONS
from tests.bench.figures import Figure, median
from tests.bench.process import Child
from tests.bench.rounds import FLOOR, MOBILITYHOUSE, Rounds, soon

WARM_UP = 50
BEGIN_AND_END = 2
"""Messages of a transaction that in 1.6 are no meter values."""
MAX_TIMES_FLOOR = 2.5
ACTIONS = {"ocpp1.6": "MeterValues", "ocpp2.0.1": "TransactionEvent"}
OUTBOX, WHOLE = "outbox", "whole"
WAYS = (OUTBOX, WHOLE, FLOOR, MOBILITYHOUSE)


async def metering(rounds: Rounds) -> list[Figure]:
    """Both versions, and the FULL commit that they are held against."""
    commit_cpu_ms, commit_wall_ms = await _commits(rounds)
    figures = [
        Figure("FULL commit, bare sqlite3, CPU", "ms", commit_cpu_ms, commit_cpu_ms),
        Figure("FULL commit, bare sqlite3, wall", "ms", commit_wall_ms, commit_wall_ms),
    ]
    for version in VERSIONS:
        cpu_ms = await _of(rounds, version)
        floor, other = cpu_ms[FLOOR], cpu_ms[MOBILITYHOUSE]
        figures += [
            Figure(
                f"CPU a meter value, outbox, {version}",
                "ms",
                cpu_ms[OUTBOX],
                floor,
                other,
                target=MAX_TIMES_FLOOR * floor + commit_cpu_ms,
                rule=f"{MAX_TIMES_FLOOR}x floor + 1 commit",
            ),
            Figure(f"CPU a meter value, reading to CSMS, {version}", "ms", cpu_ms[WHOLE], floor, other),
        ]
    return figures


async def _commits(rounds: Rounds) -> tuple[float, float]:
    spent = []
    for _ in range(3):
        folder = rounds.new_folder()
        async with Child(rounds.folder, "tests.bench.clients.commits", str(folder), "1000") as child:
            spent.append(json.loads(await child.wait(limit_s=60)))
    return median(one["cpu_ms"] for one in spent), median(one["wall_ms"] for one in spent)


async def _of(rounds: Rounds, version: str) -> dict[str, float]:
    spent_ms: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds.times(3, 1)):
        for way in WAYS:
            spent_ms[way].append(await _run(rounds, way, version))
    return {way: median(spent_ms[way]) for way in WAYS}


async def _run(rounds: Rounds, way: str, version: str) -> float:
    count = rounds.times(800, 300)
    identity = rounds.identity(way)
    if way in (OUTBOX, WHOLE):
        told, folder = str(count + BEGIN_AND_END), str(rounds.new_folder())
        module = "tests.bench.clients.agent_metering"
        child = Child(rounds.folder, module, rounds.csms.url, identity, version, told, folder, way)
    else:
        child = rounds.client(way, identity, version, meter_values=count)
    peer = rounds.csms.peer(identity)
    first = peer.mark(ACTIONS[version], WARM_UP, child.cpu_s)
    last = peer.mark(ACTIONS[version], count, child.cpu_s)
    async with child:
        began_s = await soon(first)
        return (await soon(last) - began_s) * 1000 / (count - WARM_UP)
