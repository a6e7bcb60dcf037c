"""What the local API shows, as frozen data, and the parts that tell it. The app adapts its own parts to these."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from agent.errors import AgentError
from agent.frozen import dataclass
from agent.station.connector import ConnectorStatus
from agent.station.facts import ChargingState
from agent.station.faults import Fault
from agent.station.pilot import PilotState


class LinkState(StrEnum):
    """How the station stands with its CSMS."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    REGISTERING = "registering"
    PENDING = "pending"
    REJECTED = "rejected"
    ONLINE = "online"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """The link to the CSMS; `url` without credentials, `since` the moment it came up or went away."""

    state: LinkState
    url: str
    subprotocol: str | None = None
    last_failure: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStatus:
    """A running transaction; `token` masked, `energy_wh` delivered since it began, `seq_no` the next to be recorded."""

    id: str
    since: datetime
    charging_state: ChargingState
    token: str | None = None
    energy_wh: int | None = None
    seq_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterStatus:
    """The last reading and its age; `energy_wh` is the register that bills, currents and voltages are L1 to L3."""

    energy_wh: int
    age_s: float
    power_w: float | None = None
    current_a: tuple[float, ...] = ()
    voltage_v: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseStatus:
    """One EVSE with its connector; None is not known (yet).

    `limit_a` is what the station permits, None while no energy is permitted; `limit_reason` what sets it, in words;
    `offered_a` what the pilot offers.
    """

    id: int
    connector_id: int
    status: ConnectorStatus | None = None
    operative: bool = True
    plugged: bool = False
    pilot: PilotState | None = None
    contactor_closed: bool | None = None
    limit_a: float | None = None
    limit_reason: str = ""
    offered_a: float | None = None
    transaction: TransactionStatus | None = None
    meter: MeterStatus | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageStatus:
    """The database; `damaged_kept_as` is the file a damaged one was set aside as at this start."""

    writable: bool
    damaged_kept_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StationStatus:
    """How the whole station stands; `time` is worth nothing unless `clock_known`."""

    identity: str
    vendor: str
    model: str
    version: str
    time: datetime
    clock_known: bool
    uptime_s: float
    simulated: bool
    link: LinkStatus
    evses: tuple[EvseStatus, ...]
    outbox_depth: int
    dead_letters: int
    storage: StorageStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuedFact:
    """A fact that waits for the CSMS; `attempts` counts failed ones, `at` is the moment it was recorded."""

    id: int
    message_id: str
    kind: str
    at: datetime
    attempts: int
    offline: bool
    evse_id: int | None = None
    transaction_id: str | None = None
    seq_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUpFact:
    """A fact that was given up, and why."""

    id: int
    message_id: str
    kind: str
    attempts: int
    why: str
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxView:
    """The outbox: its depth, its first rows (head first), the newest dead letters, meter values ever thinned."""

    depth: int
    rows: tuple[QueuedFact, ...]
    dead_letter_count: int
    dead_letters: tuple[GivenUpFact, ...]
    thinned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultEntry:
    """A fault of the past or present: `ended` is None while it lasts, `evse_id` 0 is the station itself.

    `code` is its ChargeX code, empty where it has none; the texts say what to do, empty for a name not known here.
    """

    event_id: int
    evse_id: int
    fault: str
    code: str
    began: datetime
    ended: datetime | None
    detail: str
    for_driver: str
    for_technician: str
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultHistory:
    """The last faults, the newest first."""

    rows: tuple[FaultEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFigures:
    """Counts since the process began, for /metrics; queue depth, EVSEs and meters are taken from the status."""

    facts_sent: int = 0
    facts_given_up: int = 0
    facts_thinned: int = 0
    commits: int = 0
    commit_failures: int = 0
    connects: int = 0
    events_dropped: int = 0
    errand_failures: int = 0
    loop_lag_s: float | None = None


class Source(Protocol):
    """Where the API learns how the agent stands. Everything is called on the event loop."""

    def status(self) -> StationStatus: ...

    async def outbox(self, *, limit: int) -> OutboxView:
        """At most `limit` rows and as many dead letters."""
        ...

    async def faults(self, *, limit: int) -> FaultHistory:
        """At most `limit` rows."""
        ...

    def figures(self) -> AgentFigures: ...


class ControlRefused(AgentError):
    """A simulator control that cannot be done; never raised itself."""


class NotSimulated(ControlRefused):
    """The part that was meant is no simulated one (403)."""


class NoSuchEvse(ControlRefused):
    """This station has no EVSE of that id (404)."""


class WrongValue(ControlRefused):
    """Well-formed, yet nothing a car, card or fault can be (400)."""


class SimulatorControls(Protocol):
    """What a person does at a simulated station. Every method may raise a ControlRefused."""

    def plug_in(self, evse_id: int) -> None: ...

    def unplug(self, evse_id: int) -> None: ...

    def set_ev(
        self,
        evse_id: int,
        *,
        wants_energy: bool | None = None,
        max_current_a: float | None = None,
        phases: int | None = None,
        battery_kwh: float | None = None,
        soc_percent: float | None = None,
        ignores_offer: bool | None = None,
    ) -> None:
        """Change the car; None leaves it as it is."""
        ...

    def set_fault(self, evse_id: int, name: str, *, active: bool) -> None: ...

    def present_token(self, value: str, *, type: str, evse_id: int | None) -> None: ...  # noqa: A002 - OCPP's word

    def set_network(self, *, online: bool) -> None: ...
