"""What a person does at a simulated station: plug in, hold a card, break something.

The drivers of one station meet in its SharedDevices: `sim_controls(shared)` finds the controls there.
"""

from dataclasses import dataclass
from typing import Protocol

from hal.readings import PilotState
from hal.registry import SharedDevices
from hal.sim.board import SimBoard

SIM_CONTROLS_KEY = "sim.controls"
"""Under this key of SharedDevices lives the station's SimControls."""


class NotSimulated(LookupError):
    """No simulated part stands there."""


class PresentsTokens(Protocol):
    """A reader that can be shown a token."""

    def present(self, value: str, *, type: str = "ISO14443") -> None: ...  # noqa: A002 - TokenReading's word

    def set_failed(self, *, failed: bool) -> None: ...


@dataclass(frozen=True, slots=True)
class SimEvseView:
    """How a simulated EVSE stands now; currents per phase, energy in whole watt-hours."""

    plugged: bool
    pilot: PilotState
    offer_a: float | None
    contactor_closed: bool
    locked: bool
    draw_a: tuple[float, float, float]
    register_wh: int
    soc_percent: float
    wants_energy: bool
    faults: tuple[str, ...]


class SimEvseControls:
    """The car, the cable and the fault switches of one EVSE."""

    def __init__(self, board: SimBoard) -> None:
        self._board = board

    def plug_in(self) -> None:
        """Connect the car; harmless when it is."""
        self._board.set_plugged(True)

    def unplug(self) -> None:
        """Take the car away; the simulated cable comes out even while locked."""
        self._board.set_plugged(False)

    def set_ev(
        self,
        *,
        wants_energy: bool | None = None,
        max_current_a: float | None = None,
        phases: int | None = None,
        battery_kwh: float | None = None,
        soc_percent: float | None = None,
        ignores_offer: bool | None = None,
    ) -> None:
        """Change the car; None leaves it. ValueError for what no car can be."""
        _check_range("max_current_a", max_current_a, low=0.0, high=80.0)
        _check_range("phases", phases, low=1, high=3)
        _check_range("battery_kwh", battery_kwh, low=0.1, high=1000.0)
        _check_range("soc_percent", soc_percent, low=0.0, high=100.0)
        self._board.catch_up()
        vehicle = self._board.vehicle
        traits = vehicle.traits
        traits.wants_energy = traits.wants_energy if wants_energy is None else wants_energy
        traits.max_current_a = traits.max_current_a if max_current_a is None else max_current_a
        traits.phases = traits.phases if phases is None else phases
        traits.battery_kwh = traits.battery_kwh if battery_kwh is None else battery_kwh
        traits.ignores_offer = traits.ignores_offer if ignores_offer is None else ignores_offer
        vehicle.soc_percent = vehicle.soc_percent if soc_percent is None else soc_percent
        self._board.advance(0.0)

    def set_fault(self, name: str, *, active: bool) -> None:
        """Switch a fault of hal.readings.FAULT_NAMES; hal.sim.faults.UnknownFault (a ValueError) for others."""
        self._board.set_fault(name, active=active)

    @property
    def draw_a(self) -> tuple[float, float, float]:
        """What flows to the car now, per phase."""
        self._board.catch_up()
        return self._board.draw_a

    def view(self) -> SimEvseView:
        """How everything stands now."""
        board = self._board
        board.catch_up()
        return SimEvseView(
            plugged=board.plugged,
            pilot=board.pilot.value,
            offer_a=board.offer_a,
            contactor_closed=board.contactor.closed,
            locked=board.locked,
            draw_a=board.draw_a,
            register_wh=board.register_wh,
            soc_percent=board.vehicle.soc_percent,
            wants_energy=board.vehicle.traits.wants_energy,
            faults=board.faults.active,
        )


class SimControls:
    """All that is simulated at one station."""

    def __init__(self) -> None:
        self._boards: dict[int, SimBoard] = {}
        self._readers: list[tuple[int | None, PresentsTokens]] = []

    @property
    def evse_ids(self) -> tuple[int, ...]:
        """The EVSEs with simulated parts."""
        return tuple(sorted(self._boards))

    @property
    def is_empty(self) -> bool:
        """Nothing at this station is simulated."""
        return not self._boards and not self._readers

    def add_board(self, evse_id: int, board: SimBoard) -> None:
        """Called by the driver."""
        self._boards[evse_id] = board

    def add_reader(self, reader: PresentsTokens, *, evse_id: int | None) -> None:
        """Called by the driver."""
        self._readers.append((evse_id, reader))

    def evse(self, evse_id: int) -> SimEvseControls:
        """The controls of one EVSE; NotSimulated where it has no simulated part."""
        if evse_id not in self._boards:
            raise NotSimulated(f"EVSE {evse_id} has no simulated parts")
        return SimEvseControls(self._boards[evse_id])

    def present_token(self, value: str, type: str = "ISO14443", evse_id: int | None = None) -> None:  # noqa: A002 - OCPP's word
        """Hold a token before a reader: that of `evse_id` if it has one, else the station's.

        NotSimulated where there is none, or where ReaderFailure is injected at that EVSE.
        """
        if evse_id in self._boards and "ReaderFailure" in self._boards[evse_id].faults:
            raise NotSimulated(f"the reader of EVSE {evse_id} is out of order (injected)")
        by_evse = [reader for owner, reader in self._readers if owner == evse_id]
        candidates = by_evse or [reader for owner, reader in self._readers if owner is None or evse_id is None]
        if not candidates:
            raise NotSimulated("no simulated token reader serves that EVSE")
        candidates[0].present(value, type=type)


def sim_controls(shared: SharedDevices) -> SimControls | None:
    """The controls of the station whose drivers share `shared`; None where nothing is simulated."""
    controls = shared.get(SIM_CONTROLS_KEY, SimControls)
    return None if controls.is_empty else controls


def _check_range(name: str, value: float | None, *, low: float, high: float) -> None:
    if value is not None and not low <= value <= high:
        raise ValueError(f"{name} must be between {low:g} and {high:g}, not {value:g}")
