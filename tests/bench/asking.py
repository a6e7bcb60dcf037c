"""From the CSMS's request to the station's answer, the three kinds asked in turn so that noise hits all alike."""

from collections import defaultdict
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from tests.bench.clients.payloads import KEY_16, VARIABLE_201
from tests.bench.csms import VERSIONS
from tests.bench.figures import Figure, quantile
from tests.bench.rounds import KINDS, Rounds, connected

REQUESTS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "ocpp1.6": ("GetConfiguration", {"key": [KEY_16]}),
    "ocpp2.0.1": ("GetVariables", {"getVariableData": [VARIABLE_201]}),
}
BLOCK = 50
WARM_UP = 50
MAX_TIMES_FLOOR = 2.0


async def asking(rounds: Rounds) -> list[Figure]:
    """Both versions."""
    figures = []
    for version in VERSIONS:
        took_s = await _of(rounds, version)
        for part, name in ((0.5, "p50"), (0.99, "p99")):
            took_ms = {kind: quantile(took_s[kind], part) * 1000 for kind in KINDS}
            figures.append(
                Figure.of(
                    f"{REQUESTS[version][0]} to answer, {name}, {version}",
                    "ms",
                    took_ms,
                    target=MAX_TIMES_FLOOR * took_ms["floor"],
                    rule=f"{MAX_TIMES_FLOOR:g}x floor",
                )
            )
    return figures


async def _of(rounds: Rounds, version: str) -> dict[str, list[float]]:
    action, payload = REQUESTS[version]
    took_s: dict[str, list[float]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        peers = {}
        for kind in KINDS:
            identity = rounds.identity(kind)
            await stack.enter_async_context(rounds.client(kind, identity, version))
            peers[kind] = rounds.csms.peer(identity)
            await connected(peers[kind])
        for peer in peers.values():
            for _ in range(WARM_UP):
                await peer.ask(action, payload)
        for _ in range(rounds.times(1000, 200) // BLOCK):
            for kind, peer in peers.items():
                took_s[kind] += [await peer.ask(action, payload) for _ in range(BLOCK)]
    return took_s
