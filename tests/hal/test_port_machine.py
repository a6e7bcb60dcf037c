"""Whatever happens in whatever order: nothing closes without every reason. EVSE_PORT_EXAMPLES=20000 looks longer."""

import math
import os
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from hal.port_events import ContactorMoved, LeaseLapsed, LimitMoved, PortEvent, StopPressed
from hal.readings import PilotState
from tests.hal.port_model import HARMLESS, LIMITS, PortModel

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

EXAMPLES = int(os.environ.get("EVSE_PORT_EXAMPLES", "300"))
INPUT_FAULTS = ("GroundFailure", "EmergencyStop", "HighTemperature", "ReaderFailure")
PAUSE_S = LIMITS.open_under_load_after_s
ROUND_S = 0.25  # more than a round of supervision
MAX_ERRANDS = 3


class PortInAnyOrder(PortModel):
    # What the agent does

    @rule(limit_a=st.sampled_from([0.0, 5.9, 6.0, 10.0, 16.0, 80.0, math.nan]))
    def permit(self, limit_a: float) -> None:
        self.permitted_a, self.renewed_at_s = (0.0 if math.isnan(limit_a) else limit_a), self.now_s
        self.note()
        self.port.permit(limit_a)
        self.settle()

    @rule()
    def withdraw(self) -> None:
        self.permitted_a = None
        self.port.withdraw()
        assert self.refuses_to_open or not self.iron.relay.told_closed, "withdraw returned before the command"
        self.settle()

    @rule()
    def renew(self) -> None:
        if self.is_leased:
            self.renewed_at_s = self.now_s
        else:
            self.permitted_a = None
        self.port.renew()
        self.settle()

    @precondition(lambda self: len(self.errands) < MAX_ERRANDS)
    @rule(errand=st.sampled_from(["lock", "unlock", "use 1 phase", "use 3 phases"]))
    def begin_errand(self, errand: str) -> None:
        port = self.port
        verbs: dict[str, Callable[[], Coroutine[Any, Any, bool]]] = {
            "lock": port.lock,
            "unlock": port.unlock,
            "use 1 phase": lambda: port.use_phases(1),
            "use 3 phases": lambda: port.use_phases(3),
        }
        self.errands.append(self.loop.create_task(verbs[errand](), name=errand))
        self.settle()

    # What the parts do

    @rule(state=st.sampled_from([*PilotState, PilotState.C, PilotState.C]))
    def move_pilot(self, state: PilotState) -> None:
        self.iron.pilot.move(state)
        self.settle()

    @rule(number=st.sampled_from([0, 1]), fault=st.sampled_from(INPUT_FAULTS), active=st.booleans())
    def move_input(self, number: int, fault: str, active: bool) -> None:
        self.iron.inputs[number].move(fault, active=active)
        self.settle()

    @rule(number=st.sampled_from([0, 1]), limit_a=st.sampled_from([None, 0.0, 5.9, 8.0, 20.0, 63.0]))
    def move_limit(self, number: int, limit_a: float | None) -> None:
        limit = self.iron.limits[number]
        told = len(self.events_of(LimitMoved))
        before_a = self.port.snapshot().derated_to_a
        limit.move(limit_a)
        self.settle()
        if self.port.snapshot().derated_to_a != before_a and all(one.was_heard for one in self.iron.limits):
            assert len(self.events_of(LimitMoved)) == told + 1

    @rule()
    def press(self) -> None:
        told = len(self.events_of(StopPressed))
        hears = self.iron.button.is_heard and bool(self.iron.button._stream._followers)
        self.iron.button.say(None)
        self.settle()
        assert len(self.events_of(StopPressed)) == told + hears

    @rule(sticks=st.sampled_from([None, True, False]))
    def stick(self, sticks: bool | None) -> None:
        """The contacts weld, hang, or are free again."""
        self.iron.relay.sticks = sticks
        self.iron.relay.settle()
        self.settle()

    @rule(name=st.sampled_from(["pilot", "relay", "inputs", "limits", "meter", "button", "lock", "phases"]))
    def lose(self, name: str) -> None:
        parts = getattr(self.iron, name)
        for gadget in parts if isinstance(parts, tuple) else (parts,):
            gadget.lose()
        if name == "meter":
            self.meter_failed_at_s = self.meter_failed_at_s or self.now_s
        self.settle()

    @rule(name=st.sampled_from(["pilot", "relay", "inputs", "limits", "button"]))
    def fall_dumb(self, name: str) -> None:
        parts = getattr(self.iron, name)
        for gadget in parts if isinstance(parts, tuple) else (parts,):
            gadget.fall_dumb()
        self.settle()

    @rule()
    def find_all(self) -> None:
        for gadget in self.iron.gadgets:
            if not gadget.is_heard:
                gadget.find()
        self._mend_meter()
        self.live(ROUND_S)

    @rule(name=st.sampled_from(["pilot", "relay", "meter", "lock", "phases"]))
    def refuse(self, name: str) -> None:
        getattr(self.iron, name).is_refusing = True
        if name == "meter":
            self.meter_failed_at_s = self.meter_failed_at_s or self.now_s

    @rule()
    def refuse_to_close(self) -> None:
        self.iron.relay.refuses_to_close = True

    @rule()
    def mend_all(self) -> None:
        self.iron.relay.refuses_to_close = False
        for gadget in self.iron.gadgets:
            gadget.is_refusing = False
        self._mend_meter()
        self.live(ROUND_S)

    def _mend_meter(self) -> None:
        if not self.iron.meter.is_gone and not self.iron.meter.is_refusing:
            self.meter_failed_at_s = None

    @rule(takes_s=st.sampled_from([0.0, 0.5, 4.0]))
    def slow_down(self, takes_s: float) -> None:
        self.iron.lock.takes_s = self.iron.phases.takes_s = takes_s

    # Time

    @rule(seconds=st.sampled_from([0.05, 0.3, 1.0, 3.0, 8.0]))
    def live(self, seconds: float) -> None:
        """A healthy agent with nothing new to say."""
        relay = self.iron.relay
        is_stuck = relay.closed and not relay.told_closed and self.port.snapshot().contactor_closed is True
        rest_s = seconds
        while rest_s > 1e-9:
            step_s = min(0.5, rest_s)
            self.run(self.clock.advance(step_s))
            rest_s -= step_s
            self.renew()
        if is_stuck and seconds >= 1.5 and relay.closed and not relay.told_closed and not relay.is_gone:
            assert "WeldedContactor" in self.port.snapshot().faults, "nobody reports the weld"

    @rule(seconds=st.sampled_from([0.05, 0.3, 1.0, 3.0, 8.0]))
    def neglect(self, seconds: float) -> None:
        """The agent's tasks run, but nobody renews."""
        self.run(self.clock.advance(seconds))
        self._lapse()
        self.note()

    @rule(seconds=st.sampled_from([0.3, 1.0, 3.0, 12.0]), first=st.sampled_from(["check", "renew", "permit"]))
    def hang(self, seconds: float, first: str) -> None:
        """The event loop does nothing: only the guard makes its rounds. `first` is what happens when it is back."""
        self.iron.relay.is_refusing = False  # it obeys again, and nobody but the guard is there to try
        lapsed = len(self.events_of(LeaseLapsed))
        stood = self.port.snapshot().limit_a is not None and self.permitted_a is not None
        was_paused = self.paused_at_s is not None
        self.clock._now_s += seconds
        if not self.refuses_to_open:
            self.port.open_if_stale()
            assert self.is_leased or not self.iron.relay.told_closed, "the guard did not open"
        self._lapse()
        has_lapsed = stood and self.permitted_a is None
        if first == "renew" and not was_paused and self.meter_failed_at_s is None:
            self.port.renew()
            self.renewed_at_s = self.renewed_at_s if has_lapsed else self.now_s
            assert not has_lapsed or not self.iron.relay.told_closed or self.refuses_to_open
        if first == "permit" and has_lapsed and not was_paused and self.meter_failed_at_s is None:
            self._permit_after_lapse(lapsed)
            return
        self.run(self.clock.advance(ROUND_S))
        if has_lapsed:
            assert len(self.events_of(LeaseLapsed)) == lapsed + 1, "nobody reports the lapse"
            assert self.port.snapshot().limit_a is None, "the permission outlived its lease"
        self._lapse()
        self.note()

    def _permit_after_lapse(self, lapsed: int) -> None:
        relay = self.iron.relay
        works = relay.sticks is None and not self.refuses_to_open and not relay.refuses_to_close
        works = works and "ContactorFailure" not in self.port.snapshot().faults
        self.permit(16.0)
        assert len(self.events_of(LeaseLapsed)) == lapsed + 1, "nobody reports the lapse"
        self.live(1.5)
        if works:
            assert "ContactorFailure" not in self.port.snapshot().faults

    def _lapse(self) -> None:
        if not self.is_leased:
            self.permitted_a = None

    # What is due

    @rule()
    def charge(self) -> None:
        """Everything is mended, a new vehicle comes: energy must flow."""
        iron = self.iron
        self.withdraw()
        for gadget in iron.gadgets:
            gadget.is_refusing = False
            if not gadget.is_heard:
                gadget.find()
        iron.relay.refuses_to_close = False
        self._mend_meter()
        self.stick(None)
        iron.lock.takes_s = iron.phases.takes_s = iron.meter.current_a = 0.0
        for number in (0, 1):
            for fault in INPUT_FAULTS:
                self.move_input(number, fault, active=False)
            self.move_limit(number, None)
        self.run(self.clock.advance(35.0))  # whatever was begun has ended, whatever was lost is found
        for state in (PilotState.A, PilotState.B, PilotState.C):
            self.move_pilot(state)
        self.permit(16.0)
        self.live(1.0)
        assert not self.errands, "an errand never ends"
        assert iron.relay.told_closed, f"nothing forbids it: {self.port.snapshot()}"
        assert iron.pilot.offer_a == 16.0

    @property
    def is_charging(self) -> bool:
        return (
            self.iron.relay.told_closed
            and self.iron.relay.closed
            and self.forbidden_by is None
            and self.paused_at_s is None
            and not self.errands
            and not self.refuses_to_open
            and not self.iron.pilot.is_refusing
            and self.iron.relay.sticks is None
            and not self.iron.relay.refuses_to_close
        )

    @precondition(lambda self: self.is_charging)
    @rule(through=st.sampled_from(["permission", "limit"]))
    def pause(self, through: str) -> None:
        """The vehicle has its time to leave C, and no more."""
        if through == "permission" or not self.iron.limits[0].is_heard:
            self.permit(0.0)
        else:
            self.move_limit(0, 0.0)
        if self.meter_failed_at_s is not None:
            return
        self.live(PAUSE_S - ROUND_S)
        assert self.iron.relay.told_closed, "opened under load too early"
        assert self.iron.pilot.offer_a is None
        self.live(2 * ROUND_S)
        assert not self.iron.relay.told_closed, "the pause has no end"

    @precondition(lambda self: self.is_charging and self.meter_failed_at_s is None)
    @rule(percent=st.sampled_from([105, 115]))
    def overdraw(self, percent: int) -> None:
        limit_a = self.limit_a or 0.0
        self.iron.meter.current_a = limit_a * percent / 100
        self.live(LIMITS.overcurrent_s - 1.0)
        assert self.iron.relay.told_closed, "stopped before its grace was over"
        self.live(3.5)
        assert self.iron.relay.told_closed is (percent <= 110)
        self.iron.meter.current_a = 0.0

    @precondition(
        lambda self: self.is_charging and not any(one.is_refusing or not one.is_heard for one in self.iron.gadgets)
    )
    @rule(leaves_c=st.booleans(), count=st.sampled_from([1, 3]))
    def change_phases(self, leaves_c: bool, count: int) -> None:
        """The vehicle is paused, the switch moves without load, energy returns."""
        self.iron.phases.takes_s, self.iron.phases.is_refusing = 0.5, False
        task = self.loop.create_task(self.port.use_phases(count), name="change of phases")
        self.errands.append(task)
        self.settle()
        assert self.iron.pilot.offer_a is None
        self.live(1.0)
        if leaves_c:
            self.move_pilot(PilotState.B)
        self.live(8.0)
        assert task.done()
        assert task.result()
        assert self.iron.phases.moves[-1] == f"{count} phases"
        assert self.port.snapshot().phases == count
        self.move_pilot(PilotState.C)
        self.live(1.5)
        assert self.iron.relay.told_closed, "energy does not return"

    @precondition(lambda self: self.is_charging)
    @rule()
    def unlock_in_vain(self) -> None:
        """Energy flows: the cable is not freed, and energy goes on."""
        task = self.loop.create_task(self.port.unlock(), name="unlock")
        self.settle()
        assert task.done()
        assert not task.result()
        assert self.iron.relay.told_closed

    @precondition(lambda self: not self.errands and not self.iron.relay.told_closed)
    @rule(what=st.sampled_from(["unlock", "use 1 phase"]))
    def tempt(self, what: str) -> None:
        """While something moves that must not move under load, everything else says: close."""
        self.iron.lock.takes_s = self.iron.phases.takes_s = 2.0
        self.begin_errand(what)
        self.permit(16.0)
        self.move_pilot(PilotState.B)
        self.move_pilot(PilotState.C)
        self.live(1.0)

    @precondition(lambda self: self.is_charging and self.meter_failed_at_s is None)
    @rule(drops_out=st.booleans())
    def contactor_fails(self, drops_out: bool) -> None:
        """The contacts fall open and stay so, or it refuses to close: it is given up, and reported."""
        if drops_out:
            self.stick(False)
        else:
            self.withdraw()
            self.live(1.5)
            self.refuse_to_close()
            self.permit(16.0)
            assert not self.iron.relay.told_closed, "a close that failed was left standing"
        self.live(1.5)
        assert not self.iron.relay.told_closed
        assert "ContactorFailure" in self.port.snapshot().faults

    def events_of(self, kind: type[PortEvent]) -> list[PortEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    # What always holds

    @initialize(how=st.sampled_from(["charging", "eager", "idle"]))
    def begin(self, how: str) -> None:
        match how:
            case "charging":
                self.charge()
            case "eager":
                self.move_pilot(PilotState.C)
                self.permit(16.0)
                self.live(0.3)
            case _:
                self.live(1.0)

    @invariant()
    def a_closed_contactor_has_every_reason(self) -> None:
        assert not self.broken
        if not self.iron.relay.told_closed or self.refuses_to_open:
            return
        assert self.forbidden_by is None
        if self.iron.pilot.offer_a is None:
            assert self.paused_at_s is not None, "nothing is offered, and it is no pause"
        if self.paused_at_s is not None:
            began_s = max(self.paused_at_s, self.offered_at_s)  # between two changes of phases it may be offered again
            assert self.now_s - began_s < PAUSE_S + ROUND_S, "paused for too long"

    @invariant()
    def an_offer_has_every_reason(self) -> None:
        pilot = self.iron.pilot
        if pilot.offer_a is None or pilot.is_gone or pilot.is_refusing:
            return
        assert self.limit_a is not None, "no permission"
        assert pilot.is_heard, "nobody sees the vehicle"
        assert 6.0 <= pilot.offer_a <= self.limit_a
        assert pilot.state in {PilotState.B, PilotState.C, PilotState.D}
        assert not any(one.active - HARMLESS or not one.is_heard for one in self.iron.inputs)

    @invariant()
    def what_is_told_is_what_was_seen(self) -> None:
        moves = [event.closed for event in self.events if isinstance(event, ContactorMoved)]
        assert all(one is not after for one, after in pairwise(moves))


PortInAnyOrder.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=40,
    deadline=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestPortInAnyOrder = PortInAnyOrder.TestCase
