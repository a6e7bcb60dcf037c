"""`evse-agent simulate`: a charger for a CSMS developer, in one command."""

import argparse
import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from agent import log as logs
from agent.app import Agent, End
from agent.app_sim import Simulation, simulation_of
from agent.assembly import make_plan
from agent.errors import AgentError, SettingsError
from agent.log import get_logger
from agent.serve import FAILED, FINE, live
from agent.sim_script import Script, ScriptRun, load_script
from agent.simulated_station import SimulatedStation
from agent.station.connector import ConnectorStatus

log = get_logger(__name__)

ONLINE_WITHIN_S = 15.0
"""Real seconds that a script waits for the CSMS before it begins."""

SUBPROTOCOLS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}


async def simulate(options: argparse.Namespace) -> int:
    """Run the simulated station until it is stopped, or until its script is over. Returns the exit code."""
    logs.configure()
    script = load_script(options.script) if options.script is not None else None
    if options.exit_when_done and script is None:
        raise SettingsError("--exit-when-done needs --script")
    settings = SimulatedStation(
        url=options.csms,
        identity=options.id,
        ocpp=[SUBPROTOCOLS[options.ocpp]],
        evses=options.evses,
        speed=options.speed,
        api_port=options.api_port,
        password_file=options.password_file,
    ).settings()
    plan = make_plan(settings)
    if options.ocpp == "2.1":
        log.warning("OCPP 2.1 is spoken as its 2.0.1 subset", subprotocol="ocpp2.1")
    with tempfile.TemporaryDirectory(prefix="evse-agent-") as fresh:
        player = Player(script, exit_when_done=options.exit_when_done)
        end = await live(
            plan,
            data_dir=options.data_dir or Path(fresh),
            prepare=lambda agent: agent.start_task(player.run(agent), name="script"),
            ready=told_how_to_use,
        )
        return FINE if player.failure is None and end is not End.FAILED else FAILED


async def told_how_to_use(port: int) -> None:
    """Say where the charger's controls are."""
    log.info(
        "by hand",
        plug_in=f"curl -X POST http://127.0.0.1:{port}/api/v1/sim/evses/1/plug-in",
        swipe=f"curl -X POST -H 'Content-Type: application/json' -d '{{\"id_token\": \"CARD-0001\"}}' "
        f"http://127.0.0.1:{port}/api/v1/sim/tokens",
    )


class Player:
    """Plays a script against the agent, and goes on with it after a Reset; without one it has nothing to do."""

    def __init__(self, script: Script | None, *, exit_when_done: bool) -> None:
        self.failure: AgentError | None = None
        self._script = ScriptRun(script) if script is not None else None
        self._exit_when_done = exit_when_done

    async def run(self, agent: Agent) -> None:
        """Play it, then wait for ever, or stop the agent once all is told."""
        simulation = simulation_of(agent)
        if self._script is not None and simulation is not None and self.failure is None:
            await self._until_online(agent)
            await self._play(self._script, simulation, agent)
        await asyncio.Event().wait()

    async def _until_online(self, agent: Agent) -> None:
        """Cars come to a charger that is in service, however fast its time runs; not for ever, for some test that."""
        try:
            async with asyncio.timeout(ONLINE_WITHIN_S):
                await agent.link.speaking()
        except TimeoutError:
            log.warning("the script begins without a CSMS")

    async def _play(self, script: ScriptRun, simulation: Simulation, agent: Agent) -> None:
        try:
            await script.play(simulation, clock=agent.clock, status=status_of(agent))
        except AgentError as error:
            self.failure = error
            log.error("script failed", why=error)  # noqa: TRY400 - told in words; the traceback tells a user nothing
        else:
            log.info("script done")
        if self._exit_when_done:
            await agent.told()
            agent.stop()


def status_of(agent: Agent) -> Callable[[int], ConnectorStatus | None]:
    """The status of an EVSE's connector, by EVSE id."""

    def status(evse_id: int) -> ConnectorStatus | None:
        evse = agent.runner.state.evse(evse_id)
        return evse.status if evse is not None else None

    return status
