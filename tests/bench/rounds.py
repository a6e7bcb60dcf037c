"""What every measurement is given, and the three kinds of client it compares."""

import asyncio
import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.bench.clients.charger import station_yaml
from tests.bench.csms import Csms, Peer
from tests.bench.process import Child

T = TypeVar("T")

OURS, FLOOR, MOBILITYHOUSE = "ours", "floor", "mobilityhouse"
KINDS = (OURS, FLOOR, MOBILITYHOUSE)
BARE = {FLOOR: "tests.bench.clients.floor", MOBILITYHOUSE: "tests.bench.clients.mobilityhouse"}
STEP_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Rounds:
    """The CSMS, a folder for everything that is written, and how often things are repeated."""

    csms: Csms
    folder: Path
    quick: bool = False
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def times(self, full: int, quick: int) -> int:
        """How often, by what the user asked for."""
        return quick if self.quick else full

    def identity(self, kind: str) -> str:
        """A name that no other station of this run has."""
        return f"{kind}-{next(self.numbers)}"

    def new_folder(self) -> Path:
        """An empty one."""
        made = self.folder / f"data-{next(self.numbers)}"
        made.mkdir()
        return made

    def client(self, kind: str, identity: str, version: str, *, meter_values: int = 0, stations: int = 0) -> Child:
        """The service as a device runs it, or a bare client."""
        if kind != OURS:
            return Child(self.folder, BARE[kind], self.csms.url, identity, version, str(meter_values), str(stations))
        data = self.new_folder()
        config = data / "station.yaml"
        config.write_text(station_yaml(self.csms.url, identity, version), encoding="utf-8")
        return Child(self.folder, "agent.cli", "run", "--config", str(config), "--data-dir", str(data))


async def soon(taken: "asyncio.Future[T]", *, limit_s: float = STEP_LIMIT_S) -> T:
    """Wait for a mark, not for ever."""
    async with asyncio.timeout(limit_s):
        return await taken


async def connected(peer: Peer) -> None:
    """Wait until the station is there and has booted."""
    async with asyncio.timeout(STEP_LIMIT_S):
        await peer.booted.wait()
