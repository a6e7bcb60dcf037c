"""A station told by hand, and a server that tells of it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from agent.api.events import EventStream
from agent.api.server import ApiServer
from agent.api.views import (
    AgentFigures,
    EvseStatus,
    FaultEntry,
    FaultHistory,
    GivenUpFact,
    LinkState,
    LinkStatus,
    MeterStatus,
    NoSuchEvse,
    NotSimulated,
    OutboxView,
    QueuedFact,
    StationStatus,
    StorageStatus,
    TransactionStatus,
    WrongValue,
)
from agent.station.connector import ConnectorStatus
from agent.station.facts import ChargingState
from agent.station.faults import Fault
from agent.station.pilot import PilotState
from tests.agent.api.http_client import Client, connect

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

CHARGING = EvseStatus(
    id=1,
    connector_id=1,
    status=ConnectorStatus.CHARGING,
    plugged=True,
    pilot=PilotState.C,
    contactor_closed=True,
    limit_a=16.0,
    offered_a=16.0,
    transaction=TransactionStatus(
        id="5f2c1e1a-9a43-4c1f-8f59-1f4f5d7d2b10",
        since=NOON,
        charging_state=ChargingState.CHARGING,
        token="...B2C3",
        energy_wh=1234,
        seq_no=7,
    ),
    meter=MeterStatus(
        energy_wh=1_001_234,
        age_s=0.4,
        power_w=11_040.0,
        current_a=(16.0, 16.0, 15.9),
        voltage_v=(230.0, 231.0, 229.5),
    ),
)
BROKEN = EvseStatus(id=2, connector_id=1, status=ConnectorStatus.FAULTED, faults=(Fault.GROUND_FAILURE,))

STATUS = StationStatus(
    identity="CP001",
    vendor="Example",
    model="Duo-22",
    version="0.1.0",
    time=NOON,
    clock_known=True,
    uptime_s=93_784.0,
    simulated=True,
    link=LinkStatus(state=LinkState.ONLINE, url="ws://127.0.0.1:9000/ocpp/CP001", subprotocol="ocpp2.0.1", since=NOON),
    evses=(CHARGING, BROKEN),
    outbox_depth=3,
    dead_letters=1,
    storage=StorageStatus(writable=True),
)

FAULT_ROWS = tuple(
    FaultEntry(
        event_id=number,
        evse_id=1,
        fault="GroundFailure",
        code="CX002",
        began=datetime(2026, 5, 4, 12, 0, tzinfo=UTC),
        ended=None,
        detail="RCD",
        for_driver="Stop.",
        for_technician="Look.",
    )
    for number in (3, 2, 1)
)
ROWS = tuple(
    QueuedFact(
        id=number,
        message_id=f"message-{number}",
        kind="EnergySampled",
        at=NOON,
        attempts=0,
        offline=True,
        evse_id=1,
        transaction_id="5f2c1e1a-9a43-4c1f-8f59-1f4f5d7d2b10",
        seq_no=number,
    )
    for number in range(1, 4)
)


@dataclass
class FakeSource:
    """Says what the test wants it to say."""

    now: StationStatus = STATUS
    counts: AgentFigures = field(default_factory=AgentFigures)
    outbox_answer: Callable[[], Awaitable[None]] | None = None

    def status(self) -> StationStatus:
        return self.now

    async def outbox(self, *, limit: int) -> OutboxView:
        if self.outbox_answer is not None:
            await self.outbox_answer()
        why = "FormationViolation: no such tariff"
        dead = GivenUpFact(id=9, message_id="message-9", kind="TransactionUpdated", attempts=3, why=why)
        return OutboxView(depth=3, rows=ROWS[:limit], dead_letter_count=1, dead_letters=(dead,), thinned=5)

    async def faults(self, *, limit: int) -> FaultHistory:
        return FaultHistory(rows=FAULT_ROWS[:limit])

    def figures(self) -> AgentFigures:
        return self.counts


@dataclass
class FakeControls:
    """Remembers what was done at a station with the EVSEs 1 (simulated) and 2 (real)."""

    done: list[tuple[Any, ...]] = field(default_factory=list)

    def _evse(self, evse_id: int) -> None:
        if evse_id == 2:
            raise NotSimulated("EVSE 2 has no simulated parts")
        if evse_id != 1:
            raise NoSuchEvse(f"there is no EVSE {evse_id}")

    def plug_in(self, evse_id: int) -> None:
        self._evse(evse_id)
        self.done.append(("plug in", evse_id))

    def unplug(self, evse_id: int) -> None:
        self._evse(evse_id)
        self.done.append(("unplug", evse_id))

    def set_ev(self, evse_id: int, **changes: Any) -> None:
        self._evse(evse_id)
        if changes["max_current_a"] == 80:
            raise WrongValue("no such car today")
        self.done.append(("ev", evse_id, {name: value for name, value in changes.items() if value is not None}))

    def set_fault(self, evse_id: int, name: str, *, active: bool) -> None:
        self._evse(evse_id)
        self.done.append(("fault", evse_id, name, active))

    def present_token(self, value: str, *, type: str, evse_id: int | None) -> None:  # noqa: A002 - OCPP's word
        self.done.append(("token", value, type, evse_id))

    def set_network(self, *, online: bool) -> None:
        self.done.append(("network", online))


@dataclass
class Site:
    """A running server and all around it."""

    source: FakeSource
    controls: FakeControls
    events: EventStream
    server: ApiServer
    port: int

    @asynccontextmanager
    async def client(self) -> AsyncIterator[Client]:
        async with connect(self.port) as client:
            yield client


Build = Callable[..., Awaitable[Site]]
"""Starts a server: `limits`, and `simulated` or not."""
