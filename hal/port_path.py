"""The power path of one EVSE: PWM and contactor, commanded from what is known. No tasks, no waiting.

Every method that learns something ends in `evaluate`, so a reason to open is obeyed before the call returns.
"""

import logging
from collections.abc import Callable

from hal.errors import HalError
from hal.guard import LeasedContactor
from hal.parts import Clock, Contactor, ControlPilot
from hal.port_events import ContactorMoved, LeaseLapsed, PilotMoved, PortEvent
from hal.port_faults import FaultLedger
from hal.port_rules import MIN_OFFER_A, Conditions, may_close, may_stay_closed, wanted_offer_a
from hal.port_settings import PortSettings
from hal.port_states import COMMANDED_CLOSED, CONTACTOR_FAILED, START, TIMED, PathState, PathTrigger, next_state
from hal.readings import PilotState
from hal.real_time import Stopwatch, real_monotonic_of

log = logging.getLogger(__name__)

OWN = "port"
"""The source of faults that the port finds by itself."""
PER_CAR = ("ContactorFailure", "OverCurrentFailure")
"""Own faults that hold until the car is gone: the next one is a new try."""
UNCONFIRMED = frozenset({PathState.OPENING, PathState.WELDED})
"""States in which the open command is repeated."""
PILOT_FAULTS = {PilotState.E: "PilotFault", PilotState.F: "DiodeFault"}


class PowerPath:
    """`inputs_are_known` tells whether every fault input is heard of, `derated_to_a` what the port's own limits allow
    (None: all); `post` takes what the port reports."""

    def __init__(
        self,
        pilot: ControlPilot,
        contactor: Contactor,
        *,
        clock: Clock,
        settings: PortSettings,
        ledger: FaultLedger,
        inputs_are_known: Callable[[], bool],
        derated_to_a: Callable[[], float | None],
        post: Callable[[PortEvent], None],
    ) -> None:
        real_monotonic = real_monotonic_of(clock)
        self.switch = LeasedContactor(contactor, lease_s=settings.lease_s, real_monotonic=real_monotonic)
        self.state = START
        self.pilot_state: PilotState | None = None
        self.mirror_closed: bool | None = None
        self.offered_a: float | None = None
        self._pilot = pilot
        self._settings = settings
        self._ledger = ledger
        self._inputs_are_known = inputs_are_known
        self._derated_to_a = derated_to_a
        self._permitted_a: float | None = None
        self._post = post
        self._state_time = Stopwatch(clock, real_monotonic=real_monotonic)
        self._pause_time = Stopwatch(clock, real_monotonic=real_monotonic)
        self._over_time = Stopwatch(clock, real_monotonic=real_monotonic)
        self._offer_is_known = False
        self._offer_failed = False
        self._takes_commands = False
        self._open_failed = False
        self._holds = 0
        self._switches = 0
        self._told_pilot: PilotState | None = None
        self._told_mirror: bool | None = None

    @property
    def limit_a(self) -> float | None:
        """What may flow per phase by permission, wiring and limits; None without permission, below 6 A for a pause."""
        permitted_a = self._permitted_a
        if permitted_a is None:
            return None
        if self._switches:
            return 0.0
        most_a = self._settings.max_current_a
        derated_a = self._derated_to_a()
        # A limit that is no number must stay one: it is no permission to close.
        return min(permitted_a, most_a if derated_a is None else min(derated_a, most_a))

    @property
    def is_confirmed_open(self) -> bool:
        """Told to be open, and seen to be."""
        return self.state is PathState.OPEN and self.mirror_closed is False

    def permit(self, limit_a: float) -> None:
        """Port.permit."""
        self._notice_lapse()
        self._permitted_a = limit_a
        self.switch.renew()
        self.evaluate()

    def renew(self) -> None:
        """Port.renew: a lease that ran out is not revived."""
        self._notice_lapse()
        if self._permitted_a is not None:
            self.switch.renew()
        self.evaluate()

    def withdraw(self) -> None:
        """Port.withdraw."""
        self._command_open()
        self._permitted_a = None
        self.switch.give_up_lease()
        self.evaluate()

    def pilot_is(self, state: PilotState | None) -> None:
        """The pilot moved; None: it can no longer be read."""
        self.pilot_state = state
        if state is None:
            self._offer_is_known = False
            self.evaluate()
            return
        self.evaluate()  # the command first, the words after it
        for bad_state, fault in PILOT_FAULTS.items():
            if state is bad_state:
                self._ledger.set(fault, source="pilot", detail=f"pilot in state {state}")
            else:
                self._ledger.clear(fault, source="pilot")
        if state is PilotState.A:
            for fault in PER_CAR:
                self._ledger.clear(fault, source=OWN)
        if state is not self._told_pilot:
            self._told_pilot = state
            self._post(PilotMoved(state))
        self.evaluate()

    def mirror_is(self, closed: bool | None) -> None:  # noqa: FBT001 - the mirror contact's value
        """The mirror contact moved; None: it can no longer be read."""
        if self.mirror_closed is None:
            self._state_time.restart()  # the time to follow a command counts from when it can be seen
        self.mirror_closed = closed
        if closed is not None:
            self._move(PathTrigger.MIRROR_CLOSED if closed else PathTrigger.MIRROR_OPENED)
            if closed is not self._told_mirror:
                self._told_mirror = closed
                self._post(ContactorMoved(closed))
        self.evaluate()

    def measured(self, currents_a: tuple[float, ...]) -> None:
        """Hold a fresh measurement against the limit."""
        limit_a = self.limit_a
        if limit_a is None or limit_a < MIN_OFFER_A or self.state not in COMMANDED_CLOSED or not currents_a:
            self._over_time.stop()
            return
        if max(currents_a) <= limit_a * (1 + self._settings.overcurrent_percent / 100):
            self._over_time.stop()
            return
        self._over_time.begin()
        if self._over_time.passed(self._settings.overcurrent_s):
            detail = f"{max(currents_a):.1f} A measured, {limit_a:.1f} A allowed"
            self._ledger.set("OverCurrentFailure", source=OWN, detail=detail)
            self.evaluate()

    def begin_unlocking(self) -> bool:
        """Let nothing close until `end_unlocking`; False, and no change, while the contactor is told to be closed."""
        if self.state in COMMANDED_CLOSED:
            return False
        self._holds += 1
        return True

    def end_unlocking(self) -> None:
        """The lock has finished."""
        self._holds -= 1
        self.evaluate()

    def begin_switching(self) -> None:
        """Pause until `end_switching`, and let nothing close: energy ends as in every pause."""
        self._holds += 1
        self._switches += 1
        self.evaluate()

    def end_switching(self) -> None:
        """The phase switch has finished."""
        self._holds -= 1
        self._switches -= 1
        self.evaluate()

    def check(self) -> None:
        """Call some ten times a second: times out what took too long, repeats what failed."""
        if self.state in TIMED and self._state_time.passed(self._settings.contactor_confirm_s):
            self._move(_OVERDUE[self.mirror_closed])
        if self._open_failed or (self.state in UNCONFIRMED and self.mirror_closed is not None):
            self._command_open()
        self.evaluate()

    def contactor_opened(self) -> None:
        """The contactor's device was opened: from now on it takes commands, and the first is to be open."""
        self._takes_commands = True
        self._command_open()

    def pilot_opened(self) -> None:
        """The pilot's device was opened, and may offer what it likes: its first command is to offer nothing."""
        self._offer(None)

    def end(self) -> None:
        """Nothing offered, contactor told to open; nothing is known any more, so nothing closes whoever permits it."""
        self.withdraw()
        self._offer(None)
        self.pilot_state = self.mirror_closed = None
        self._offer_is_known = False
        self.state = START

    def evaluate(self) -> None:
        """Make contactor and PWM agree with what is known now."""
        self._notice_lapse()
        self._time_pause()
        if not self._is_allowed():
            self._move(PathTrigger.FORBIDDEN)
        wanted_a = wanted_offer_a(self._conditions())
        if self.pilot_state is None:
            # It may still be told what it cannot tell: nothing is to be offered to nobody knows whom.
            is_due = wanted_a is None and (self.offered_a is not None or self._offer_failed)
        else:
            is_due = wanted_a != self.offered_a or not self._offer_is_known
        if is_due:
            self._offer(wanted_a)
        self._move(PathTrigger.ALLOWED if self._is_allowed() else PathTrigger.FORBIDDEN)

    def _notice_lapse(self) -> None:
        """Whoever noticed first that nobody renews, the guard or this: the permission is over."""
        was_cut = self.switch.take_cut()
        if self._permitted_a is not None and (was_cut or not self.switch.is_leased):
            self._permitted_a = None
            self.switch.give_up_lease()
            self._post(LeaseLapsed())
        if was_cut:
            self._move(PathTrigger.CUT)

    def _time_pause(self) -> None:
        limit_a = self.limit_a
        if limit_a is None or limit_a >= MIN_OFFER_A:
            self._pause_time.stop()
        else:
            self._pause_time.begin()

    def _is_allowed(self) -> bool:
        now = self._conditions()
        return may_stay_closed(now) if self.state in COMMANDED_CLOSED else may_close(now)

    def _conditions(self) -> Conditions:
        return Conditions(
            limit_a=self.limit_a,
            is_leased=self.switch.is_leased,
            pilot=self.pilot_state,
            is_faulty=self._ledger.cuts_power or not self._inputs_are_known(),
            is_held_open=self._holds > 0,
            is_pause_over=self._pause_time.passed(self._settings.open_under_load_after_s),
            offered_a=self.offered_a if self._offer_is_known else None,
        )

    def _move(self, trigger: PathTrigger) -> None:
        before, after = self.state, next_state(self.state, trigger)
        if after is before:
            return
        self.state = after
        self._state_time.restart()
        if after is PathState.OPENING:
            self._command_open()
        if (before, trigger) in CONTACTOR_FAILED:
            self._ledger.set("ContactorFailure", source=OWN, detail="told to close, the mirror contact does not follow")
        if after is PathState.WELDED:
            self._ledger.set("WeldedContactor", source=OWN, detail="told to open, the mirror contact stays closed")
        if before is PathState.WELDED:
            self._ledger.clear("WeldedContactor", source=OWN)
        if after in COMMANDED_CLOSED and before not in COMMANDED_CLOSED:
            self._command_close()

    def _command_open(self) -> None:
        if not self._takes_commands:
            return
        try:
            self.switch.open()
        except HalError as error:
            self._open_failed = True
            self._ledger.set("BoardLost", source="contactor command", detail=str(error))
            return
        self._open_failed = False
        self._ledger.clear("BoardLost", source="contactor command")

    def _command_close(self) -> None:
        try:
            done = self.switch.close()
        except HalError as error:
            self._ledger.set("ContactorFailure", source=OWN, detail=str(error))
            done = False
        if not done:
            self._move(PathTrigger.CUT)

    def _offer(self, wanted_a: float | None) -> None:
        try:
            self._pilot.offer(wanted_a)
        except HalError as error:
            self._offer_is_known, self._offer_failed = False, True
            self._ledger.set("BoardLost", source="offer", detail=str(error))
            return
        self.offered_a, self._offer_is_known, self._offer_failed = wanted_a, True, False
        self._ledger.clear("BoardLost", source="offer")


_OVERDUE = {
    True: PathTrigger.OVERDUE_CLOSED,
    False: PathTrigger.OVERDUE_OPEN,
    None: PathTrigger.OVERDUE_UNKNOWN,
}
