"""CPU of a meter value, told durably: reading, decision, commit, message, answer, acknowledgement (a second commit)."""

import json
from collections import defaultdict

from tests.bench.csms import VERSIONS
from tests.bench.figures import Figure, median
from tests.bench.process import Child
from tests.bench.rounds import FLOOR, KINDS, OURS, Rounds, of_kinds, soon

WARM_UP = 50
MAX_TIMES_FLOOR = 2.5
ACTIONS = {"ocpp1.6": "MeterValues", "ocpp2.0.1": "TransactionEvent"}


async def metering(rounds: Rounds) -> list[Figure]:
    """Both versions, and the FULL commit that they are held against."""
    commit_cpu_ms, commit_wall_ms = await _commits(rounds)
    figures = [
        Figure("FULL commit, bare sqlite3, CPU", "ms", commit_cpu_ms, commit_cpu_ms),
        Figure("FULL commit, bare sqlite3, wall", "ms", commit_wall_ms, commit_wall_ms),
    ]
    for version in VERSIONS:
        cpu_ms = await _of(rounds, version)
        target = MAX_TIMES_FLOOR * cpu_ms[FLOOR] + commit_cpu_ms
        figures.append(
            Figure(
                f"CPU a durable meter value (2 commits), {version}",
                "ms",
                **of_kinds(cpu_ms),
                target=target,
                rule=f"{MAX_TIMES_FLOOR}x floor + 1 commit",
            )
        )
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
        for kind in KINDS:
            spent_ms[kind].append(await _run(rounds, kind, version))
    return {kind: median(spent_ms[kind]) for kind in KINDS}


async def _run(rounds: Rounds, kind: str, version: str) -> float:
    count = rounds.times(800, 300)
    identity = rounds.identity(kind)
    child = rounds.client(kind, identity, version, meter_values=count)
    if kind == OURS:
        module, folder = "tests.bench.clients.agent_metering", str(rounds.new_folder())
        child = Child(rounds.folder, module, rounds.csms.url, identity, version, str(count), folder)
    peer = rounds.csms.peer(identity)
    first = peer.mark(ACTIONS[version], WARM_UP, child.cpu_s)
    last = peer.mark(ACTIONS[version], count, child.cpu_s)
    async with child:
        began_s = await soon(first)
        return (await soon(last) - began_s) * 1000 / (count - WARM_UP)
