"""`evse-agent demo`: the main job, told as it happens. A simulated station, the bench CSMS, one car."""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TextIO

from agent import log as logs
from agent.app import Agent
from agent.app_sim import Simulation, simulation_of
from agent.assembly import make_plan
from agent.demo_script import DEMO_CAR, DEMO_SCRIPT
from agent.sim_script import parse_script, run_script
from agent.simulate import SUBPROTOCOLS, status_of
from agent.simulated_station import SimulatedStation
from agent.station.effects import Effect, Record, ReportStatus
from agent.station.events import Event, TokenPresented
from agent.station.facts import EnergySampled, TransactionEnded, TransactionStarted
from hil.csms.books import Transaction
from hil.csms.record import Event as CsmsEvent
from hil.csms.record import MessageReceived, StationConnected
from hil.csms.server import BenchCsms

FINE, FAILED = 0, 1
EVSE = 1
LIVE_EVERY_S = 0.25
LIVE_LINE_EVERY_STATION_S = 300.0
"""Without a terminal the live line is printed only so often."""


async def demo(*, speed: float, ocpp: str, stream: TextIO | None = None) -> int:
    """Charge one car and compare what the CSMS was told with what the meter counted. Returns the exit code."""
    logs.configure(level="WARNING")
    async with BenchCsms(versions=(SUBPROTOCOLS[ocpp],)) as csms:
        station = SimulatedStation(
            url=csms.url,
            identity="DEMO-1",
            ocpp=[SUBPROTOCOLS[ocpp]],
            evses=2,
            speed=speed,
            sim=DEMO_CAR,
            variables={"SampledDataCtrlr.TxUpdatedInterval": "300"},
            log_level="WARNING",
        )
        with tempfile.TemporaryDirectory(prefix="evse-agent-demo-") as folder:
            agent = await Agent.build(make_plan(station.settings()), data_dir=Path(folder))
            return await _charge(agent, csms, Screen(agent, stream or sys.stdout), speed=speed, ocpp=ocpp)


async def _charge(agent: Agent, csms: BenchCsms, screen: "Screen", *, speed: float, ocpp: str) -> int:
    simulation = simulation_of(agent)
    if simulation is None:
        raise RuntimeError("the demo's station is simulated")
    screen.line("demo", f"two EVSEs of 22 kW, OCPP {ocpp}, the built-in CSMS, {speed:g} times faster than real")
    csms.subscribe(screen.csms_event)
    agent.runner.observe(screen.station_event)
    running = asyncio.create_task(agent.run(), name="agent")
    live = asyncio.create_task(screen.live(simulation), name="live line")
    try:
        await csms.station("DEMO-1", timeout_s=10)
        begin_wh = simulation.view(EVSE).register_wh
        await run_script(parse_script(DEMO_SCRIPT), simulation, clock=agent.clock, status=status_of(agent))
        async with asyncio.timeout(10):
            await agent.told()
        counted_wh = simulation.view(EVSE).register_wh - begin_wh
    finally:
        live.cancel()
        await asyncio.gather(live, return_exceptions=True)
        agent.stop()
        await running
    return _summary(csms, screen, counted_wh)


def _summary(csms: BenchCsms, screen: "Screen", counted_wh: int) -> int:
    """Print the summary; 0 only if every watt-hour the meter counted was told, and nothing was wrong."""
    told = [transaction for transaction in csms.ledger.transactions if not transaction.is_open]
    told_wh = sum(round(csms.ledger.energy_wh(transaction) or 0) for transaction in told)
    findings = [*csms.ledger.findings(), *csms.violations]
    screen.text("")
    for transaction in told:
        screen.text(f"transaction {transaction.transaction_id}: {_told(transaction)}")
    screen.text(f"  the CSMS was told    {told_wh:>8,} Wh")
    screen.text(f"  the meter counted    {counted_wh:>8,} Wh")
    screen.text(f"  messages against their schema or out of order: {len(findings)}")
    equal = told_wh == counted_wh > 0 and not findings and len(told) == 1
    screen.text("every watt-hour is accounted for" if equal else "THE TWO DO NOT AGREE")
    return FINE if equal else FAILED


def _told(transaction: Transaction) -> str:
    lasted = "?"
    if transaction.started_at is not None and transaction.ended_at is not None:
        lasted = str(timedelta(seconds=round((transaction.ended_at - transaction.started_at).total_seconds())))
    return (
        f"EVSE {transaction.evse}, {lasted} h, {len(transaction.readings)} readings, "
        f"register {transaction.begin_wh:,.0f} to {transaction.end_wh:,.0f} Wh, "
        f"stopped: {transaction.stopped_reason or 'Local'}"
    )


class Screen:
    """One line an event, and below them a live line of power and energy where there is a terminal."""

    def __init__(self, agent: Agent, stream: TextIO) -> None:
        self._agent = agent
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._live_width = 0
        self._began_s = agent.clock.monotonic()
        self._last_live_s = -LIVE_LINE_EVERY_STATION_S

    def text(self, text: str) -> None:
        """Print a line above the live one."""
        if self._live_width:
            self._stream.write("\r" + " " * self._live_width + "\r")
            self._live_width = 0
        self._stream.write(text + "\n")
        self._stream.flush()

    def line(self, who: str, what: str) -> None:
        """One event: station time, who, what."""
        self.text(f"{self._time()}  {who:<8} {what}")

    def _time(self) -> str:
        return str(timedelta(seconds=int(self._agent.clock.monotonic() - self._began_s))).rjust(8, "0")

    def csms_event(self, event: CsmsEvent) -> None:
        """What the CSMS saw."""
        match event:
            case StationConnected(subprotocol=subprotocol):
                self.line("link", f"connected, {subprotocol}")
            case MessageReceived(message=message) if message.action is not None:
                self.line("to CSMS", message.action)
            case _:
                pass

    def station_event(self, event: Event, effects: Sequence[Effect]) -> None:
        """What the station decided."""
        if isinstance(event, TokenPresented):
            self.line("reader", f"card {event.token.masked()} presented")
        for effect in effects:
            match effect:
                case ReportStatus(evse_id=evse_id, status=status):
                    self.line("station", f"EVSE {evse_id} is {status}")
                case Record(fact=TransactionStarted() as fact):
                    self.line("station", f"transaction begins at {fact.register_wh:,} Wh")
                case Record(fact=EnergySampled() as fact):
                    self.line("meter", f"{fact.register_wh:,} Wh recorded")
                case Record(fact=TransactionEnded() as fact):
                    self.line("station", f"transaction ends at {fact.register_wh:,} Wh ({fact.stop_reason})")
                case _:
                    pass

    async def live(self, simulation: Simulation) -> None:
        """Keep the live line fresh."""
        begin_wh = simulation.view(EVSE).register_wh
        while True:
            await asyncio.sleep(LIVE_EVERY_S)
            view = simulation.view(EVSE)
            sample = self._sample_w()
            text = (
                f"{self._time()}  EVSE {EVSE}  {sample / 1000:6.2f} kW  {max(view.draw_a):5.1f} A  "
                f"{(view.register_wh - begin_wh) / 1000:7.3f} kWh  battery {view.soc_percent:5.1f} %"
            )
            if self._is_terminal:
                self._stream.write("\r" + text.ljust(self._live_width))
                self._stream.flush()
                self._live_width = len(text)
            elif self._agent.clock.monotonic() - self._last_live_s >= LIVE_LINE_EVERY_STATION_S:
                self._last_live_s = self._agent.clock.monotonic()
                self.text(text)

    def _sample_w(self) -> float:
        reading = self._agent.ports[EVSE].snapshot().reading
        return reading.power_w if reading is not None and reading.power_w is not None else 0.0
