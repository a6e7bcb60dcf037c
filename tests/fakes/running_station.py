"""A whole station in this process: the agent with its store, link and drivers, beside the bench CSMS it talks to."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from agent.app import Agent, End
from agent.app_sim import Simulation
from agent.assembly import make_plan
from agent.clock import Clock, Moment, SystemClock
from agent.settings import parse_text
from agent.station.connector import ConnectorStatus
from agent.station.effects import Effect
from agent.station.events import Event
from agent.station.faults import Fault
from agent.station.transaction import Transaction
from hal.sim.controls import SimControls, SimEvseControls, sim_controls
from hil.csms.server import BenchCsms
from hil.csms.station import Station as CsmsStation

IDENTITY = "CP001"
CARD = "CARD-0001"
SPEED = 100.0
MAX_GAP_S = 0.015
STOPS_WITHIN_S = 5.0
FIRST_REGISTER_WH = 1_234_567

SAMPLE_OFTEN = {"SampledDataCtrlr.TxUpdatedInterval": "10"}


@dataclass(frozen=True, slots=True)
class StationFile:
    """What a test chooses of station.yaml; `evses` are the `hal:` sections, one an EVSE."""

    ocpp: Sequence[str] = ("ocpp2.0.1", "ocpp1.6")
    evses: Sequence[dict[str, Any]] = ({"driver": "sim"},)
    evse_keys: dict[str, Any] = field(default_factory=dict)
    connector: dict[str, Any] = field(default_factory=lambda: {"lock": True})
    csms: dict[str, Any] = field(default_factory=dict)
    grid: dict[str, Any] = field(default_factory=dict)
    keeps_car: bool = False
    """The simulated meter and car outlive a restart of the process, as real ones do."""
    variables: dict[str, str] = field(default_factory=dict)
    ping_timeout_s: float = 20.0
    """How long a pong is waited for, in real time; station.yaml has no key for it."""

    def text(self, url: str, *, folder: Path) -> str:
        """The station.yaml (JSON is YAML). Waits of the network are real time, hence short."""
        return json.dumps(
            {
                "station": {"identity": IDENTITY, "vendor": "Example", "model": "Duo-22", "serial_number": "0001"},
                "csms": {
                    "url": url,
                    "ocpp_versions": list(self.ocpp),
                    "reconnect": {"minimum_s": 1, "random_range_s": 0, "repeat_times": 0},
                    "call_timeout_s": 1,
                    **self.csms,
                },
                "evses": [
                    {
                        "id": number,
                        "connectors": [{"id": 1, **self.connector}],
                        "hal": self._hal(hal, number, folder),
                        **self.evse_keys,
                    }
                    for number, hal in enumerate(self.evses, start=1)
                ],
                "token_readers": [{"driver": "sim-reader"}],
                "grid": self.grid,
                "local_api": {"enabled": False},
                "ocpp_variables": {**SAMPLE_OFTEN, **self.variables},
            }
        )

    def _hal(self, hal: dict[str, Any], number: int, folder: Path) -> dict[str, Any]:
        if not self.keeps_car:
            return hal
        return {**hal, "state_file": str(folder / f"car-{number}.json")}


class Condition:
    """Waits for something that only an event of the station can make true."""

    def __init__(self) -> None:
        self._moved = asyncio.Event()

    def happened(self, event: Event, effects: Sequence[Effect]) -> None:
        """StationRunner's observer."""
        del event, effects
        self._moved.set()

    async def until(self, is_so: Callable[[], bool], *, within_s: float, failure: Callable[[], str]) -> None:
        """Return once it is so; AssertionError after `within_s` of real time."""
        try:
            async with asyncio.timeout(within_s):
                while not is_so():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            raise AssertionError(failure()) from None


class RunningStation:
    """The agent, and everything a person before it or a CSMS behind it could do."""

    def __init__(self, agent: Agent, csms: BenchCsms) -> None:
        self.agent = agent
        self.csms = csms
        self.bench: CsmsStation = csms.prepare(IDENTITY)
        self._condition = Condition()
        agent.runner.observe(self._condition.happened)
        self._running: asyncio.Task[End] | None = None

    @property
    def clock(self) -> Clock:
        """The station's own, accelerated clock."""
        return self.agent.clock

    @property
    def controls(self) -> SimControls:
        """What can be done to the simulated parts."""
        controls = sim_controls(self.agent.shared)
        if controls is None:
            raise AssertionError("nothing of this station is simulated")
        return controls

    @cached_property
    def person(self) -> Simulation:
        """Who stands before simulated parts."""
        return Simulation(self.agent, self.controls)

    def evse(self, evse_id: int = 1) -> SimEvseControls:
        """The simulated car and faults of an EVSE."""
        return self.controls.evse(evse_id)

    def status(self, evse_id: int = 1) -> ConnectorStatus | None:
        """What the station says of its connector."""
        return self.agent.runner.state.evse(evse_id).status  # type: ignore[union-attr]  # the tests know their EVSEs

    def faults(self, evse_id: int = 1) -> frozenset[Fault]:
        """What is wrong at an EVSE, as the station knows it."""
        return self.agent.runner.state.evse(evse_id).faults  # type: ignore[union-attr]  # as above

    def transaction(self, evse_id: int = 1) -> Transaction | None:
        """The transaction that the station holds at an EVSE."""
        return self.agent.runner.state.evse(evse_id).record.transaction  # type: ignore[union-attr]  # as above

    def start(self) -> None:
        """Power up."""
        self._running = asyncio.create_task(self.agent.run(), name="agent")

    async def ended(self) -> End:
        """Wait for the agent's own end."""
        if self._running is None:
            raise AssertionError("the agent was not started")
        async with asyncio.timeout(STOPS_WITHIN_S + 10):
            return await asyncio.shield(self._running)

    async def stop(self) -> None:
        """SIGTERM; harmless when the agent has ended."""
        if self._running is None:
            return
        self.agent.stop()
        async with asyncio.timeout(STOPS_WITHIN_S):
            await self._running

    async def until(self, is_so: Callable[[], bool], *, within_s: float = 10.0) -> None:
        """Wait (real time) until something is so; looked at after each event of the station."""
        await self._condition.until(is_so, within_s=within_s, failure=self._picture)

    async def until_status(self, status: ConnectorStatus, *, evse_id: int = 1, within_s: float = 10.0) -> None:
        """Wait for a connector status."""
        await self.until(lambda: self.status(evse_id) is status, within_s=within_s)

    async def until_online(self) -> None:
        """Registered, and the hardware known."""
        await self.until(
            lambda: self.agent.link.is_online and self.agent.runner.state.online and self._knows_its_hardware()
        )

    async def until_ready(self) -> None:
        """The hardware is known, online or not."""
        await self.until(self._knows_its_hardware)

    def _knows_its_hardware(self) -> bool:
        return all(evse.status is not None and evse.sample is not None for evse in self.agent.runner.state.evses)

    async def until_told(self) -> None:
        """Nothing waits to be told any more."""
        async with asyncio.timeout(15):
            while await self.agent.store.depth():
                await self.agent.sender.drained()
                await asyncio.sleep(0.005)  # recorded, and the sender not yet woken

    async def pass_time(self, seconds: float) -> None:
        """Let so much of the station's own time pass, a fraction of real time; for what must not happen."""
        await self.clock.sleep(seconds)

    async def until_metered(self, more_wh: int, *, evse_id: int = 1) -> None:
        """Wait until this much more energy went through the meter of the EVSE, as the station knows it."""
        begin_wh = self.metered_wh(evse_id)
        await self.until(lambda: self.metered_wh(evse_id) >= begin_wh + more_wh)

    def metered_wh(self, evse_id: int = 1) -> int:
        """The import register in the newest sample that the station took in."""
        sample = self.agent.runner.state.evse(evse_id).sample  # type: ignore[union-attr]  # as above
        return sample.energy_wh if sample is not None else 0

    async def charge(self, *, evse_id: int = 1, token: str = CARD, more_wh: int = 200) -> None:
        """A car plugs in, a card is held, energy flows."""
        self.person.plug_in(evse_id)
        await self.until_status(ConnectorStatus.PREPARING, evse_id=evse_id)
        self.person.present_token(token)
        await self.until_status(ConnectorStatus.CHARGING, evse_id=evse_id)
        await self.until_metered(more_wh, evse_id=evse_id)

    async def leave(self, *, evse_id: int = 1) -> None:
        """The car drives away."""
        self.person.unplug(evse_id)
        await self.until(lambda: self.transaction(evse_id) is None and self.status(evse_id) in _FREE)

    def _picture(self) -> str:
        state = self.agent.runner.state
        lines = [
            f"EVSE {evse.id}: {evse.status}, pilot {evse.pilot}, faults {sorted(evse.faults)}, {evse.record}"
            for evse in state.evses
        ]
        return "it did not come true; the station stands so:\n" + "\n".join(lines)


_FREE = (ConnectorStatus.AVAILABLE, ConnectorStatus.UNAVAILABLE, ConnectorStatus.FAULTED)


@asynccontextmanager
async def running_station(
    csms: BenchCsms,
    data_dir: Path,
    *,
    file: StationFile | None = None,
    clock: Clock | None = None,
    wait_online: bool = True,
) -> AsyncIterator[RunningStation]:
    """A station that runs until the block is left; the same folder again is the same station, restarted."""
    await asyncio.to_thread(data_dir.mkdir, exist_ok=True)
    file = file or StationFile()
    settings = parse_text(file.text(csms.url, folder=data_dir))
    agent = await Agent.build(make_plan(settings), data_dir=data_dir, clock=clock or PatientClock())
    agent.link.settings = replace(agent.link.settings, ping_timeout_s=file.ping_timeout_s)
    station = RunningStation(agent, csms)
    station.start()
    try:
        if wait_online:
            await station.until_online()
        else:
            await station.until_ready()
        yield station
    finally:
        await station.stop()


class PatientClock(SystemClock):
    """Fast, but it stands still while the machine is busy with others: a gap of real time counts for 15 ms at most.

    At 100 times the speed, 50 ms without the processor would otherwise be the 5 s that a last reading may take.
    """

    def __init__(self, *, speed: float = SPEED) -> None:
        self._looked_at_s = time.monotonic()
        self._counted_s = 0.0
        super().__init__(speed=speed)

    def monotonic(self) -> float:
        """Seconds that never step back."""
        now_s = time.monotonic()
        self._counted_s += min(max(0.0, now_s - self._looked_at_s), MAX_GAP_S)
        self._looked_at_s = now_s
        return self._counted_s * self._speed

    async def sleep(self, seconds: float) -> None:
        """Wait `seconds` of this clock."""
        until_s = self.monotonic() + seconds
        while (rest_s := until_s - self.monotonic()) > 0:  # noqa: ASYNC110 - what it waits for is time itself
            await asyncio.sleep(min(rest_s / self._speed, MAX_GAP_S * 2 / 3))


class UnsetClock(PatientClock):
    """A controller without a battery behind its clock: it believes it is 1970 until the CSMS tells."""

    def __init__(self, *, speed: float = SPEED) -> None:
        super().__init__(speed=speed)
        self._wall_at_zero = datetime(1970, 1, 1, tzinfo=UTC)
        self._wall_known = False

    def set_wall(self, utc: datetime) -> float:
        """Take the CSMS's word, once: afterwards this clock runs faster than the CSMS's."""
        if self._wall_known:
            return 0.0
        step_s = (utc - self.now_wall()).total_seconds()
        self._wall_at_zero += timedelta(seconds=step_s)
        self._wall_known = True
        return step_s

    def now(self) -> Moment:
        """As a SystemClock's."""
        return super().now()


def energy_told_wh(csms: BenchCsms) -> list[float | None]:
    """The energy of each transaction, as the CSMS would bill it."""
    return [csms.ledger.energy_wh(transaction) for transaction in csms.ledger.transactions]


def assert_flawless(csms: BenchCsms, *, open_is_a_finding: bool = True) -> None:
    """Nothing said was against the protocol, and the accounts add up."""
    assert [f"{found.action}: {found.problem}" for found in csms.violations] == []
    assert csms.ledger.findings(open_is_a_finding=open_is_a_finding) == []


async def close_books(station: RunningStation) -> None:
    """All that was metered since the station was new has been told, to the watt-hour, and nothing against the rules."""
    await station.until(lambda: all(evse.record.transaction is None for evse in station.agent.runner.state.evses))
    await station.until_told()
    metered_wh = sum(
        station.evse(evse.id).view().register_wh - FIRST_REGISTER_WH for evse in station.agent.runner.state.evses
    )
    told_wh = sum(wh or 0 for wh in energy_told_wh(station.csms))
    assert told_wh == metered_wh, f"{told_wh} Wh told, {metered_wh} Wh metered"
    assert_flawless(station.csms)
