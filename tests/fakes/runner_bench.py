"""A station runner over a real store: events by hand, deeds kept with what stood in the file when each was done."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.clock import Moment
from agent.runtime.station_runner import StationRunner
from agent.station.effects import Effect
from agent.station.events import ContactorMoved, Event, MeterSampled, PilotChanged, TokenPresented
from agent.station.facts import Fact
from agent.station.id_token import AuthorizationStatus, IdToken, TokenInfo
from agent.station.pilot import PilotState
from agent.station.samples import Measurand, MeterSample, Quantity
from agent.store.store import Changes, Store
from agent.units import Wh
from tests.fakes.fast_time import fast_time
from tests.fakes.station_rig import Rig

CARD = IdToken("CARD-0001")
ACCEPTED = TokenInfo(AuthorizationStatus.ACCEPTED)
OUTBOX = "outbox"


class RigClock:
    """The rig's own time, moved by hand."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig

    def now(self) -> Moment:
        return self._rig.now

    def monotonic(self) -> float:
        return self._rig.mono_s

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def set_wall(self, utc: datetime) -> float:
        raise NotImplementedError


@dataclass
class RunnerBench:
    """A runner with a real store; the deeds, and what stood in the file when each was done."""

    rig: Rig
    store: Store
    path: Path
    deeds: list[Effect] = field(default_factory=list)
    rows_at: list[int] = field(default_factory=list)
    states_at: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.runner = StationRunner(self.rig.station, self.store, clock=RigClock(self.rig), act=self.act)
        self.runner.observe(lambda event, _: self.events.append(event))

    def act(self, effect: Effect) -> None:
        """What the runner calls."""
        self.deeds.append(effect)
        self.rows_at.append(rows(self.path, OUTBOX))
        self.states_at.append(stored_state(self.path))

    async def take(self, *events: Event) -> None:
        """Events, one after the other, and what they post themselves."""
        for event in events:
            await self.runner.take(event)
            await self.settle()

    async def settle(self) -> None:
        """Take in what was posted meanwhile."""
        while not self.runner._inbox.empty():
            await self.runner.take(self.runner._inbox.get_nowait())

    def done(self, kind: type[Effect]) -> list[Effect]:
        """The deeds of a kind."""
        return [effect for effect in self.deeds if isinstance(effect, kind)]

    def sample(self, evse_id: int = 1, *, more_wh: int = 0) -> MeterSampled:
        """A reading of now."""
        socket = self.rig.sockets[evse_id]
        socket.energy_wh += more_wh
        energy = Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, socket.energy_wh, "Wh")
        return MeterSampled(MeterSample(evse_id, self.rig.now, Wh(socket.energy_wh), (energy,)))

    def card(self, *evse_ids: int) -> TokenPresented:
        """The card is held before a reader."""
        return TokenPresented(CARD, evse_ids)

    async def facts(self) -> list[Fact]:
        """What is queued in the store."""
        return [row.fact for row in await self.store.listing(1000)]

    async def charge(self, evse_id: int = 1) -> None:
        """Plug in, hold the card, let the contactor close."""
        await self.take(PilotChanged(evse_id, PilotState.C), self.card(evse_id), ContactorMoved(evse_id, closed=True))
        assert self.runner.state.evse(evse_id).permitted_a is not None  # type: ignore[union-attr]  # it is there


def rows(path: Path, table: str) -> int:
    """Committed rows, as another process sees them."""
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608 - a name of ours
    return int(count)


def stored_state(path: Path) -> str:
    """The committed records, as another process sees them."""
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT key, body FROM station_state ORDER BY key").fetchall())


@asynccontextmanager
async def runner_bench(folder: Path, **rig: Any) -> AsyncIterator[RunnerBench]:
    """Two idle EVSEs, online; the card is in the cache, so that no CSMS need be asked."""
    path = folder / "agent.db"
    made = Rig(**{"obedient": False, "variables": {"AuthCtrlr.LocalPreAuthorize": "true"}, **rig}).start()
    store = await Store.open(path)
    try:
        await store.commit(Changes(cached_tokens=[(CARD, ACCEPTED)], moment=made.now))
        bench = RunnerBench(made, store, path)
        yield bench
    finally:
        await store.close()


@asynccontextmanager
async def running(bench: RunnerBench) -> AsyncIterator[None]:
    """The runner at work, in fast time."""
    with fast_time():
        task = asyncio.create_task(bench.runner.run(), name="station")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled(), task.exception()


async def until(is_so: Callable[[], bool], *, within_s: float = 60) -> None:
    """Wait for what no event announces."""
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110  the condition is a test's own
            await asyncio.sleep(0.05)
