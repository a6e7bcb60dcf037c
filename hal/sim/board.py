"""One simulated EVSE board with a car: supply, contactor, meter, pilot, lock, moved by time alone."""

import asyncio
import math
from dataclasses import dataclass, field
from pathlib import Path

from hal.errors import DeviceGone, DeviceSilent
from hal.parts import Clock
from hal.readings import FaultReading, MeterReading, PilotState
from hal.real_time import paced_sleep
from hal.sim import faults, state_file
from hal.sim.contactor import SimContactor
from hal.sim.vehicle import MJ_PER_WH, Vehicle, VehicleTraits
from hal.sim.watched import Stream, Watched

TICK_S = 0.1
MAX_STEP_S = 0.5
MAX_STEPS = 2000
"""More time than this many steps hold at once (a suspended laptop) is taken in longer steps."""
AMBIENT_C = 25.0
HEATING_C_PER_A2 = 0.012
HEATING_TIME_S = 600.0


@dataclass(frozen=True, slots=True)
class BoardSettings:
    """Settings of the `sim` driver."""

    voltage_v: float = field(default=230.0, metadata={"doc": "phase voltage without load"})
    source_impedance_ohm: float = field(default=0.12, metadata={"doc": "how far the voltage sags with the current"})
    frequency_hz: float = field(default=50.0, metadata={"doc": "mains frequency"})
    register_wh: int = field(default=1_234_567, metadata={"doc": "the meter's import register when new"})
    operate_s: float = field(default=0.03, metadata={"doc": "time the contactor takes to move"})
    lock_s: float = field(default=0.3, metadata={"doc": "time the lock's motor takes"})
    plugged: bool = field(default=False, metadata={"doc": "whether a car stands there at first"})
    battery_kwh: float = field(default=60.0, metadata={"doc": "the car's battery"})
    soc_percent: float = field(default=40.0, metadata={"doc": "the car's state of charge at first"})
    ev_max_current_a: float = field(default=32.0, metadata={"doc": "the car's largest current per phase"})
    ev_phases: int = field(default=3, metadata={"doc": "phases the car uses, 1 to 3"})
    ev_reaction_s: float = field(default=2.0, metadata={"doc": "time the car takes to follow a changed offer"})
    state_file: str | None = field(
        default=None, metadata={"doc": "keeps register and car through a restart; by default in the data directory"}
    )


class SimBoard:
    """The board: changed by the parts' verbs and the controls, moved by `advance` or by its own ticking."""

    def __init__(self, settings: BoardSettings, *, clock: Clock, name: str = "sim") -> None:
        self.name = name
        self.settings = settings
        self.faults = faults.InjectedFaults()
        self.contactor = SimContactor(operate_s=settings.operate_s)
        self.offer_a: float | None = None
        self.external_power: bool | None = None
        self.locked = False
        self._clock = clock
        self._file = Path(settings.state_file) if settings.state_file else None
        kept = state_file.load(self._file) if self._file else None
        self.register_mj = kept.register_mj if kept else settings.register_wh * MJ_PER_WH
        self.plugged = kept.plugged if kept else settings.plugged
        self._saved = kept
        self._saved_at_s = -math.inf
        self.vehicle = Vehicle(
            VehicleTraits(
                battery_kwh=settings.battery_kwh,
                max_current_a=settings.ev_max_current_a,
                phases=settings.ev_phases,
                reaction_s=settings.ev_reaction_s,
            ),
            soc_percent=kept.soc_percent if kept else settings.soc_percent,
        )
        self.temperature_c = AMBIENT_C
        self._moved_at_s = clock.monotonic()
        self.pilot: Watched[PilotState] = Watched(self._pilot_state())
        self.position: Watched[bool] = Watched(self.contactor.closed)
        self.fault_input: Stream[FaultReading] = Stream()
        self._task: asyncio.Task[None] | None = None
        self._users: set[int] = set()

    @property
    def is_powered(self) -> bool:
        """Whether the mains reach the socket."""
        return self.contactor.closed if self.external_power is None else self.external_power

    @property
    def draw_a(self) -> tuple[float, float, float]:
        """What flows to the car now, per phase."""
        return self.vehicle.draw_a if self.plugged and self.is_powered else (0.0, 0.0, 0.0)

    @property
    def register_wh(self) -> int:
        """What the meter's display shows."""
        return self.register_mj // MJ_PER_WH

    def start(self, user: object) -> None:
        """Tick as long as somebody uses the board; harmless when repeated. DeviceGone while the board is lost."""
        self.check_reachable()
        self._users.add(id(user))
        if self._task is None:
            self._moved_at_s = self._clock.monotonic()
            self._task = asyncio.create_task(self._tick(), name=f"simulated board {self.name}")

    async def stop(self, user: object) -> None:
        """Safe at once (contactor open, nothing offered); the last user to leave ends the ticking."""
        self.contactor.command(closed=False)
        self.offer_a = None
        self._users.discard(id(user))
        if self._users:
            return
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self.catch_up()
        self._save()

    def check_reachable(self) -> None:
        """Raise DeviceGone while the fault BoardLost is injected."""
        if "BoardLost" in self.faults:
            raise DeviceGone("simulated loss of the board", device=self.name)

    def catch_up(self) -> None:
        """Let the time pass that went by on the clock since the last move."""
        now_s = self._clock.monotonic()
        elapsed_s, self._moved_at_s = now_s - self._moved_at_s, now_s
        self.advance(max(0.0, elapsed_s))

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        steps = max(1, min(MAX_STEPS, math.ceil(seconds / MAX_STEP_S)))
        for _ in range(steps):
            self._step(seconds / steps)
        self.publish()
        if self._clock.monotonic() - self._saved_at_s >= 1.0:
            self._save()

    def publish(self) -> None:
        """Tell the readers of pilot and mirror contact what is so now."""
        self.pilot.set(self._pilot_state())
        self.position.set(self.contactor.closed)

    def set_offer(self, current_a: float | None) -> None:
        """Set the PWM duty cycle; None: steady."""
        self.check_reachable()
        self.catch_up()
        self.offer_a = current_a

    def set_plugged(self, plugged: bool) -> None:  # noqa: FBT001 - the value of a setter
        """A car comes or goes."""
        self.catch_up()
        self.plugged = plugged
        if not plugged:
            self.vehicle.unplug()
        self.publish()
        self._save()

    def set_fault(self, fault: str, *, active: bool) -> None:
        """Inject or end one of hal.readings.FAULT_NAMES; UnknownFault for any other."""
        self.catch_up()
        if not self.faults.switch(fault, active=active):
            return
        self.contactor.is_welded = "WeldedContactor" in self.faults
        self.contactor.is_stuck_open = "ContactorFailure" in self.faults
        lost = DeviceGone("simulated loss of the board", device=self.name) if "BoardLost" in self.faults else None
        self.pilot.fail(lost)
        self.position.fail(lost)
        self.fault_input.fail(lost)
        if fault not in faults.FELT_ONLY:
            self.fault_input.emit(faults.reading(fault, active=active))
        self.advance(0.0)

    def read_meter(self) -> MeterReading:
        """What the meter measures now; DeviceSilent while PowerMeterFailure is injected."""
        self.check_reachable()
        if "PowerMeterFailure" in self.faults:
            raise DeviceSilent("simulated silence", device=f"{self.name} meter")
        self.catch_up()
        self._save()  # a value that was read must not be taken back by a restart
        currents_a, voltages_v = self.draw_a, self._voltages_v()
        powers_w = tuple(volts * amps for volts, amps in zip(voltages_v, currents_a, strict=True))
        return MeterReading(
            mono_s=self._moved_at_s,
            energy_import_wh=self.register_wh,
            energy_export_wh=0,
            power_w=sum(powers_w),
            phase_power_w=powers_w,
            current_a=currents_a,
            voltage_v=voltages_v,
            frequency_hz=self.settings.frequency_hz,
            power_factor=1.0,
            temperature_c=round(faults.HOT_C if "HighTemperature" in self.faults else self.temperature_c, 1),
        )

    def _step(self, seconds: float) -> None:
        self.contactor.advance(seconds)
        self.vehicle.advance(seconds, offer_a=self.offer_a, powered=self.plugged and self.is_powered)
        currents_a = self.draw_a
        power_w = sum(volts * amps for volts, amps in zip(self._voltages_v(), currents_a, strict=True))
        energy_mj = round(power_w * seconds * 1000)
        self.register_mj += energy_mj
        if energy_mj:
            self.vehicle.take(energy_mj)
        target_c = AMBIENT_C + HEATING_C_PER_A2 * currents_a[0] ** 2
        self.temperature_c += (target_c - self.temperature_c) * min(1.0, seconds / HEATING_TIME_S)

    def _voltages_v(self) -> tuple[float, ...]:
        open_v = self.settings.voltage_v * self.faults.voltage_factor()
        return tuple(open_v - amps * self.settings.source_impedance_ohm for amps in self.draw_a)

    def _pilot_state(self) -> PilotState:
        forced = self.faults.pilot_state()
        if forced is not None:
            return forced
        return self.vehicle.pilot_state if self.plugged else PilotState.A

    def _save(self) -> None:
        if self._file is None:
            return
        state = state_file.BoardState(
            register_mj=self.register_mj, plugged=self.plugged, soc_percent=self.vehicle.soc_percent
        )
        self._saved_at_s = self._clock.monotonic()
        if state != self._saved:
            state_file.save(self._file, state)
            self._saved = state

    async def _tick(self) -> None:
        while True:
            await paced_sleep(self._clock, TICK_S)
            self.catch_up()
