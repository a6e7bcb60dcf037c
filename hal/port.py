"""The port of an EVSE: its parts composed, safe by itself. Nothing else commands the contactor.

Energy flows only while the agent's permission, its lease, the pilot, the PWM and the absence of faults agree
(hal.port_rules); the power path moves by the table in hal.port_states; hal.guard opens it without an event loop.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar, runtime_checkable

from hal.board import EvseParts
from hal.errors import HalError
from hal.parts import Clock
from hal.port_devices import Device, Devices, follow_forever, keep_open
from hal.port_events import FaultMoved, MeterRead, PortEvent, StopPressed
from hal.port_faults import FaultLedger
from hal.port_inputs import FaultInput, StopButtonInput
from hal.port_limits import CurrentLimits
from hal.port_lock import CableLock
from hal.port_meter import MeterWatch
from hal.port_path import PowerPath
from hal.port_phases import COUNTS, Phases
from hal.port_settings import PortSettings
from hal.port_states import PathState
from hal.readings import MeterReading, PilotState
from hal.real_time import Stopwatch, paced_sleep, real_monotonic_of

__all__ = ["FollowsContactor", "Port", "PortSettings", "PortSnapshot"]

log = logging.getLogger(__name__)

SUPERVISION_S = 0.1
_MOVED = {True: "began", False: "ended"}
Work = Coroutine[Any, Any, None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PortSnapshot:
    """How a port stands now; None for what is not known or not there. Currents in amperes per phase.

    `limit_a` is the least of permission, wiring and `derated_to_a`, what the EVSE's own devices allow.
    """

    evse_id: int
    pilot: PilotState | None
    path: PathState
    contactor_closed: bool | None
    limit_a: float | None
    offered_a: float | None
    is_leased: bool
    has_lock: bool
    locked: bool | None
    faults: dict[str, str]
    reading: MeterReading | None
    reading_is_stale: bool
    derated_to_a: float | None = None
    phases: int | None = None


@runtime_checkable
class FollowsContactor(Protocol):
    """A pilot whose vehicle must be told whether a contactor it knows nothing of feeds it."""

    def power_available(self, present: bool) -> None: ...  # noqa: FBT001 - one word, one value


class Port:
    """Call everything from the event loop's thread; only `open_if_stale` may come from another."""

    def __init__(
        self,
        evse_id: int,
        parts: EvseParts,
        *,
        clock: Clock,
        settings: PortSettings,
        report: Callable[[PortEvent], None],
    ) -> None:
        self.evse_id = evse_id
        self._parts = parts
        self._clock = clock
        self._real_monotonic = real_monotonic_of(clock)
        self._settings = settings
        self._report = report
        self._outgoing: deque[PortEvent] = deque()  # emptied before each call returns
        self._devices = Devices(parts.drivers)
        self._ledger = FaultLedger(self._fault_moved)
        self._inputs = tuple(
            FaultInput(number, ledger=self._ledger, clock=clock) for number in range(len(parts.faults))
        )
        self._buttons = tuple(
            StopButtonInput(number, ledger=self._ledger, clock=clock) for number in range(len(parts.stop_buttons))
        )
        self._limits = CurrentLimits(
            len(parts.limits), most_a=settings.max_current_a, ledger=self._ledger, post=self._outgoing.append
        )
        self._path = PowerPath(
            parts.pilot,
            parts.contactor,
            clock=clock,
            settings=settings,
            ledger=self._ledger,
            inputs_are_known=lambda: all(one.is_known for one in self._inputs),
            derated_to_a=lambda: self._limits.limit_a,
            post=self._outgoing.append,
        )
        self._meter = MeterWatch(
            parts.meter,
            device=self._devices.of(parts.meter),
            # On a board of all parts, those that fail safe decide about opening it again.
            may_reopen=id(parts.meter) not in {id(parts.pilot), id(parts.contactor)},
            clock=clock,
            stale_s=settings.meter_stale_s,
            timeout_s=settings.meter_timeout_s,
            name=f"meter of EVSE {evse_id}",
        )
        self._lock = CableLock(
            parts.lock,
            device=self._devices.of(parts.lock),
            ledger=self._ledger,
            timeout_s=settings.lock_timeout_s,
        )
        self._phases = Phases(
            parts.phase_switch,
            device=self._devices.of(parts.phase_switch),
            timeout_s=settings.phase_switch_timeout_s,
            name=f"phase switch of EVSE {evse_id}",
        )
        self._one_switch = asyncio.Lock()
        self.checked_at_s: float | None = None
        """When supervision made its last round, in real monotonic seconds; None while the port does not run."""

    def __repr__(self) -> str:
        return f"port of EVSE {self.evse_id}"

    def permit(self, limit_a: float) -> None:
        """Allow energy up to `limit_a` per phase, or change the limit; below 6 A is a pause. Renews the lease."""
        self._path.permit(limit_a)
        self._flush()

    def withdraw(self) -> None:
        """End the permission: the contactor's open command is out when this returns, and the PWM is off."""
        self._path.withdraw()
        self._flush()

    def renew(self) -> None:
        """The agent is alive: its permission holds for another `lease_s` of real time, unless it lapsed meanwhile."""
        self._path.renew()
        self._flush()

    def open_if_stale(self) -> bool:
        """What the guard thread calls: hal.guard.Guarded."""
        return self._path.switch.open_if_stale()

    async def lock(self) -> bool:
        """Hold the cable: True once confirmed or where there is no lock, False after a ConnectorLockFailure."""
        return await self._move_lock(locked=True)

    async def unlock(self) -> bool:
        """Free the cable, only after "open" is confirmed: False while energy may flow, or where the lock refuses."""
        if not self._path.begin_unlocking():
            return False
        try:
            return await self._confirmed_open(within_s=self._confirm_s) and await self._move_lock(locked=False)
        finally:
            self._path.end_unlocking()
            self._flush()

    async def use_phases(self, count: int) -> bool:
        """Connect 1 or 3 phases, in a pause with "open" confirmed, then let energy flow again.

        False where it could not: no such switch, the contactor does not open, the switch does not confirm. Takes up
        to the time a vehicle has to leave C, and the switch's own. ValueError for another count.
        """
        if count not in COUNTS:
            raise ValueError(f"{count} phases cannot be connected, only 1 or 3")
        if not self._phases.can_switch:
            return False
        async with self._one_switch:
            self._path.begin_switching()
            self._flush()
            try:
                opens_within_s = self._settings.open_under_load_after_s + self._confirm_s
                return await self._confirmed_open(within_s=opens_within_s) and await self._phases.use(count)
            finally:
                self._path.end_switching()
                self._flush()

    async def read_meter(self) -> MeterReading:
        """A reading taken now; HalError where there is none to be had."""
        return await self._meter.read()

    def show(self, look: str) -> None:
        """Hand a look (hal.parts.Indicator) to the indicator, if there is one."""
        if self._parts.indicator is None:
            return
        try:
            self._parts.indicator.show(look)
        except HalError as error:
            log.warning("indicator of EVSE %d: %s", self.evse_id, error)

    def snapshot(self) -> PortSnapshot:
        """How it stands now."""
        return PortSnapshot(
            evse_id=self.evse_id,
            pilot=self._path.pilot_state,
            path=self._path.state,
            contactor_closed=self._path.mirror_closed,
            limit_a=self._path.limit_a,
            offered_a=self._path.offered_a,
            is_leased=self._path.switch.is_leased,
            has_lock=self._lock.is_there,
            locked=self._lock.locked,
            faults=self._ledger.details,
            reading=self._meter.last,
            reading_is_stale=self._meter.is_stale,
            derated_to_a=self._limits.limit_a,
            phases=self._phases.connected,
        )

    def check(self) -> None:
        """One round of supervision: times out what took too long. `run` does it ten times a second."""
        for one in self._inputs:
            one.check()
        for button in self._buttons:
            button.check()
        self._path.check()
        self._flush()
        self.checked_at_s = self._real_monotonic()

    async def run(self) -> None:
        """Open the devices and watch them until cancelled; leaves everything safe, however it ends."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for name, work in self._work():
                    tasks.create_task(work, name=f"{name} of EVSE {self.evse_id}")
        finally:
            self.checked_at_s = None
            try:
                self._path.end()
                self._flush()
            finally:
                await self._devices.close()

    def _work(self) -> list[tuple[str, Work]]:
        parts, settings = self._parts, self._settings
        meter = self._meter.poll(
            interval_s=settings.meter_interval_s,
            took=self._took_reading,
            became_stale=self._meter_became_stale,
            came_back=self._meter_came_back,
        )
        followed = (parts.pilot, parts.contactor, parts.meter, *parts.faults, *parts.limits, *parts.stop_buttons)
        for device in self._devices.all:
            device.admit()
            device.is_followed = any(device.driver is part for part in followed)
        others: list[tuple[str, Work]] = [
            ("opening a device", self._open_other(device)) for device in self._devices.all if not device.is_followed
        ]
        return [("supervision", self._supervise()), ("meter", meter), *self._followers(), *others]

    def _followers(self) -> Iterator[tuple[str, Work]]:
        follow = partial(follow_forever, devices=self._devices, clock=self._clock)
        parts, path, then = self._parts, self._path, self._then
        states, positions = parts.pilot.states, parts.contactor.positions
        took, lost = self._took_pilot, self._lost_pilot
        yield "pilot", follow(parts.pilot, states, opened=path.pilot_opened, took=took, lost=lost)
        work = follow(
            parts.contactor,
            positions,
            opened=path.contactor_opened,
            took=self._took_position,
            lost=self._lost_contactor,
        )
        yield "contactor", work
        for number, part in enumerate(parts.faults):
            one = self._inputs[number]
            work = follow(part, part.faults, opened=one.opened, took=then(one.took), lost=then(one.lost))
            yield f"fault input {number}", work
        for number, limit in enumerate(parts.limits):
            heard, gone = partial(self._limits.took, number), partial(self._limits.lost, number)
            yield f"limit {number}", follow(limit, limit.limits, took=then(heard), lost=then(gone))
        for number, button in enumerate(parts.stop_buttons):
            ear = self._buttons[number]
            work = follow(button, button.presses, opened=ear.opened, took=self._took_press, lost=then(ear.lost))
            yield f"stop button {number}", work

    def _then(self, hear: Callable[[T], None]) -> Callable[[T], None]:
        """What hears something, followed by obeying it and telling of it."""

        def heard(said: T) -> None:
            hear(said)
            self._settle()

        return heard

    async def _supervise(self) -> None:
        while True:
            self.check()
            await paced_sleep(self._clock, SUPERVISION_S)

    async def _open_other(self, device: Device) -> None:
        driver: object = device.driver
        is_lock = driver is self._parts.lock

        def lost(error: HalError) -> None:
            if is_lock:
                self._lock.device_lost(error)
                self._settle()
            else:
                log.warning("EVSE %d: a device cannot be opened: %s", self.evse_id, error)

        await keep_open(device, clock=self._clock, lost=lost)
        if is_lock:
            self._lock.device_opened()
            self._settle()

    def _took_pilot(self, state: PilotState) -> None:
        self._path.pilot_is(state)
        self._ledger.clear("BoardLost", source="pilot")
        if state is PilotState.A:
            self._lock.next_car()
        self._settle()

    def _lost_pilot(self, error: HalError) -> None:
        self._path.pilot_is(None)
        self._ledger.set("BoardLost", source="pilot", detail=str(error))
        self._settle()

    def _took_position(self, closed: bool) -> None:  # noqa: FBT001 - the item of Contactor.positions
        self._path.mirror_is(closed)
        self._ledger.clear("BoardLost", source="contactor")
        pilot: object = self._parts.pilot
        if pilot is not self._parts.contactor and isinstance(pilot, FollowsContactor):
            pilot.power_available(closed)
        self._settle()

    def _lost_contactor(self, error: HalError) -> None:
        self._ledger.set("BoardLost", source="contactor", detail=str(error))
        self._path.mirror_is(None)
        self._flush()

    def _took_press(self, _press: None) -> None:
        self._outgoing.append(StopPressed())
        self._flush()

    def _took_reading(self, reading: MeterReading) -> None:
        self._path.measured(reading.current_a)
        self._outgoing.append(MeterRead(reading))
        self._flush()

    def _meter_became_stale(self, reason: str) -> None:
        self._ledger.set("PowerMeterFailure", source="meter", detail=reason)
        self._settle()

    def _meter_came_back(self) -> None:
        self._ledger.clear("PowerMeterFailure", source="meter")
        self._settle()

    @property
    def _confirm_s(self) -> float:
        return self._settings.contactor_confirm_s + SUPERVISION_S

    async def _confirmed_open(self, *, within_s: float) -> bool:
        waited = Stopwatch(self._clock, real_monotonic=self._real_monotonic)
        waited.restart()
        while not self._path.is_confirmed_open:
            if waited.passed(within_s):
                return False
            await paced_sleep(self._clock, SUPERVISION_S / 2)
        return True

    async def _move_lock(self, *, locked: bool) -> bool:
        moved = await self._lock.move(locked=locked)
        self._settle()
        return moved

    def _fault_moved(self, fault: str, active: bool, detail: str) -> None:  # noqa: FBT001 - FaultMoved's fields
        self._outgoing.append(FaultMoved(fault, active, detail))

    def _settle(self) -> None:
        self._path.evaluate()
        self._flush()

    def _flush(self) -> None:
        while self._outgoing:
            event = self._outgoing.popleft()
            if isinstance(event, FaultMoved):  # said here, not where it is found: a slow log must not delay a command
                log.warning("EVSE %d: %s %s %s", self.evse_id, event.fault, _MOVED[event.active], event.detail)
            self._report(event)
