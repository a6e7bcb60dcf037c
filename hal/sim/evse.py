"""The `sim` driver: all parts of an EVSE over one simulated board, or single ones beside real parts."""

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import replace

from hal.errors import NotConfirmed
from hal.readings import FaultReading, MeterReading, PilotState
from hal.registry import DriverContext
from hal.sim.board import BoardSettings, SimBoard
from hal.sim.controls import SIM_CONTROLS_KEY, SimControls

MAX_LOOKS = 100


def _lasting(settings: BoardSettings, context: DriverContext) -> BoardSettings:
    """A restart of the agent must neither turn the meter back nor drive the car away: no real board's would."""
    if settings.state_file is not None or context.data_dir is None:
        return settings
    return replace(settings, state_file=str(context.data_dir / f"sim-evse-{context.evse_id or 0}.json"))


class SimEvse:
    """Two `sim` drivers of one EVSE share one board; the settings of the first one count."""

    Settings = BoardSettings
    PARTS = frozenset({"pilot", "contactor", "meter", "lock", "faults", "indicator"})

    def __init__(self, settings: BoardSettings, context: DriverContext) -> None:
        self._clock = context.clock
        self._name = context.name
        number = context.evse_id if context.evse_id is not None else 0
        self.board = context.shared.get(
            ("sim.board", number),
            lambda: SimBoard(_lasting(settings, context), clock=context.clock, name=f"simulated EVSE {number}"),
        )
        context.shared.get(SIM_CONTROLS_KEY, SimControls).add_board(number, self.board)
        self.looks: deque[str] = deque(maxlen=MAX_LOOKS)

    @property
    def draw_a(self) -> tuple[float, float, float]:
        """What flows to the car now, per phase: a rig can show it on an emulated meter."""
        return self.board.draw_a

    async def start(self) -> None:
        """Connect to the board; harmless when repeated. DeviceGone while BoardLost is injected."""
        self.board.start(self)

    async def stop(self) -> None:
        """Contactor open, nothing offered."""
        await self.board.stop(self)

    def offer(self, current_a: float | None) -> None:
        """ControlPilot."""
        self.board.set_offer(current_a)

    def states(self) -> AsyncIterator[PilotState]:
        """ControlPilot."""
        return self.board.pilot.follow()

    def power_available(self, present: bool) -> None:  # noqa: FBT001 - hal.port.FollowsContactor
        """A contactor that is not simulated feeds the car, or does no more."""
        self.board.catch_up()
        self.board.external_power = present

    def open(self) -> None:
        """Contactor; from any thread."""
        self.board.contactor.command(closed=False)

    def close(self) -> None:
        """Contactor."""
        self.board.check_reachable()
        self.board.contactor.command(closed=True)

    def positions(self) -> AsyncIterator[bool]:
        """Contactor."""
        return self.board.position.follow()

    async def read(self) -> MeterReading:
        """EnergyMeter."""
        return self.board.read_meter()

    async def lock(self) -> None:
        """ConnectorLock."""
        await self._move_lock(locked=True)

    async def unlock(self) -> None:
        """ConnectorLock."""
        await self._move_lock(locked=False)

    def faults(self) -> AsyncIterator[FaultReading]:
        """FaultInput."""
        return self.board.fault_input.follow(self.board.faults.readings)

    def show(self, look: str) -> None:
        """Indicator: `looks` keeps what was shown, newest last."""
        self.looks.append(look)

    async def _move_lock(self, *, locked: bool) -> None:
        self.board.check_reachable()
        await self._clock.sleep(self.board.settings.lock_s)
        if "ConnectorLockFailure" in self.board.faults:
            raise NotConfirmed("the lock's end switch disagrees (simulated)", device=self._name)
        self.board.locked = locked
