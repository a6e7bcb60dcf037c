"""The port of an EVSE: its parts composed, safe by itself. Nothing else commands the contactor.

Energy flows only while the agent's permission, its lease, the pilot, the PWM and the absence of faults agree
(hal.port_rules); the power path moves by the table in hal.port_states; hal.guard opens it without an event loop.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

from hal.board import EvseParts
from hal.errors import HalError
from hal.parts import Clock
from hal.port_devices import Device, Devices, follow_forever, keep_open
from hal.port_events import FaultMoved, MeterRead, PortEvent
from hal.port_faults import FaultLedger
from hal.port_inputs import FaultInput
from hal.port_meter import MeterWatch
from hal.port_path import PowerPath
from hal.port_settings import PortSettings
from hal.port_states import PathState
from hal.readings import FaultReading, MeterReading, PilotState
from hal.real_time import Stopwatch, paced_sleep, real_monotonic_of

__all__ = ["FollowsContactor", "Port", "PortSettings", "PortSnapshot"]

log = logging.getLogger(__name__)

SUPERVISION_S = 0.1
LOCK = "ConnectorLockFailure"
_MOVED = {True: "began", False: "ended"}
Work = Coroutine[Any, Any, None]


@dataclass(frozen=True, slots=True)
class PortSnapshot:
    """How a port stands now; None for what is not known or not there. Currents in amperes per phase."""

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
        self._settings = settings
        self._report = report
        self._outgoing: deque[PortEvent] = deque()  # emptied before each call returns
        self._devices = Devices(parts.drivers)
        self._ledger = FaultLedger(self._fault_moved)
        self._inputs = tuple(
            FaultInput(number, ledger=self._ledger, clock=clock) for number in range(len(parts.faults))
        )
        self._path = PowerPath(
            parts.pilot,
            parts.contactor,
            clock=clock,
            settings=settings,
            ledger=self._ledger,
            inputs_are_known=lambda: all(one.is_known for one in self._inputs),
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
        self._locked: bool | None = None

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
        """The agent is alive: its permission holds for another `lease_s` of real time."""
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
            return await self._confirmed_open() and await self._move_lock(locked=False)
        finally:
            self._path.end_unlocking()
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
            has_lock=self._parts.lock is not None,
            locked=self._locked,
            faults=self._ledger.details,
            reading=self._meter.last,
            reading_is_stale=self._meter.is_stale,
        )

    def check(self) -> None:
        """One round of supervision: times out what took too long. `run` does it ten times a second."""
        for one in self._inputs:
            one.check()
        self._path.check()
        self._flush()

    async def run(self) -> None:
        """Open the devices and watch them until cancelled; leaves everything safe, however it ends."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for name, work in self._work():
                    tasks.create_task(work, name=f"{name} of EVSE {self.evse_id}")
        finally:
            self._path.end()
            self._flush()
            await self._devices.close()

    def _work(self) -> list[tuple[str, Work]]:
        follow = partial(follow_forever, devices=self._devices, clock=self._clock)
        parts, settings = self._parts, self._settings
        pilot = follow(parts.pilot, parts.pilot.states, opened=_nothing, took=self._took_pilot, lost=self._lost_pilot)
        contactor = follow(
            parts.contactor,
            parts.contactor.positions,
            opened=self._path.contactor_opened,
            took=self._took_position,
            lost=self._lost_contactor,
        )
        meter = self._meter.poll(
            interval_s=settings.meter_interval_s,
            took=self._took_reading,
            became_stale=self._meter_became_stale,
            came_back=self._meter_came_back,
        )
        inputs: list[tuple[str, Work]] = [
            (
                f"fault input {number}",
                follow(
                    part,
                    part.faults,
                    opened=self._inputs[number].opened,
                    took=partial(self._took_fault, number),
                    lost=partial(self._lost_input, number),
                ),
            )
            for number, part in enumerate(parts.faults)
        ]
        followed = (parts.pilot, parts.contactor, parts.meter, *parts.faults)
        others: list[tuple[str, Work]] = [
            ("opening a device", self._open_other(device))
            for device in self._devices.all
            if not any(device.driver is part for part in followed)
        ]
        supervision = self._supervise()
        watched = [("supervision", supervision), ("pilot", pilot), ("contactor", contactor), ("meter", meter)]
        return [*watched, *inputs, *others]

    async def _supervise(self) -> None:
        while True:
            self.check()
            await paced_sleep(self._clock, SUPERVISION_S)

    async def _open_other(self, device: Device) -> None:
        driver: object = device.driver
        source = "device of the lock" if driver is self._parts.lock else ""

        def lost(error: HalError) -> None:
            if source:
                self._ledger.set(LOCK, source=source, detail=str(error))
                self._settle()

        await keep_open(device, clock=self._clock, lost=lost)
        if source:
            self._ledger.clear(LOCK, source=source)
            self._settle()

    def _took_pilot(self, state: PilotState) -> None:
        self._path.pilot_is(state)
        self._ledger.clear("BoardLost", source="pilot")
        if state is PilotState.A:
            self._ledger.clear(LOCK, source="lock")  # the next car is a new try
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

    def _took_fault(self, number: int, reading: FaultReading) -> None:
        self._inputs[number].took(reading)
        self._settle()

    def _lost_input(self, number: int, error: HalError) -> None:
        self._inputs[number].lost(error)
        self._settle()

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

    async def _confirmed_open(self) -> bool:
        waited = Stopwatch(self._clock, real_monotonic=real_monotonic_of(self._clock))
        waited.restart()
        while self._path.state is not PathState.OPEN:
            if waited.passed(self._settings.contactor_confirm_s + SUPERVISION_S):
                return False
            await paced_sleep(self._clock, SUPERVISION_S / 2)
        return True

    async def _move_lock(self, *, locked: bool) -> bool:
        lock = self._parts.lock
        if lock is None:
            return True
        try:
            async with asyncio.timeout(self._settings.lock_timeout_s):
                await (lock.lock() if locked else lock.unlock())
        except (HalError, TimeoutError) as error:
            self._locked = None
            self._ledger.set(LOCK, source="lock", detail=str(error) or "the lock does not answer")
            self._settle()
            return False
        self._locked = locked
        self._ledger.clear(LOCK, source="lock")
        self._settle()
        return True

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


def _nothing() -> None:
    """Opening alone says nothing about a pilot."""
