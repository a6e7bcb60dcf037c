"""An agent in this process, on the bench's quick parts, with a person before it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from agent import log as logs
from agent.app import Agent
from agent.assembly import make_plan
from agent.clock import Clock
from agent.settings import parse_text
from agent.station.effects import Effect
from agent.station.events import Event, TokenPresented
from agent.station.id_token import IdToken
from hal.readings import PilotState
from tests.bench.clients import iron

CARD = IdToken("CARD-0001", "ISO14443")
STEP_LIMIT_S = 30.0


def station_yaml(
    url: str, identity: str, version: str, *, evses: int = 2, driver: str = "sim", interval_s: int = 60
) -> str:
    """A station.yaml (JSON is YAML) of `evses` EVSEs, as delivered but for what the bench needs."""
    return json.dumps(
        {
            "station": {"identity": identity, "vendor": "Example", "model": "Duo-22"},
            "csms": {"url": url, "ocpp_versions": [version]},
            "evses": [
                {"id": number, "connectors": [{"id": 1}], "hal": {"driver": driver}} for number in range(1, evses + 1)
            ],
            "token_readers": [{"driver": "sim-reader"}],
            "local_api": {"enabled": True, "port": 0},
            "ocpp_variables": {"SampledDataCtrlr.TxUpdatedInterval": str(interval_s)},
        }
    )


class Charger:
    """The agent and what a person does at it."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self._moved = asyncio.Event()
        agent.runner.observe(self._took)

    def iron(self, evse_id: int) -> iron.Iron:
        """The parts of an EVSE."""
        return iron.iron_of(self.agent.shared, evse_id)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Return once it is so; looked at after each event of the station."""
        async with asyncio.timeout(STEP_LIMIT_S):
            while not is_so():
                self._moved.clear()
                await self._moved.wait()

    def has_transaction(self, evse_id: int) -> bool:
        """Whether one runs, or is not yet over."""
        evse = self.agent.runner.state.evse(evse_id)
        return evse is not None and evse.record.transaction is not None

    def is_charging(self, evse_id: int) -> bool:
        """Whether energy flows in a transaction, as the station knows it."""
        evse = self.agent.runner.state.evse(evse_id)
        return evse is not None and evse.contactor_closed is True and evse.active_transaction is not None

    async def charge(self, evse_id: int) -> None:
        """A car that wants energy is plugged in, a card is held, energy flows."""
        self.iron(evse_id).pilot.set(PilotState.C)
        await self.until(lambda: self._is_plugged(evse_id))
        self.agent.runner.post(TokenPresented(CARD, (evse_id,)))
        await self.until(lambda: self.is_charging(evse_id))

    async def leave(self, evse_id: int) -> None:
        """The car drives away."""
        self.iron(evse_id).pilot.set(PilotState.A)
        await self.until(lambda: not self.has_transaction(evse_id) and not self._is_plugged(evse_id))

    def _is_plugged(self, evse_id: int) -> bool:
        evse = self.agent.runner.state.evse(evse_id)
        return evse is not None and evse.plugged

    def _took(self, event: Event, effects: Sequence[Effect]) -> None:
        del event, effects
        self._moved.set()


@asynccontextmanager
async def running_charger(text: str, folder: Path, *, clock: Clock) -> AsyncIterator[Charger]:
    """An agent that is online, until the block is left."""
    logs.configure(level="WARNING")
    iron.announce()
    agent = await Agent.build(make_plan(parse_text(text)), data_dir=folder, clock=clock)
    charger = Charger(agent)
    running = asyncio.create_task(agent.run(), name="agent")
    try:
        await charger.until(lambda: agent.link.is_online and all(evse.sample for evse in agent.runner.state.evses))
        yield charger
    finally:
        agent.stop()
        await running
