"""A charger as a process of its own, to be killed: the agent on simulated hardware, in laboratory time.

    python -m tests.durability.charger ORDERS     (ORDERS: JSON, see `Orders`)

Lines on stdin are what a person does: `plug`, `unplug`, `card VALUE`. Lines on stdout say how it stands, as JSON.
What it has done is written to a trace that outlives it: one line, one system call.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent import log as logs
from agent.app import Agent, End
from agent.assembly import make_plan
from agent.serve import Signals
from agent.settings import parse_text
from agent.station.effects import Effect, Record
from agent.station.events import Event
from agent.station.facts import TransactionFact
from hal.sim.controls import sim_controls
from tests.durability.lab_time import LabClock, LabTime
from tests.durability.traps import SelfKill, Spot, Trap

LOOK_EVERY_S = 0.02
REPEAT_EVERY_S = 0.2
READER_EVSE = 1


@dataclass(frozen=True, slots=True)
class Orders:
    """What a charger's process is told at its start."""

    station_yaml: str
    data_dir: str
    trace: str
    lab: dict[str, Any]
    same_boot: bool
    trap: dict[str, Any] | None = None

    def text(self) -> str:
        """As the command line takes it."""
        return json.dumps(asdict(self))


class Trace:
    """What happened, for the judge; kept by the kernel when the process is killed."""

    def __init__(self, path: Path, clock: LabClock) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._clock = clock

    def write(self, what: str, **values: Any) -> None:
        """One line, stamped with laboratory time unless `at` is given."""
        line = {"what": what, "at": self._clock.now().wall.isoformat(), **values}
        os.write(self._file, json.dumps(line).encode() + b"\n")

    def facts(self, event: Event, effects: Sequence[Effect]) -> None:
        """StationRunner's observer: what was committed."""
        del event
        for effect in effects:
            if isinstance(effect, Record) and isinstance(effect.fact, TransactionFact):
                fact = effect.fact
                self.write(
                    "fact",
                    kind=type(fact).__name__,
                    at=fact.at.wall.isoformat(),
                    transaction=fact.transaction_id,
                    seq_no=fact.seq_no,
                    token=fact.token is not None,
                    values=len(fact.values),
                )


class Charger:
    """The agent and the person's hand on it."""

    def __init__(self, agent: Agent, trace: Trace) -> None:
        self._agent = agent
        self._trace = trace
        controls = sim_controls(agent.shared)
        if controls is None:
            raise ValueError("nothing is simulated")
        self._controls = controls
        self._evse = controls.evse(READER_EVSE)
        self._said: dict[str, Any] = {}
        self._said_at_s = 0.0
        self._state = agent.runner.state
        agent.runner.observe(self._committed)

    def _committed(self, event: Event, effects: Sequence[Effect]) -> None:
        """Only what is stored is shown: before the commit a transaction seems ended whose end is not queued yet."""
        del event, effects
        self._state = self._agent.runner.state

    async def obey(self) -> None:
        """Take the person's lines until stdin ends."""
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := (await lines.readline()).decode().split():
            match line:
                case ["plug"]:
                    self._evse.plug_in()
                case ["unplug"]:
                    self._evse.unplug()
                case ["card", value]:
                    self._controls.present_token(value)
                case _:
                    raise ValueError(f"unknown order {line}")
        await asyncio.Event().wait()

    async def watch_contactor(self) -> None:
        """Trace every move of the mirror contact."""
        async for closed in self._evse._board.position.follow():
            self._trace.write("contactor", closed=closed, register_wh=self._evse.view().register_wh)

    async def tell(self) -> None:
        """Say how it stands: when that changes, and now and then as a sign of life."""
        while True:
            evse, view = self._state.evses[0], self._evse.view()
            tx = evse.record.transaction
            says = {
                "transaction": tx.id if tx is not None else None,
                "ending": tx is not None and tx.ending is not None,
                "interrupted": evse.interrupted_until_s is not None,
                "plugged": view.plugged,
                "closed": view.contactor_closed,
                "online": self._agent.link.is_online,
                "queued": self._agent.store.queued,
                "given_up": self._agent.store.dead_letter_count,
                "writable": self._state.writable,
                "register_wh": view.register_wh,
            }
            now_s = asyncio.get_running_loop().time()
            if says != self._said or now_s - self._said_at_s >= REPEAT_EVERY_S:
                self._said, self._said_at_s = says, now_s
                print(json.dumps(says), flush=True)  # noqa: T201 - how it talks to the test
            await asyncio.sleep(LOOK_EVERY_S)

    def born(self) -> None:
        """Trace the first moment of this process."""
        view = self._evse.view()
        self._trace.write("born", plugged=view.plugged, register_wh=view.register_wh)


async def run(orders: Orders) -> int:
    """Work until killed, or stopped by SIGTERM; returns the exit code."""
    logs.configure(level="INFO")
    clock = LabClock(LabTime.from_json(orders.lab), same_boot=orders.same_boot)
    plan = make_plan(parse_text(orders.station_yaml))
    agent = await Agent.build(plan, data_dir=Path(orders.data_dir), clock=clock)
    trace = Trace(Path(orders.trace), clock)
    agent.runner.observe(trace.facts)
    if orders.trap is not None:
        SelfKill(Trap(Spot(orders.trap["spot"]), orders.trap["count"], orders.trap["delay_s"])).arm(agent)
    charger = Charger(agent, trace)
    charger.born()
    agent.start_task(charger.obey(), name="person")
    agent.start_task(charger.watch_contactor(), name="contactor's trace")
    agent.start_task(charger.tell(), name="display")
    with Signals(asyncio.Event(), agent.stop):
        end = await agent.run()
    trace.write("stopped", closed=charger._evse.view().contactor_closed, end=end.value)
    return 0 if end is End.STOPPED else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(run(Orders(**json.loads(sys.argv[1])))))
