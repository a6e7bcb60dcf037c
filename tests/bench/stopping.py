"""From a reason to stop to the command that opens the contactor, on a busy loop of a busy machine.

Every core is kept busy. The measured process goes before that load by NICE_GAP, as a service unit can arrange it; how
it fares without being preferred is a figure of its own, with the scheduler's share in it.
"""

import asyncio
import json
import os
from collections.abc import Mapping

from tests.bench.asking import REQUESTS
from tests.bench.csms import Peer
from tests.bench.figures import Figure, quantile
from tests.bench.process import NICE_GAP, Burners, Child
from tests.bench.rounds import FLOOR, KINDS, MOBILITYHOUSE, OURS, Rounds, connected

VERSION = "ocpp2.0.1"
ASKED_EVERY_S = 0.01
LIMIT_S = 400.0
MAX_P999_MS = 20.0
MAX_MS = 50.0
PARTS = (("p50", 0.5, None), ("p99.9", 0.999, MAX_P999_MS), ("max", 1.0, MAX_MS))
TookMs = Mapping[str, list[float]]
"""Reason -> milliseconds; the bare clients know only "pilot"."""


async def stopping(rounds: Rounds) -> list[Figure]:
    """Three reasons with the process preferred, and one without; and a port alone, a hundred thousand times."""
    counts = (rounds.times(1000, 300), rounds.times(200, 60), rounds.times(200, 60), rounds.times(100_000, 5000))
    preferred = {kind: await _run(rounds, kind, counts, prefer=True) for kind in KINDS}
    equal = {kind: await _run(rounds, kind, (rounds.times(200, 60), 0, 0, 0), prefer=False) for kind in KINDS}
    figures = [_figure(preferred, reason, *part) for reason in preferred[OURS] for part in PARTS]
    return [*figures, _figure(equal, "pilot", "p99.9", 0.999, None, note="not preferred, ")]


def _figure(
    took_ms: Mapping[str, TookMs], reason: str, name: str, part: float, target: float | None, *, note: str = ""
) -> Figure:
    own, floor, other = took_ms[OURS][reason], took_ms[FLOOR]["pilot"], took_ms[MOBILITYHOUSE]["pilot"]
    return Figure(
        f"{reason} to contactor open, {note}{name} of {len(own)}",
        "ms",
        quantile(own, part),
        quantile(floor, part),
        quantile(other, part),
        target=target,
    )


async def _run(rounds: Rounds, kind: str, counts: tuple[int, ...], *, prefer: bool) -> TookMs:
    identity = rounds.identity(kind)
    url = rounds.csms.url
    if kind == OURS:
        folder = str(rounds.new_folder())
        arguments = ("tests.bench.clients.agent_stopping", url, identity, VERSION, folder, *map(str, counts))
    else:
        arguments = ("tests.bench.clients.bare_stopping", kind, url, identity, VERSION, str(counts[0]))
    async with Child(rounds.folder, *arguments) as child:
        gap = NICE_GAP if prefer and not child.prefer() else 0
        async with Burners(os.cpu_count() or 1, nice=gap):
            asking = asyncio.create_task(_keep_asking(rounds.csms.peer(identity)), name="keep asking")
            try:
                printed = await child.wait(limit_s=LIMIT_S)
            finally:
                asking.cancel()
                await asyncio.wait([asking])
    found: TookMs = json.loads(printed.splitlines()[-1])
    return {reason: values for reason, values in found.items() if values}


async def _keep_asking(peer: Peer) -> None:
    await connected(peer)
    while peer.connected.is_set():
        await peer.ask(*REQUESTS[VERSION])
        await asyncio.sleep(ASKED_EVERY_S)
