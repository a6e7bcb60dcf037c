"""Whatever happens in whatever order: a closed contactor has every reason to be closed."""

import math
from collections.abc import AsyncIterator

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hal.board import EvseParts
from hal.errors import DeviceGone
from hal.port import Port, PortSettings
from hal.port_events import PortEvent
from hal.readings import FaultReading, MeterReading, PilotState
from hal.sim.clock import ManualClock

LIMITS = PortSettings(max_current_a=32.0)
LOST = DeviceGone("lost")
INPUT_FAULTS = ("GroundFailure", "EmergencyStop", "HighTemperature")


class Iron:
    """Pilot, contactor and meter that only remember; `refuses` names the commands that fail."""

    def __init__(self) -> None:
        self.told_closed = False
        self.offer_a: float | None = None
        self.refuses: set[str] = set()

    def open(self) -> None:
        self._take("open")
        self.told_closed = False

    def close(self) -> None:
        self.told_closed = True  # a refused command may have got through
        self._take("close")

    def offer(self, current_a: float | None) -> None:
        self._take("offer")
        self.offer_a = current_a

    async def positions(self) -> AsyncIterator[bool]:
        yield False

    async def states(self) -> AsyncIterator[PilotState]:
        yield PilotState.A

    async def faults(self) -> AsyncIterator[FaultReading]:
        yield FaultReading("OtherError", active=False)

    async def read(self) -> MeterReading:
        raise LOST

    def _take(self, command: str) -> None:
        if command in self.refuses:
            raise LOST


class PortInAnyOrder(RuleBasedStateMachine):
    """The model knows permission, lease, pilot and faults by itself, from what the rules did."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.iron = Iron()
        self.events: list[PortEvent] = []
        self.limit_a: float | None = None
        self.paused_at_s: float | None = None
        self.renewed_at_s = -math.inf
        self.pilot: PilotState | None = None
        self.mirror: bool | None = None
        self.faults: set[str] = set()
        self.input_is_lost = True
        self.meter_is_stale = False
        self.unlocking = False
        parts = EvseParts(
            pilot=self.iron,
            contactor=self.iron,
            meter=self.iron,
            lock=None,
            faults=(self.iron,),
            indicator=None,
            drivers=(),
        )
        self.port = Port(1, parts, clock=self.clock, settings=LIMITS, report=self.events.append)

    @initialize(with_input=st.booleans(), charging=st.booleans())
    def start(self, with_input: bool, charging: bool) -> None:
        self.port._path.contactor_opened()
        if with_input:
            self.open_input()
        self.port._took_position(closed=False)
        self.mirror = False
        self.port._took_pilot(PilotState.B)
        self.pilot = PilotState.B
        if charging:
            self.charge()

    # What the agent does

    @rule(limit_a=st.sampled_from([0.0, 5.9, 6.0, 16.0, 80.0, math.nan]))
    def permit(self, limit_a: float) -> None:
        self.limit_a = limit_a
        if limit_a >= 6.0:
            self.paused_at_s = None
        elif self.paused_at_s is None:
            self.paused_at_s = self.clock.monotonic()
        self.renewed_at_s = self.clock.monotonic()
        self.port.permit(limit_a)

    @rule()
    def charge(self) -> None:
        """A shortcut to where it gets dangerous: everything is mended, and energy flows."""
        self.withdraw()
        self.mend()
        for fault in INPUT_FAULTS:
            self.move_input(fault, active=False)
        self.move_meter(stale=False)
        if self.unlocking:
            self.toggle_unlocking()
        self.move_mirror(closed=False)
        for state in (PilotState.A, PilotState.B, PilotState.C):
            self.move_pilot(state)
        self.permit(16.0)
        assert self.iron.told_closed is not self.input_is_lost, "nothing else forbids it"
        self.follow()

    @rule(turns=st.sampled_from([3, 8]))
    def pause(self, turns: int) -> None:
        self.permit(0.0)
        self.live_on(turns)

    @rule()
    def withdraw(self) -> None:
        self.limit_a = self.paused_at_s = None
        self.port.withdraw()

    @rule()
    def renew(self) -> None:
        self.renewed_at_s = self.clock.monotonic()
        self.port.renew()

    @rule()
    def toggle_unlocking(self) -> None:
        if self.unlocking:
            self.unlocking = False
            self.port._path.end_unlocking()
        else:
            self.unlocking = self.port._path.begin_unlocking()

    # What the parts do

    @rule(state=st.sampled_from(PilotState))
    def move_pilot(self, state: PilotState) -> None:
        self.pilot = state
        self.port._took_pilot(state)

    @rule()
    def lose_pilot(self) -> None:
        self.pilot = None
        self.port._lost_pilot(LOST)

    @rule()
    def follow(self) -> None:
        """The mirror contact does what the contactor was told."""
        self.mirror = self.iron.told_closed
        self.port._took_position(closed=self.mirror)

    @rule(closed=st.booleans())
    def move_mirror(self, closed: bool) -> None:
        self.mirror = closed
        self.port._took_position(closed)

    @rule()
    def lose_contactor(self) -> None:
        self.mirror = None
        self.port._lost_contactor(LOST)

    @rule(fault=st.sampled_from(INPUT_FAULTS), active=st.booleans())
    def move_input(self, fault: str, active: bool) -> None:
        if self.input_is_lost:
            return
        (self.faults.add if active else self.faults.discard)(fault)
        self.port._took_fault(0, FaultReading(fault, active=active))

    @rule()
    def lose_input(self) -> None:
        self.input_is_lost = True
        self.port._lost_input(0, LOST)

    @rule()
    def open_input(self) -> None:
        self.port._inputs[0].opened()
        for fault in self.faults:
            self.port._took_fault(0, FaultReading(fault, active=True))
        self.pass_time(1.0)
        self.input_is_lost = False

    @rule(stale=st.booleans())
    def move_meter(self, stale: bool) -> None:
        self.meter_is_stale = stale
        if stale:
            self.port._meter_became_stale("silent")
        else:
            self.port._meter_came_back()

    @rule(current_a=st.sampled_from([0.0, 16.0, 17.0, 18.0, 40.0]))
    def measure(self, current_a: float) -> None:
        self.port._took_reading(MeterReading(mono_s=self.clock.monotonic(), energy_import_wh=1, current_a=(current_a,)))

    @rule(command=st.sampled_from(["open", "close", "offer"]))
    def refuse(self, command: str) -> None:
        self.iron.refuses.add(command)

    @rule()
    def mend(self) -> None:
        self.iron.refuses.clear()
        self.port.check()

    # Time

    @rule(seconds=st.sampled_from([0.05, 0.3, 1.0, 3.0, 7.0]))
    def pass_time(self, seconds: float) -> None:
        self.clock._now_s += seconds
        self.port.check()

    @rule(turns=st.integers(1, 8))
    def live_on(self, turns: int) -> None:
        """A healthy agent with nothing new to say."""
        for _ in range(turns):
            self.renew()
            self.pass_time(1.0)

    @rule(seconds=st.sampled_from([0.3, 1.0, 3.0, 7.0]))
    def hang(self, seconds: float) -> None:
        """The loop does nothing; the guard makes its round unless the contactor cannot be told."""
        paused = self.paused_at_s is not None
        self.clock._now_s += seconds
        if "open" not in self.iron.refuses:
            self.port.open_if_stale()
        if paused:
            self.port.check()  # the end of a pause is the loop's business alone

    @invariant()
    def a_closed_contactor_has_every_reason(self) -> None:
        if not self.iron.told_closed or "open" in self.iron.refuses:
            return
        now_s = self.clock.monotonic()
        assert self.limit_a is not None, "no permission"
        assert now_s - self.renewed_at_s < LIMITS.lease_s, "lease ran out"
        assert self.pilot in {PilotState.C, PilotState.D}, "no car that wants energy"
        assert self.mirror is not None, "nobody sees the contactor"
        assert not self.faults, "a fault is active"
        assert not self.input_is_lost, "nobody hears the fault input"
        assert not self.meter_is_stale, "nobody can bill"
        assert not self.unlocking, "the cable is being freed"
        if self.paused_at_s is not None:
            assert now_s - self.paused_at_s < LIMITS.open_under_load_after_s, "paused for too long"

    @invariant()
    def nothing_is_offered_without_permission(self) -> None:
        if self.iron.offer_a is None or "offer" in self.iron.refuses or self.pilot is None:
            return
        assert self.limit_a is not None
        assert 6.0 <= self.iron.offer_a <= min(self.limit_a, LIMITS.max_current_a)
        assert not self.faults
        assert self.pilot in {PilotState.B, PilotState.C, PilotState.D}


PortInAnyOrder.TestCase.settings = settings(max_examples=250, stateful_step_count=40, deadline=None)
TestPortInAnyOrder = PortInAnyOrder.TestCase
