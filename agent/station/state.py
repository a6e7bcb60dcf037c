"""The station's whole state, frozen. What survives a power cut is in the two records; the rest is observed anew."""

from dataclasses import field, replace
from datetime import UTC, tzinfo

from agent.clock import Moment
from agent.frozen import dataclass
from agent.smart_charging.compose import Limit
from agent.smart_charging.share import Policy
from agent.smart_charging.stack import ProfileSet
from agent.station.authorization import Ask, Grant
from agent.station.commands import Reset
from agent.station.connector import ConnectorStatus
from agent.station.device_model import DeviceModel
from agent.station.faults import FAULTS, Fault
from agent.station.pilot import PilotState
from agent.station.samples import MeterSample
from agent.station.transaction import Transaction, TxPoint


@dataclass(frozen=True, slots=True)
class EvseConfig:
    """What an EVSE can do; the ids of its connectors, ampacity per phase in amperes, phases, a cable lock or not."""

    evse_id: int
    connector_ids: tuple[int, ...] = (1,)
    max_current_a: float = 32.0
    phases: int = 3
    has_lock: bool = False
    priority: int = 0
    """The highest is served first, where station.yaml shares the grid by priority."""
    can_drop_phases: bool = False
    """A phase switch can connect one phase of three."""
    energy_without_meter: bool = False
    """A PowerMeterFailure does not end a running transaction (station.yaml `meter_failure: continue`)."""


@dataclass(frozen=True, slots=True)
class StationConfig:
    """What the station is built of; the grid's limit is per phase, in amperes."""

    evses: tuple[EvseConfig, ...]
    grid_max_current_a: float | None = None
    grid_phases: int = 3
    grid_voltage_v: float = 230.0
    """The nominal voltage of a phase, by which watts become amperes."""
    sharing: Policy = Policy.EQUAL
    min_pause_s: float = 0.0
    """A charge that was paused for want of current is not resumed before."""
    time_zone: tzinfo = UTC
    """Where recurring profiles keep their time of the day."""


@dataclass(frozen=True, slots=True)
class EvseRecord:
    """What of an EVSE is stored in the same commit as the facts."""

    evse_id: int
    transaction: Transaction | None = None
    grant: Grant | None = None
    points: frozenset[TxPoint] = frozenset()
    """TxPoints that hold, for the edges that start a transaction."""
    finished: bool = False
    """A transaction ended and the EV is still plugged."""
    cable_held_for: Grant | None = None
    """The EV left, and the cable stays locked here until this driver shows himself (2.0.1 E09.FR.03)."""
    evse_operative: bool = True
    connector_operative: bool = True
    noted_faults: frozenset[Fault] = frozenset()
    """Faults of this EVSE that were noted as begun, and not as ended."""


@dataclass(frozen=True, slots=True)
class StationRecord:
    """What of the station itself is stored."""

    operative: bool = True
    accepted: bool = False
    """A CSMS has accepted this station, and none refused it since."""
    noted_faults: frozenset[Fault] = frozenset()
    """Faults of the station itself, such as a reader's, that were noted as begun, and not as ended."""
    events: int = 0
    """The last event id that was given."""


@dataclass(frozen=True, slots=True)
class ScheduledLimit:
    """A limit, the wall time from which it holds (POSIX seconds), and the monotonic time at which it may change."""

    limit: Limit
    since: float
    due_s: float
    knew_time: bool = True
    """The wall clock was known when it was worked out."""
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class Evse:
    """One EVSE: its record and what its port last reported (None: not yet)."""

    config: EvseConfig
    record: EvseRecord
    pilot: PilotState | None = None
    contactor_closed: bool | None = None
    opened_at_s: float | None = None
    """Monotonic time at which the contactor was last seen to open."""
    sample: MeterSample | None = None
    faults: frozenset[Fault] = frozenset()
    permitted_a: float | None = None
    """Per phase; None while no energy is permitted, 0 in a pause that the EV has time to follow."""
    derated_to_a: float | None = None
    """What the devices of this EVSE allow per phase; None where they limit nothing."""
    status: ConnectorStatus | None = None
    interrupted_until_s: float | None = None
    """After a restart with an open transaction: decide by then whether it resumes or ends (monotonic)."""
    aligned_slot: int | None = None
    """The clock-aligned interval the last sample fell into."""
    aligned_end_slot: int | None = None
    locked: bool = False
    limit: ScheduledLimit | None = None
    """What charging profiles and wiring allow here now; None: to be worked out."""
    may_draw_a: float = 0.0
    """Per phase: what the EV may be drawing still, though less is permitted by now."""
    eased_by_s: float | None = None
    """Monotonic time by which the EV has followed a lowered limit; None where it has."""
    paused_at_s: float | None = None
    """Monotonic time of the pause it is in for want of current."""
    supply_denied: bool = False
    """Energy is due here, and the grid's limit leaves none."""

    @property
    def id(self) -> int:
        """EVSE id, from 1."""
        return self.config.evse_id

    @property
    def plugged(self) -> bool:
        """An EV is on the cable."""
        return self.pilot is not None and self.pilot.is_plugged

    @property
    def wants_energy(self) -> bool:
        """The EV asks for energy."""
        return self.pilot is not None and self.pilot.wants_energy

    @property
    def is_permitted(self) -> bool:
        """Energy may flow here, if the EV wants it."""
        return bool(self.permitted_a)

    @property
    def holds_cable(self) -> bool:
        """Nothing is charged here, and yet nobody can plug in: the last driver's cable is still locked."""
        return self.record.cable_held_for is not None and not self.plugged

    @property
    def active_transaction(self) -> Transaction | None:
        """The transaction, unless it only waits for its last reading."""
        tx = self.record.transaction
        return tx if tx is not None and tx.ending is None else None

    def ends_transaction(self, fault: Fault) -> bool:
        """Whether this fault ends a running transaction here."""
        if fault is Fault.POWER_METER and self.config.energy_without_meter:
            return False
        return FAULTS[fault].ends_transaction

    def cuts_power(self, fault: Fault) -> bool:
        """Whether no energy may flow while this fault lasts."""
        if fault is Fault.POWER_METER and self.config.energy_without_meter:
            return False
        return FAULTS[fault].cuts_power

    @property
    def powerless(self) -> bool:
        """A fault forbids energy."""
        return any(self.cuts_power(fault) for fault in self.faults)

    @property
    def faulted(self) -> bool:
        """A fault takes the EVSE out of service."""
        return any(FAULTS[fault].inoperative and not self._is_borne(fault) for fault in self.faults)

    def _is_borne(self, fault: Fault) -> bool:
        """A transaction that goes on without its meter is no fault; none begins without."""
        return fault is Fault.POWER_METER and self.config.energy_without_meter and self.active_transaction is not None

    @property
    def worst_fault(self) -> Fault | None:
        """The fault to name in a status: one that takes the EVSE out of service before one that does not."""
        ranked = sorted(self.faults, key=lambda fault: (not FAULTS[fault].inoperative, fault))
        return ranked[0] if ranked else None


@dataclass(frozen=True, slots=True)
class StationState:
    """Everything. `evses` keeps the order of station.yaml."""

    config: StationConfig
    model: DeviceModel
    record: StationRecord = StationRecord()
    evses: tuple[Evse, ...] = ()
    profiles: ProfileSet = ProfileSet()
    limit: ScheduledLimit | None = None
    """What charging profiles and wiring allow the station as a whole now; None: to be worked out."""
    online: bool = False
    writable: bool = True
    next_ticket: int = 1
    faults_due_s: float | None = None
    """After a restart: faults that nobody reported again by then are over (monotonic)."""
    asks: tuple[tuple[int, Ask], ...] = ()
    waiting: Grant | None = None
    """Authorized at a shared reader, no EVSE chosen yet."""
    waiting_evses: tuple[int, ...] = ()
    reset: Reset | None = None
    status: ConnectorStatus | None = None
    """What the station as a whole last reported (1.6's connector 0)."""
    unlocks: frozenset[int] = frozenset()
    """Tickets of UnlockConnector commands under way."""
    list_updates: frozenset[int] = field(default_factory=frozenset)

    def evse(self, evse_id: int) -> Evse | None:
        """The EVSE with this id."""
        return next((evse for evse in self.evses if evse.id == evse_id), None)

    def is_operative(self, evse: Evse) -> bool:
        """Station, EVSE and connector are all set operative (2.0.1 G03, G04)."""
        return self.record.operative and evse.record.evse_operative and evse.record.connector_operative

    def with_evse(self, changed: Evse) -> "StationState":
        """The same with one EVSE replaced."""
        return replace(self, evses=tuple(changed if evse.id == changed.id else evse for evse in self.evses))


def initial_state(
    config: StationConfig,
    model: DeviceModel,
    *,
    record: StationRecord | None = None,
    evse_records: tuple[EvseRecord, ...] = (),
    profiles: ProfileSet | None = None,
) -> StationState:
    """The state at power-up: what was stored, and nothing observed yet. Records of unknown EVSEs are left alone."""
    stored = {each.evse_id: each for each in evse_records}
    return StationState(
        config=config,
        model=model,
        record=record or StationRecord(),
        profiles=profiles or ProfileSet(),
        evses=tuple(
            Evse(config=evse, record=stored.get(evse.evse_id) or EvseRecord(evse_id=evse.evse_id))
            for evse in config.evses
        ),
    )


def age_s(sample: MeterSample, now: Moment) -> float:
    """Seconds since a sample was taken."""
    return now.mono_s - sample.at.mono_s
