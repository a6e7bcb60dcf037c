"""The local API of a running agent: its state, outbox, counts and events in the API's words."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from agent.api.events import EventName, EventStream
from agent.api.server import ApiServer
from agent.api.views import (
    AgentFigures,
    EvseStatus,
    FaultHistory,
    LinkState,
    LinkStatus,
    MeterStatus,
    NoSuchEvse,
    NotSimulated,
    OutboxView,
    StationStatus,
    StorageStatus,
    TransactionStatus,
    WrongValue,
)
from agent.app import Agent
from agent.app_faults import fault_history
from agent.app_queue import given_up_fact, queued_fact
from agent.app_sim import NotSimulated as HasNoSimulatedPart
from agent.app_sim import Simulation, simulation_of
from agent.assembly import AGENT_VERSION
from agent.errors import SettingsError
from agent.log import get_logger
from agent.station.effects import Effect, Record, ReportStatus
from agent.station.events import Event, FaultCleared, FaultRaised, LinkChanged, MeterSampled, TokenPresented
from agent.station.facts import EnergySampled, FaultNoted, IdleMeterSampled, TransactionFact
from agent.station.limit_reason import limit_reason
from agent.station.samples import Measurand, MeterSample
from agent.station.state import Evse

log = get_logger(__name__)

LISTEN_AGAIN_S = 30.0
DEAD_LETTERS_COUNTED = 10_000


async def serve_api(agent: Agent, *, ready: Callable[[int], Awaitable[None]] | None = None) -> None:
    """Serve until cancelled. A port that cannot be had is told and tried again: charging does not depend on it."""
    local_api = agent.plan.settings.local_api
    events = EventStream()
    agent.runner.observe(EventFeed(events).feed)
    simulation = simulation_of(agent)
    server = ApiServer(
        AgentSource(agent),
        Controls(simulation, agent) if simulation is not None else None,
        events,
        host=local_api.host,
        port=local_api.port,
    )
    port = await _listen(server)
    try:
        if ready is not None:
            await ready(port)
        await asyncio.Event().wait()
    finally:
        await server.stop()


async def _listen(server: ApiServer) -> int:
    while True:
        try:
            return await server.start()
        except SettingsError as error:
            log.warning("no local API", why=error)
            await asyncio.sleep(LISTEN_AGAIN_S)


class AgentSource:
    """How an agent stands, for agent.api."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._began_s = time.monotonic()
        self._dead_letters = 0

    def status(self) -> StationStatus:
        """The whole station, now."""
        agent = self._agent
        station = agent.plan.settings.station
        now = agent.clock.now()
        damaged = agent.store.damaged
        return StationStatus(
            identity=station.identity,
            vendor=station.vendor,
            model=station.model,
            version=AGENT_VERSION,
            time=now.wall,
            clock_known=now.wall_known,
            uptime_s=round(time.monotonic() - self._began_s, 3),
            simulated=agent.plan.settings.is_simulated,
            link=self._link(),
            evses=tuple(self._evse(evse) for evse in agent.runner.state.evses),
            outbox_depth=agent.store.queued,
            dead_letters=agent.store.dead_letter_count,
            storage=StorageStatus(
                writable=agent.runner.state.writable, damaged_kept_as=str(damaged) if damaged is not None else None
            ),
        )

    def _link(self) -> LinkStatus:
        link = self._agent.link
        return LinkStatus(
            state=LinkState(link.state.value),
            url=without_credentials(link.settings.url),
            subprotocol=link.current.adapter.subprotocol if link.current is not None else None,
            last_failure=link.last_failure or None,
            since=self._agent.store.mend(link.since),
        )

    def _evse(self, evse: Evse) -> EvseStatus:
        port = self._agent.ports[evse.id].snapshot()
        return EvseStatus(
            id=evse.id,
            connector_id=evse.config.connector_ids[0],
            status=evse.status,
            operative=self._agent.runner.state.is_operative(evse),
            plugged=evse.plugged,
            pilot=evse.pilot,
            contactor_closed=port.contactor_closed,
            limit_a=evse.permitted_a,
            limit_reason=limit_reason(self._agent.runner.state, evse),
            offered_a=port.offered_a,
            transaction=transaction_status(evse),
            meter=self._meter(evse.sample),
            faults=tuple(sorted(evse.faults)),
        )

    def _meter(self, sample: MeterSample | None) -> MeterStatus | None:
        if sample is None:
            return None
        return MeterStatus(
            energy_wh=sample.energy_wh,
            age_s=round(self._agent.clock.monotonic() - sample.at.mono_s, 3),
            power_w=next(iter(_values(sample, Measurand.POWER_ACTIVE_IMPORT, per_phase=False)), None),
            current_a=_values(sample, Measurand.CURRENT_IMPORT, per_phase=True),
            voltage_v=_values(sample, Measurand.VOLTAGE, per_phase=True),
        )

    async def outbox(self, *, limit: int) -> OutboxView:
        """The queue and what was given up."""
        store = self._agent.store
        return OutboxView(
            depth=store.queued,
            rows=tuple(queued_fact(row, mend=store.mend) for row in await store.listing(limit)),
            dead_letter_count=store.dead_letter_count,
            dead_letters=tuple(given_up_fact(letter) for letter in await store.dead_letters(limit)),
            thinned=store.thinned,
        )

    async def faults(self, *, limit: int) -> FaultHistory:
        """The last faults."""
        store = self._agent.store
        return fault_history(await store.faults(limit), mend=store.mend)

    def figures(self) -> AgentFigures:
        """Counts since the process began."""
        agent = self._agent
        return AgentFigures(
            facts_sent=agent.sender.sent,
            facts_given_up=agent.sender.given_up,
            facts_thinned=agent.store.thinned,
            commits=agent.runner.commits,
            commit_failures=agent.runner.commit_failures,
            connects=agent.link.connects,
            events_dropped=agent.runner.samples_dropped,
            errand_failures=agent.tasks.failures,
            loop_lag_s=agent.leases.loop_lag_s,
        )


def transaction_status(evse: Evse) -> TransactionStatus | None:
    """The transaction of an EVSE, its token masked."""
    tx = evse.record.transaction
    if tx is None:
        return None
    register_wh = evse.sample.energy_wh if evse.sample is not None else tx.register_wh
    delivered = register_wh - tx.begin_wh if register_wh is not None and tx.begin_wh is not None else None
    return TransactionStatus(
        id=tx.id,
        since=tx.started_at.wall,
        charging_state=tx.charging_state,
        token=tx.token.masked() if tx.token is not None else None,
        energy_wh=delivered,
        seq_no=tx.next_seq_no,
    )


def without_credentials(url: str) -> str:
    """A URL as it may be shown."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _values(sample: MeterSample, measurand: Measurand, *, per_phase: bool) -> tuple[float, ...]:
    return tuple(
        quantity.value
        for quantity in sample.quantities
        if quantity.measurand is measurand and (quantity.phase is not None) == per_phase
    )


class EventFeed:
    """What the station did, as server-sent events."""

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream

    def feed(self, event: Event, effects: Sequence[Effect]) -> None:
        """An observer of the runner."""
        publish = self._stream.publish
        match event:
            case TokenPresented(token):
                publish(EventName.TOKEN, {"token": token, "evses": list(event.evse_ids)})
            case FaultRaised(evse_id, fault, detail):
                publish(EventName.FAULT, {"evse": evse_id, "fault": fault, "active": True, "detail": detail})
            case FaultCleared(evse_id, fault):
                publish(EventName.FAULT, {"evse": evse_id, "fault": fault, "active": False})
            case LinkChanged(online):
                publish(EventName.LINK, {"online": online})
            case MeterSampled(sample):
                power_w = next(iter(_values(sample, Measurand.POWER_ACTIVE_IMPORT, per_phase=False)), None)
                publish(EventName.METER, {"evse": sample.evse_id, "energy_wh": sample.energy_wh, "power_w": power_w})
            case _:
                pass
        for effect in effects:
            match effect:
                case ReportStatus():
                    publish(EventName.STATUS, {"evse": effect.evse_id, "status": effect.status, "fault": effect.fault})
                case Record(fact=EnergySampled() | IdleMeterSampled() | FaultNoted() as fact):
                    publish(EventName.FACT, {"kind": type(fact).__name__, "evse": fact.evse_id})
                case Record(fact=TransactionFact() as fact):
                    publish(
                        EventName.TRANSACTION,
                        {
                            "kind": type(fact).__name__,
                            "evse": fact.evse_id,
                            "transaction": fact.transaction_id,
                            "seq_no": fact.seq_no,
                            "trigger": fact.trigger,
                            "charging_state": fact.charging_state,
                            "register_wh": fact.register_wh,
                        },
                    )
                case _:
                    pass


class Controls:
    """The simulator's controls with the API's errors."""

    def __init__(self, simulation: Simulation, agent: Agent) -> None:
        self._simulation = simulation
        self._evse_ids = tuple(agent.ports)

    def plug_in(self, evse_id: int) -> None:
        """A car is connected."""
        self._do(evse_id, lambda: self._simulation.plug_in(evse_id))

    def unplug(self, evse_id: int) -> None:
        """The car leaves."""
        self._do(evse_id, lambda: self._simulation.unplug(evse_id))

    def set_ev(
        self,
        evse_id: int,
        *,
        wants_energy: bool | None = None,
        max_current_a: float | None = None,
        phases: int | None = None,
        battery_kwh: float | None = None,
        soc_percent: float | None = None,
        ignores_offer: bool | None = None,
    ) -> None:
        """Change the car."""
        self._do(
            evse_id,
            lambda: self._simulation.set_ev(
                evse_id,
                wants_energy=wants_energy,
                max_current_a=max_current_a,
                phases=phases,
                battery_kwh=battery_kwh,
                soc_percent=soc_percent,
                ignores_offer=ignores_offer,
            ),
        )

    def set_fault(self, evse_id: int, name: str, *, active: bool) -> None:
        """Begin or end a fault."""
        self._do(evse_id, lambda: self._simulation.set_fault(evse_id, name, active=active))

    def present_token(self, value: str, *, type: str, evse_id: int | None) -> None:  # noqa: A002 - OCPP's word
        """Hold a card before a reader."""
        self._do(evse_id, lambda: self._simulation.present_token(value, type=type, evse_id=evse_id))

    def set_network(self, *, online: bool) -> None:
        """Pull or plug the network cable."""
        self._simulation.set_network(online=online)

    def _do(self, evse_id: int | None, deed: Callable[[], None]) -> None:
        if evse_id is not None and evse_id not in self._evse_ids:
            raise NoSuchEvse(f"there is no EVSE {evse_id}")
        try:
            deed()
        except HasNoSimulatedPart as error:
            raise NotSimulated(str(error)) from error
        except ValueError as error:
            raise WrongValue(str(error)) from error
