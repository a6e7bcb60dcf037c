"""A station without hardware before a bench CSMS: core, store, link and what sends, in fast time.

Nothing moves here by itself: a test posts the events of the iron, or records facts of its own making.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from pathlib import Path
from typing import Any

from agent.ocpp.adapter import StationIdentity, Topology
from agent.ocpp.handshake import LinkSettings
from agent.runtime.csms_commands import CsmsCommands
from agent.runtime.link import Link, LinkState
from agent.runtime.outbox_sender import OutboxSender
from agent.runtime.recovery import wake
from agent.runtime.station_runner import StationRunner
from agent.runtime.status_sender import StatusSender
from agent.runtime.wall_clock import WallClock
from agent.station.commands import TriggeredMessage
from agent.station.connector import ConnectorStatus
from agent.station.device_model import DeviceModel, VariableKey
from agent.station.effects import Effect, Record, ReportStatus, SendTriggered
from agent.station.events import Event, LinkChanged
from agent.station.facts import Fact
from agent.station.state import EvseConfig, StationConfig
from agent.store.store import Changes, Store
from hil.csms.behaviours import Behaviour, amend
from hil.csms.errors import CallError
from hil.csms.frame import Call
from hil.csms.record import Event as BenchEvent
from hil.csms.record import MessageReceived, StationConnected, StationRefused
from hil.csms.server import BenchCsms
from hil.csms.station import Station as CsmsStation
from tests.fakes.fast_time import SPEED, LoopClock, fast_time

IDENTITY = "CP001"
V16, V201 = "ocpp1.6", "ocpp2.0.1"
EVSES = 2
TOPOLOGY = Topology(tuple((number, (1,)) for number in range(1, EVSES + 1)))
QUICK = {
    "OCPPCommCtrlr.RetryBackOffWaitMinimum": "1",
    "OCPPCommCtrlr.RetryBackOffRandomRange": "0",
    "OCPPCommCtrlr.RetryBackOffRepeatTimes": "0",
    "OCPPCommCtrlr.WebSocketPingInterval": "0",
    "OCPPCommCtrlr.HeartbeatInterval": "86400",
    "OCPPCommCtrlr.MessageTimeout[Default]": "30",
}
"""Comes back after a second, and says nothing of its own accord."""


def boot(status: str, *, interval_s: int) -> Behaviour:
    """An answer to a BootNotification."""
    return amend({"status": status, "interval": interval_s})


@dataclass(frozen=True, slots=True)
class Heard:
    """What reached the CSMS, and when (the loop's time): an action, `connect`, or an HTTP status."""

    what: str
    at_s: float
    payload: dict[str, Any] = field(default_factory=dict)


def gaps(heard: Sequence[Heard]) -> list[float]:
    """Seconds from each to the next."""
    return [later.at_s - earlier.at_s for earlier, later in pairwise(heard)]


@dataclass(frozen=True, slots=True)
class LinkedStation:
    """The parts, as a test wants to look at them."""

    csms: BenchCsms
    bench: CsmsStation
    clock: LoopClock
    store: Store
    runner: StationRunner
    link: Link
    sender: OutboxSender
    statuses: StatusSender
    heard: list[Heard]
    done: list[Effect]
    """Effects that nothing of this rig carries out."""

    async def record(self, *facts: Fact) -> None:
        """Commit facts as the station would."""
        await self.store.commit(Changes(facts=facts, moment=self.clock.now()))
        self.sender.wake()

    async def until_online(self) -> None:
        """Wait for the CSMS's yes."""
        await self.until(lambda: self.link.is_online)

    async def until_state(self, state: LinkState) -> None:
        """Wait for how the link stands."""
        await self.until(lambda: self.link.state is state)

    async def until_told(self) -> None:
        """Nothing is queued any more."""
        await self.until(lambda: self.store.queued == 0)

    async def until(self, is_so: Callable[[], bool], *, within_s: float = 900.0) -> None:
        """Wait (fast time) for something that no event announces."""
        try:
            async with asyncio.timeout(within_s):
                while not is_so():  # noqa: ASYNC110  the condition is a test's own
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"it did not come true; link {self.link.state}, heard {self.actions}") from None

    async def until_heard(self, what: str, *, times: int = 1, within_s: float = 900.0) -> list[Heard]:
        """Wait until it was heard so many times; all of them."""
        await self.until(lambda: len(self.of(what)) >= times, within_s=within_s)
        return self.of(what)

    async def pass_time(self, seconds: float) -> None:
        """For what must not happen meanwhile."""
        await asyncio.sleep(seconds)

    @property
    def actions(self) -> list[str]:
        """All that was heard, in order."""
        return [one.what for one in self.heard]

    def of(self, what: str) -> list[Heard]:
        """All of one kind."""
        return [one for one in self.heard if one.what == what]

    def report(self, status: ConnectorStatus, *, evse_id: int = 1, forced: bool = False) -> None:
        """The station says how a connector stands."""
        self.statuses.report(ReportStatus(evse_id, 1, status, self.clock.now(), forced=forced))

    async def refusal(self, action: str, payload: dict[str, Any]) -> str:
        """The code of the CALLERROR that a call of the CSMS gets."""
        try:
            answer = await self.bench.call(action, payload)
        except CallError as error:
            return error.code
        raise AssertionError(f"{action} was answered: {answer}")


@asynccontextmanager
async def linked_station(
    folder: Path,
    *,
    versions: Sequence[str] = (V201,),
    csms_versions: Sequence[str] = (V201, V16),
    variables: dict[str, str] | None = None,
    link: dict[str, Any] | None = None,
    scripted: Callable[[BenchCsms], None] | None = None,
    clock: Callable[[], LoopClock] = LoopClock,
    url: str | None = None,
    speed: float = SPEED,
    running: Sequence[str] = ("station", "link", "outbox", "statuses"),
) -> AsyncIterator[LinkedStation]:
    """A station that runs as long as the block lasts; the same folder again is the same station, restarted.

    `scripted` prepares the CSMS before the station comes; `link` changes LinkSettings; `url` is another CSMS's;
    `speed` is for what takes minutes.
    """
    with fast_time(speed=speed):
        async with BenchCsms(versions=csms_versions) as csms:
            heard = _journal(csms)
            if scripted is not None:
                scripted(csms)
            store = await Store.open(folder / "agent.db")
            try:
                settings = LinkSettings(url=url or csms.url, identity=IDENTITY, subprotocols=tuple(versions))
                station = await _wire(store, csms, heard, clock(), settings=settings, link=link, variables=variables)
                async with _running(station, running):
                    yield station
            finally:
                await store.close()


def _journal(csms: BenchCsms) -> list[Heard]:
    heard: list[Heard] = []
    now = asyncio.get_running_loop().time

    def note(event: BenchEvent) -> None:
        match event:
            case MessageReceived(message=message) if isinstance(message.frame, Call):
                heard.append(Heard(message.frame.action, now(), dict(message.frame.payload)))
            case StationConnected():
                heard.append(Heard("connect", now()))
            case StationRefused(status=status):
                heard.append(Heard(str(status), now()))
            case _:
                pass

    csms.subscribe(note)
    return heard


async def _wire(
    store: Store,
    csms: BenchCsms,
    heard: list[Heard],
    clock: LoopClock,
    *,
    settings: LinkSettings,
    link: dict[str, Any] | None,
    variables: dict[str, str] | None,
) -> LinkedStation:
    """As agent.app wires them, without hardware."""
    values: dict[VariableKey | str, str] = {}
    values.update({**QUICK, **(variables or {})})
    config = StationConfig(evses=tuple(EvseConfig(evse_id=number) for number in range(1, EVSES + 1)))
    numbers = count(1)
    core = await wake(store, config, DeviceModel.build(TOPOLOGY.evses, values), new_id=lambda: f"tx-{next(numbers)}")
    done: list[Effect] = []
    parts: dict[str, Any] = {}

    def act(effect: Effect) -> None:
        match effect:
            case Record():
                parts["sender"].wake()
            case ReportStatus():
                parts["statuses"].report(effect)
            case SendTriggered(message=TriggeredMessage.BOOT_NOTIFICATION):
                parts["link"].boot_again()
            case _:
                done.append(effect)

    runner = StationRunner(core, store, clock=clock, act=act)
    wall = WallClock(clock, store)
    made = Link(
        replace(settings, **(link or {})),
        identity=StationIdentity("Example", "Duo-22"),
        topology=TOPOLOGY,
        clock=clock,
        model=lambda: runner.state.model,
        post=runner.post,
        set_clock=wall.set,
    )
    sender = OutboxSender(store, made, clock=clock, model=lambda: runner.state.model, post=runner.post)
    statuses = StatusSender(made, store, clock=clock, model=lambda: runner.state.model)
    made.handler = CsmsCommands(ask=runner.ask, store=store, link=made, clock=clock).handler
    made.on_accepted = statuses.accepted
    parts.update(sender=sender, statuses=statuses, link=made)

    def follow(event: Event, effects: Sequence[Effect]) -> None:
        del effects
        if isinstance(event, LinkChanged):
            statuses.link_changed(online=event.online)

    runner.observe(follow)
    if clock.now().wall_known:
        await wall.remember()
    return LinkedStation(csms, csms.prepare(IDENTITY), clock, store, runner, made, sender, statuses, heard, done)


@asynccontextmanager
async def _running(station: LinkedStation, names: Sequence[str]) -> AsyncIterator[None]:
    works: dict[str, Callable[[], Awaitable[None]]] = {
        "station": station.runner.run,
        "link": station.link.run,
        "outbox": station.sender.run,
        "statuses": station.statuses.run,
    }
    tasks = [asyncio.ensure_future(works[name]()) for name in names]
    errands: set[asyncio.Task[None]] = set()

    def lost() -> None:
        in_flight = station.sender.in_flight is not None
        marking = asyncio.create_task(station.store.mark_offline(head_in_flight=in_flight), name="mark offline")
        errands.add(marking)

    station.link.on_lost = lost
    try:
        yield
    finally:
        await station.link.close(within_s=20)
        for task in tasks:
            task.cancel()
        ends = await asyncio.gather(*tasks, *errands, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end
