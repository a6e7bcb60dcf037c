"""How fast a long queue is told once the CSMS is back; the bare clients send as many messages from memory."""

import time

from tests.bench.clients.charger import station_yaml
from tests.bench.figures import Figure
from tests.bench.metering import ACTIONS
from tests.bench.process import Child
from tests.bench.rounds import KINDS, OURS, Rounds, soon

VERSION = "ocpp2.0.1"
WARM_UP = 50


async def draining(rounds: Rounds) -> list[Figure]:
    """Facts a second, and what each costs."""
    count = rounds.times(5000, 1000)
    rates, cpu_ms = {}, {}
    for kind in KINDS:
        rates[kind], cpu_ms[kind] = await _run(rounds, kind, count)
    return [
        Figure.of(f"outbox drained, {count} facts, {VERSION}", "facts/s", rates, more_is_better=True),
        Figure.of(f"CPU a fact drained (1 commit), {VERSION}", "ms", cpu_ms),
    ]


async def _run(rounds: Rounds, kind: str, count: int) -> tuple[float, float]:
    identity = rounds.identity(kind)
    child = rounds.client(kind, identity, VERSION, meter_values=count)
    if kind == OURS:
        child = await _filled(rounds, identity, count)
    peer = rounds.csms.peer(identity)
    first = peer.mark(ACTIONS[VERSION], WARM_UP, lambda: (child.cpu_s(), time.monotonic()))
    last = peer.mark(ACTIONS[VERSION], count, lambda: (child.cpu_s(), time.monotonic()))
    async with child:
        began_cpu_s, began_s = await soon(first)
        ended_cpu_s, ended_s = await soon(last)
    told = count - WARM_UP
    return told / (ended_s - began_s), (ended_cpu_s - began_cpu_s) * 1000 / told


async def _filled(rounds: Rounds, identity: str, count: int) -> Child:
    folder = rounds.new_folder()
    async with Child(rounds.folder, "tests.bench.clients.fill", str(folder), str(count)) as filling:
        await filling.wait(limit_s=60)
    config = folder / "station.yaml"
    config.write_text(station_yaml(rounds.csms.url, identity, VERSION), encoding="utf-8")
    return Child(rounds.folder, "agent.cli", "run", "--config", str(config), "--data-dir", str(folder))
