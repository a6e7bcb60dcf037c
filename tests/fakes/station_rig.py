"""A station core on a bench: events by hand, a port that obeys, every effect kept."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from agent.clock import Moment
from agent.smart_charging.share import MINIMUM_CURRENT_A, Policy
from agent.smart_charging.stack import ProfileSet
from agent.station.commands import Answer, Command, SetVariables, VariableAssignment, VariableResults
from agent.station.connector import ConnectorStatus
from agent.station.device_model import DeviceModel, SetStatus
from agent.station.effects import (
    AskAuthorization,
    Effect,
    PermitEnergy,
    ReadMeter,
    Record,
    Reply,
    ReportStatus,
    WithdrawEnergy,
)
from agent.station.events import (
    BootAnswered,
    ContactorMoved,
    CsmsAsked,
    Event,
    LinkChanged,
    MeterSampled,
    PilotChanged,
    StationStarted,
    TimePassed,
    TokenAnswered,
    TokenPresented,
)
from agent.station.facts import Fact, TransactionEnded, TransactionFact
from agent.station.id_token import UNKNOWN_TOKEN, AuthorizationStatus, IdToken, KnownToken, TokenInfo
from agent.station.pilot import PilotState
from agent.station.samples import Measurand, MeterSample, Quantity
from agent.station.state import Evse, EvseConfig, EvseRecord, StationConfig, StationRecord, initial_state
from agent.station.station import Station
from agent.station.variable import VariableKey
from agent.units import Wh

START = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
ACCEPTED = TokenInfo(AuthorizationStatus.ACCEPTED)
T = TypeVar("T")


@dataclass
class Socket:
    """What stands in for a port: it closes when it may and the EV wants, opens when told."""

    pilot: PilotState = PilotState.A
    closed: bool = False
    permitted_a: float | None = None
    energy_wh: int = 1_000_000
    is_meter_silent: bool = False
    is_welded: bool = False
    """The contactor does not open, whatever it is told."""


@dataclass
class Rig:
    """Two EVSEs of 32 A unless told otherwise; `online` and accepted at the start unless told otherwise."""

    variables: dict[str, str] = field(default_factory=dict)
    evses: int = 2
    grid_max_current_a: float | None = None
    online: bool = True
    accepted: bool = True
    has_lock: bool = False
    energy_without_meter: bool = False
    records: tuple[EvseRecord, ...] = ()
    station_record: StationRecord | None = None
    first_id: int = 1
    profiles: ProfileSet | None = None
    phases: int = 3
    sharing: Policy = Policy.EQUAL
    min_pause_s: float = 0.0
    clock_step_s: float = 0.0
    """How far somebody set the wall clock since the start."""
    mono_s: float = 1000.0
    boot: str = "boot-1"
    wall_known: bool = True
    obedient: bool = True
    """The port's contactors move when told; false: by hand."""

    def __post_init__(self) -> None:
        ids = count(self.first_id)
        config = StationConfig(
            evses=tuple(
                EvseConfig(
                    evse_id=n,
                    phases=self.phases,
                    has_lock=self.has_lock,
                    energy_without_meter=self.energy_without_meter,
                )
                for n in range(1, self.evses + 1)
            ),
            grid_max_current_a=self.grid_max_current_a,
            sharing=self.sharing,
            min_pause_s=self.min_pause_s,
        )
        values: dict[VariableKey | str, str] = {name: value for name, value in self.variables.items()}  # noqa: C416
        model = DeviceModel.build(tuple((n, (1,)) for n in range(1, self.evses + 1)), values)
        record = self.station_record or StationRecord(accepted=self.accepted)
        state = initial_state(config, model, record=record, evse_records=self.records, profiles=self.profiles)
        self.station = Station(state, new_id=lambda: f"tx-{next(ids)}")
        self.sockets = {n: Socket() for n in range(1, self.evses + 1)}
        self.effects: list[Effect] = []
        self.tickets = count(1)

    def start(self, *, last: str = "meter last") -> "Rig":
        """Power up: the hardware shows itself in some order, the link comes up if `online`."""
        self.feed(StationStarted())
        for evse_id in self.sockets:
            self._show(evse_id, last=last)
        if self.online:
            self.feed(BootAnswered(accepted=True))
            self.feed(LinkChanged(online=True))
        return self

    def _show(self, evse_id: int, *, last: str) -> None:
        """A port's first words: its contactor's position, its pilot and a reading."""
        if last != "contactor last":
            self.feed(ContactorMoved(evse_id, closed=False))
        if last != "pilot last":
            self.feed(PilotChanged(evse_id, self.sockets[evse_id].pilot))
        self.sample(evse_id)
        if last == "contactor last":
            self.feed(ContactorMoved(evse_id, closed=False))
        if last == "pilot last":
            self.feed(PilotChanged(evse_id, self.sockets[evse_id].pilot))

    @property
    def now(self) -> Moment:
        """The present moment."""
        return Moment(
            wall=START + timedelta(seconds=self.mono_s - 1000.0 + self.clock_step_s),
            mono_s=self.mono_s,
            boot=self.boot,
            wall_known=self.wall_known,
        )

    def feed(self, event: Event) -> list[Effect]:
        """Hand one event to the station and let the ports obey."""
        effects = self.station.handle(event, self.now)
        self.effects += effects
        if self.obedient:
            for effect in effects:
                self._obey(effect)
        return effects

    def _obey(self, effect: Effect) -> None:
        match effect:
            case PermitEnergy(evse_id, limit_a):
                self.sockets[evse_id].permitted_a = limit_a
                self.move_contactor(evse_id)
            case WithdrawEnergy(evse_id):
                self.sockets[evse_id].permitted_a = None
                self.move_contactor(evse_id)
            case ReadMeter(evse_id):
                self.sample(evse_id)
            case _:
                pass

    def move_contactor(self, evse_id: int) -> None:
        """The port closes its contactor where it may and the EV wants energy, else opens it."""
        socket = self.sockets[evse_id]
        closed = (socket.permitted_a or 0.0) >= MINIMUM_CURRENT_A and socket.pilot.wants_energy
        if socket.is_welded and socket.closed:
            return
        if closed != socket.closed:
            socket.closed = closed
            self.feed(ContactorMoved(evse_id, closed=closed))

    def pilot(self, evse_id: int, state: PilotState) -> None:
        """The pilot moves."""
        self.sockets[evse_id].pilot = state
        self.feed(PilotChanged(evse_id, state))
        if self.obedient:
            self.move_contactor(evse_id)

    def plug(self, evse_id: int = 1, *, wants_energy: bool = True) -> None:
        """A car plugs in (B) and asks for energy (C)."""
        self.pilot(evse_id, PilotState.B)
        if wants_energy:
            self.pilot(evse_id, PilotState.C)

    def unplug(self, evse_id: int = 1) -> None:
        """The car leaves."""
        self.pilot(evse_id, PilotState.A)

    def sample(self, evse_id: int = 1) -> None:
        """The meter is read, if it answers."""
        if self.sockets[evse_id].is_meter_silent:
            return
        energy = Wh(self.sockets[evse_id].energy_wh)
        quantities = (
            Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, energy, "Wh"),
            Quantity(Measurand.POWER_ACTIVE_IMPORT, 11_000.0, "W"),
            Quantity(Measurand.VOLTAGE, 230.0, "V", "L1-N"),
        )
        self.feed(MeterSampled(MeterSample(evse_id, self.now, energy, quantities)))

    def swipe(
        self,
        value: str = "CARD-0001",
        *,
        evse_ids: tuple[int, ...] = (),
        known: KnownToken = UNKNOWN_TOKEN,
        answer: TokenInfo | None = ACCEPTED,
    ) -> None:
        """A token is presented, and the CSMS answers (None: stays silent) where it is asked."""
        effects = self.feed(TokenPresented(IdToken(value), evse_ids, known))
        for effect in effects:
            if isinstance(effect, AskAuthorization):
                self.feed(TokenAnswered(effect.ticket, answer))

    def ask(self, command: Command, *, known: KnownToken = UNKNOWN_TOKEN, queued: Iterable[str] = ()) -> Answer | None:
        """The CSMS asks; returns the answer, None while it is still to come."""
        ticket = next(self.tickets)
        effects = self.feed(CsmsAsked(ticket, command, known, frozenset(queued)))
        return next((e.answer for e in effects if isinstance(e, Reply) and e.ticket == ticket), None)

    def pass_time(self, seconds: float, *, step_s: float = 1.0, charging_w: float = 11_000.0) -> None:
        """Time passes; closed contactors deliver, meters are read each step."""
        until = self.mono_s + seconds
        while self.mono_s < until:
            self.mono_s = min(until, self.mono_s + step_s)
            for evse_id, socket in self.sockets.items():
                if socket.closed:
                    socket.energy_wh += round(charging_w * step_s / 3600)
                self.sample(evse_id)
            due = self.station.next_due_s()
            if due is not None and due <= self.mono_s:
                self.feed(TimePassed())

    def restart(self, *, away_s: float = 10.0, boot: str = "boot-1", **changes: object) -> "Rig":
        """A new process that wakes with what was committed; the world is as it was left, but contactors are open."""
        state = self.station.state
        fields: dict[str, object] = {
            "variables": self.variables,
            "evses": self.evses,
            "grid_max_current_a": self.grid_max_current_a,
            "has_lock": self.has_lock,
            "energy_without_meter": self.energy_without_meter,
            "records": tuple(evse.record for evse in state.evses),
            "station_record": state.record,
            "profiles": state.profiles,
            "clock_step_s": self.clock_step_s,
            "first_id": self.first_id + 1000,
            "mono_s": self.mono_s + away_s,
            "boot": boot,
        }
        fresh = Rig(**{**fields, **changes})  # type: ignore[arg-type]  # a test names the fields it changes
        for evse_id, socket in self.sockets.items():
            fresh.sockets[evse_id] = Socket(
                pilot=socket.pilot, energy_wh=socket.energy_wh, is_meter_silent=socket.is_meter_silent
            )
        return fresh

    def set_variable(self, name: str, value: str) -> None:
        """The CSMS changes a variable, named Component.Variable; it outlasts a restart."""
        component, variable = name.split(".")
        answer = self.ask(SetVariables((VariableAssignment(VariableKey(component, variable), value),)))
        if not isinstance(answer, VariableResults) or answer.results[0].status != SetStatus.ACCEPTED:
            raise AssertionError(f"{name}={value}: {answer}")
        self.variables = {**self.variables, name: value}

    def all(self, kind: type[T]) -> list[T]:
        """Every effect of a kind so far."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def facts(self) -> list[Fact]:
        """Every fact recorded so far."""
        return [effect.fact for effect in self.all(Record)]

    def facts_of(self, kind: type[T]) -> list[T]:
        """The facts of a kind so far."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def story(self) -> list[str]:
        """The transaction facts so far, each by its event and its trigger."""
        return [
            f"{type(fact).__name__.removeprefix('Transaction')} {fact.trigger}"
            for fact in self.facts
            if isinstance(fact, TransactionFact)
        ]

    @property
    def ended(self) -> TransactionEnded:
        """The one Ended fact."""
        (fact,) = self.facts_of(TransactionEnded)
        return fact

    def evse(self, evse_id: int = 1) -> Evse:
        """An EVSE as the station now sees it."""
        return next(evse for evse in self.station.state.evses if evse.id == evse_id)

    def statuses(self, evse_id: int = 1) -> list[ConnectorStatus]:
        """The statuses reported for an EVSE, in order."""
        return [report.status for report in self.all(ReportStatus) if report.evse_id == evse_id]


def charging(evses: int = 1, **fields: Any) -> Rig:
    """A rig whose EVSEs all charge; what led there is forgotten. `fields` are those of Rig."""
    rig = Rig(evses=evses, **fields).start()
    for evse_id in range(1, evses + 1):
        rig.plug(evse_id)
        rig.swipe(f"CARD-000{evse_id}", evse_ids=(evse_id,))
    rig.pass_time(3)
    rig.effects.clear()
    return rig
