"""The agent, put together: the one place that knows every part. Built from a Plan, run until stopped."""

import asyncio
import uuid
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack
from enum import Enum
from pathlib import Path
from typing import Any

from agent.assembly import Plan, build_hardware, link_settings
from agent.clock import Clock, SystemClock
from agent.log import get_logger
from agent.ocpp.adapter import BootReason
from agent.runtime.csms_commands import CsmsCommands
from agent.runtime.effects import Effects, PortControl
from agent.runtime.hal_watch import Leases, PortWatch, ReaderWatch
from agent.runtime.link import Link
from agent.runtime.outbox_sender import OutboxSender
from agent.runtime.recovery import wake
from agent.runtime.station_runner import StationRunner
from agent.runtime.status_sender import StatusSender
from agent.runtime.supervisor import Supervisor
from agent.runtime.tasks import Tasks
from agent.runtime.timers import watch_due_times
from agent.runtime.wall_clock import WallClock
from agent.runtime.watchdog import Watchdog
from agent.station.commands import GetLocalListVersion, ResetKind, TriggeredMessage
from agent.station.effects import Effect, Restart, SendTriggered
from agent.station.events import CsmsAsked, Event, LinkChanged, StationStarted
from agent.station.transaction import Transaction
from agent.store.data_lock import DataLock
from agent.store.store import DATABASE, Store
from hal.guard import Guard
from hal.port import Port, PortSettings
from hal.registry import SharedDevices

log = get_logger(__name__)

DELIVER_BEFORE_RESTART_S = 8.0
"""How long a commanded restart waits for the outbox (2.0.1 B12.FR.04, B12.FR.05)."""
ANSWER_BEFORE_RESTART_S = 2.0
"""How long it waits for its own answer to the Reset to be written."""
LOOK_AGAIN_S = 0.05
END_WITHIN_S = 1.0
"""For each of the three steps of a stop; with the rest it stays below 5 s."""


class End(Enum):
    """Why the agent ended."""

    STOPPED = "stopped"
    RESTART = "restart"
    FAILED = "failed"


class Agent:
    """One station. `await Agent.build(plan)`, then `await agent.run()`; `stop()` from the same loop."""

    def __init__(
        self,
        plan: Plan,
        *,
        store: Store,
        lock: DataLock,
        runner: StationRunner,
        clock: Clock,
        tasks: Tasks,
        data_dir: Path,
    ) -> None:
        self.plan = plan
        self.data_dir = data_dir
        self._lock = lock
        self.store = store
        self.runner = runner
        self.clock = clock
        self.shared = SharedDevices()
        self.ports: dict[int, Port] = {}
        self.tasks = tasks
        self.leases = Leases(self._renew)
        self._supervisor = Supervisor()
        self._readers: list[ReaderWatch] = []
        self._end = End.STOPPED
        self.next_boot_reason = BootReason.REMOTE_RESET
        """What the next agent tells the CSMS where this one ends with End.RESTART."""
        self.link: Link
        self.sender: OutboxSender
        self.statuses: StatusSender
        self.commands: CsmsCommands

    @classmethod
    async def build(
        cls,
        plan: Plan,
        *,
        data_dir: Path | None = None,
        clock: Clock | None = None,
        boot_reason: BootReason = BootReason.POWER_UP,
    ) -> "Agent":
        """Open the store and wake the station. Raises SettingsError or StoreError.

        SettingsError also where another agent runs in `data_dir`.
        """
        clock = clock or SystemClock(speed=plan.settings.simulation.speed)
        data_dir = data_dir or plan.settings.storage.path
        async with AsyncExitStack() as undo:
            lock = DataLock.take(data_dir)
            undo.callback(lock.release)
            store = await Store.open(data_dir / DATABASE, max_mb=plan.settings.storage.max_mb)
            undo.push_async_callback(store.close)
            if store.damaged is not None:
                log.error("damaged database set aside", kept_as=store.damaged)
            station = await wake(store, plan.config, plan.model, new_id=lambda: str(uuid.uuid4()))
            tasks = Tasks()
            deeds = Effects({}, tasks=tasks)
            runner = StationRunner(station, store, clock=clock, act=deeds.act)
            agent = cls(plan, store=store, lock=lock, runner=runner, clock=clock, tasks=tasks, data_dir=data_dir)
            agent._wire(deeds, boot_reason)
            undo.pop_all()
        return agent

    def _wire(self, deeds: Effects, boot_reason: BootReason) -> None:
        runner, clock = self.runner, self.clock
        wall_clock = WallClock(clock, self.store)
        self.link = Link(
            link_settings(self.plan),
            identity=self.plan.identity,
            topology=self.plan.topology,
            clock=clock,
            model=lambda: runner.state.model,
            post=runner.post,
            set_clock=wall_clock.set,
            boot_reason=boot_reason,
        )
        self.sender = OutboxSender(
            self.store, self.link, clock=clock, model=lambda: runner.state.model, post=runner.post
        )
        self.statuses = StatusSender(self.link, self.store, clock=clock, model=lambda: runner.state.model)
        self.commands = CsmsCommands(ask=runner.ask, store=self.store, link=self.link, clock=clock)
        self.link.handler = self.commands.handler
        self.link.on_lost = self._link_lost
        self.link.on_accepted = self.statuses.accepted
        self._wall_clock = wall_clock
        self._build_hardware(deeds)
        deeds.post = runner.post
        deeds.authorize = self.link.authorize
        deeds.report_status = self.statuses.report
        deeds.send_triggered = self._send_triggered
        deeds.restart = self._restart
        deeds.wake_outbox = self.sender.wake
        runner.observe(self._follow)

    def _build_hardware(self, deeds: Effects) -> None:
        hardware = build_hardware(self.plan, clock=self.clock, shared=self.shared, data_dir=self.data_dir)
        for spec in self.plan.evses:
            watch = PortWatch(spec.evse_id, self.clock, self.runner.post)
            port = Port(
                spec.evse_id,
                hardware.evses[spec.evse_id],
                clock=self.clock,
                settings=PortSettings(max_current_a=spec.max_current_a),
                report=watch.report,
            )
            self.ports[spec.evse_id] = port
            deeds.controls[spec.evse_id] = PortControl(port, watch, tasks=self.tasks)
        for reader, driver in zip(self.plan.readers, hardware.readers, strict=True):
            self._readers.append(
                ReaderWatch(
                    driver,
                    name=reader.name,
                    evse_ids=reader.evse_ids,
                    clock=self.clock,
                    post=self.runner.post,
                )
            )

    async def run(self) -> End:
        """Work until stopped, restarted by the CSMS, or failed; leaves no energy on and the state committed."""
        guard = Guard(list(self.ports.values()))
        guard.start()
        watchdog = Watchdog.of(guard, self.ports, ask_store=self.store.local_list_version)
        try:
            await self._start()
            self._supervisor.start(watchdog.run(), name="watchdog")
            await self._supervisor.wait()
            return End.FAILED if self._supervisor.failure is not None else self._end
        finally:
            watchdog.stopping(restarts=self._end is End.RESTART)
            await self._stop_in_order()
            guard.stop()
            watchdog.ended(restarts=self._end is End.RESTART)

    async def _start(self) -> None:
        # The head may have been on its way when the last process died: it is told again as it was.
        await self.store.mark_offline(head_in_flight=True)
        if self.clock.now().wall_known:
            await self._wall_clock.remember()
        self.runner.post(StationStarted())
        start = self._supervisor.start
        start(self.runner.run(), name="station")
        start(watch_due_times(self.runner, self.clock), name="due times")
        start(self.leases.run(), name="leases")
        for evse_id, port in self.ports.items():
            start(port.run(), name=f"port {evse_id}")
        for number, reader in enumerate(self._readers, start=1):
            start(reader.run(), name=f"reader {number}")
        start(self.link.run(), name="link")
        start(self.sender.run(), name="outbox")
        start(self.statuses.run(), name="statuses")

    async def told(self) -> None:
        """Return once all that has happened is recorded and the CSMS has it, however long the link takes."""
        while True:
            # Looked at first: the state changes before the commit, behind which the question then waits in line.
            is_ending = any(tx is not None and tx.ending is not None for tx in self._transactions())
            await self.runner.ask(GetLocalListVersion())
            if not is_ending:
                break
            await asyncio.sleep(LOOK_AGAIN_S)  # the last reading comes, or the time to wait for it is up
        await self.sender.drained()

    def _transactions(self) -> Iterator[Transaction | None]:
        return (evse.record.transaction for evse in self.runner.state.evses)

    def start_task(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Add a long-lived task of the caller's own; it ends with the agent."""
        self._supervisor.start(work, name=name)

    async def _stop_in_order(self) -> None:
        """Energy first, then decisions, then words, then the disk: within 5 s also with the CSMS silent."""
        for port in self.ports.values():
            port.withdraw()
        hardware = [f"port {evse_id}" for evse_id in self.ports]
        await self._supervisor.end("station", "due times", "leases", within_s=END_WITHIN_S)
        await self._supervisor.end(*hardware, within_s=END_WITHIN_S)
        await self.link.close(within_s=END_WITHIN_S / 2)
        await self._supervisor.end(within_s=END_WITHIN_S)
        await self.tasks.close()
        await self.store.close()
        self._lock.release()
        log.info("stopped")

    def stop(self) -> None:
        """Ask for the end; returns at once, with the contactors already commanded open."""
        for port in self.ports.values():
            port.withdraw()
        self._supervisor.stop()

    def _renew(self) -> None:
        for port in self.ports.values():
            port.renew()

    def _link_lost(self) -> None:
        in_flight = self.sender.in_flight is not None
        self.tasks.start(self.store.mark_offline(head_in_flight=in_flight), name="mark offline")

    def _follow(self, event: Event, effects: Sequence[Effect]) -> None:
        if isinstance(event, LinkChanged):
            self.statuses.link_changed(online=event.online)
        for effect in effects:
            if isinstance(effect, Restart) and effect.kind is ResetKind.ON_IDLE and not isinstance(event, CsmsAsked):
                # The request itself found transactions and was answered Scheduled (B12.FR.01; TC_B_21_CS).
                self.next_boot_reason = BootReason.SCHEDULED_RESET

    def _send_triggered(self, effect: SendTriggered) -> None:
        if effect.message is TriggeredMessage.BOOT_NOTIFICATION:
            self.link.boot_again()
        elif self.link.current is not None:
            self.tasks.start(self.link.heartbeat(self.link.current), name="triggered heartbeat")

    def _restart(self, effect: Restart) -> None:
        log.info("restart commanded", kind=effect.kind, reboot=effect.reboot)
        self._end = End.RESTART
        self.tasks.start(self._restart_when_told(), name="restart")

    async def _restart_when_told(self) -> None:
        """B12.FR.05: what cannot be delivered in time is queued and told after the restart."""
        await self.link.answered(within_s=ANSWER_BEFORE_RESTART_S)
        if self.link.is_online:
            try:
                async with asyncio.timeout(DELIVER_BEFORE_RESTART_S):
                    await self.sender.drained()
            except TimeoutError:
                log.warning("restarting with facts still queued", queued=await self.store.depth())
        self._supervisor.stop()
