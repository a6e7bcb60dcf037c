"""OpenEVSE boards over RAPI: pilot, contactor, faults, and what their own meter counts.

The board closes its relay by itself when the vehicle asks (hal.self_closing). What else matters of it, by the code of
firmware/open_evse (rapi_proc.cpp, J1772EvseController.cpp, EnergyMeter.cpp in OpenEVSE/open_evse):

- `$FS` (sleep) puts the pilot to +12 V and lets the relay go when the vehicle stopped drawing, after three seconds at
  the latest; `$FD` (disable) lets it go at once and puts the pilot to -12 V, where no vehicle can be seen.
- After a restart the board is enabled, with the current of its EEPROM, until it is told otherwise.
- `$SY seconds amperes` is its own supervision: without a pulse for so long it takes the current down, to 6 A at the
  lowest. Acknowledging a missed pulse (`$SY 165`) would set the current to the highest it knows, so it is never done;
  setting the supervision anew clears the miss as well and leaves the current alone.
- Whether the relay is stuck the board finds out only while it is enabled: a relay that welded at a stop is reported
  with the next offer, not before.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import ClassVar

from hal.errors import BadReading, DeviceRefused, HalError, WrongSettings
from hal.rapi import values
from hal.rapi.frames import Announcement
from hal.rapi.line import RapiLine
from hal.rapi.values import EvseState
from hal.readings import FaultReading, MeterReading, PilotState
from hal.registry import DriverContext
from hal.self_closing import BoardState, SelfClosingBoard, Wish
from hal.serial_port import SerialPort
from hal.stale import StaleWatch

log = logging.getLogger(__name__)

ASLEEP = frozenset({EvseState.SLEEPING, EvseState.DISABLED})
MAY_SLEEP = frozenset({EvseState.UNKNOWN, EvseState.A, EvseState.B, EvseState.C, EvseState.D, EvseState.DISABLED})
"""In its fault states the board has let go by itself; to send it to sleep there would hide the fault."""
PULSES_PER_INTERVAL = 3
FAREWELL_S = 0.3
STEADY_LOOKS = 3


@dataclass(frozen=True, slots=True)
class RapiSettings:
    """An OpenEVSE board on a serial port."""

    port: str = field(metadata={"doc": "Serial device, such as /dev/ttyUSB0."})
    baudrate: int = field(default=115200, metadata={"doc": "Bits per second."})
    sequence_ids: bool = field(
        default=True, metadata={"doc": "Number the commands (firmware 3.0 and later); false for older boards."}
    )
    timeout_s: float = field(default=0.5, metadata={"doc": "How long one answer may take; a command is sent twice."})
    poll_s: float = field(default=0.5, metadata={"doc": "Time between two looks at the board."})
    heartbeat_s: int = field(
        default=10, metadata={"doc": "The board limits the current itself when it hears nothing for so long; 0: never."}
    )
    heartbeat_limit_a: int = field(
        default=6, metadata={"doc": "Current it then limits to; a board goes no lower than 6."}
    )
    meter_phases: int = field(default=1, metadata={"doc": "Phases that the board's one ammeter stands for: 1 or 3."})

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        _check_range("baudrate", self.baudrate, low=1200, high=4_000_000)
        _check_range("timeout_s", self.timeout_s, low=0.05, high=5)
        _check_range("poll_s", self.poll_s, low=0.05, high=5)
        _check_range("heartbeat_s", self.heartbeat_s, low=0, high=3600)
        _check_range("heartbeat_limit_a", self.heartbeat_limit_a, low=0, high=80)
        if self.meter_phases not in (1, 3):
            raise WrongSettings(f"meter_phases is 1 or 3, not {self.meter_phases}", path=("meter_phases",))


class RapiBoard:
    """The `rapi` driver."""

    Settings: ClassVar[type] = RapiSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"pilot", "contactor", "faults", "meter"})

    def __init__(self, settings: RapiSettings, context: DriverContext) -> None:
        self._context = context
        self._link = RapiLink(settings, name=context.name)
        self._board = SelfClosingBoard(self._link, name=context.name, poll_s=settings.poll_s)
        self._link.look_soon = self._board.look_soon
        self._phases = settings.meter_phases
        self._last_wh: int | None = None
        self._stale = StaleWatch()

    async def start(self) -> None:
        """Open the port and leave the board asleep. DeviceGone, or DeviceSilent where nobody answers."""
        self._stale.forget()
        await self._board.start()

    async def stop(self) -> None:
        """Leave the board asleep, its relay open."""
        await self._board.stop()

    def offer(self, current_a: float | None) -> None:
        """ControlPilot: the current is rounded down to whole amperes; None puts the board to sleep."""
        self._board.offer(current_a)

    def states(self) -> AsyncIterator[PilotState]:
        """ControlPilot."""
        return self._board.states()

    def open(self) -> None:
        """Contactor: `$FD`."""
        self._board.open()

    def close(self) -> None:
        """Contactor."""
        self._board.close()

    def positions(self) -> AsyncIterator[bool]:
        """Contactor: the board's flag of its relay; a relay that the board calls stuck is closed."""
        return self._board.positions()

    def faults(self) -> AsyncIterator[FaultReading]:
        """FaultInput."""
        return self._board.faults()

    async def read(self) -> MeterReading:
        """EnergyMeter: `$GU`, `$GG`, and `$GP` where there is a sensor. Not a meter to bill by.

        BadReading also where the count went back (`$FC` was sent): restart the agent then.
        """
        mono_s = self._context.clock.monotonic()
        reading = await self._link.measure(mono_s=mono_s, phases=self._phases)
        if self._last_wh is not None and reading.energy_import_wh < self._last_wh:
            raise BadReading(
                f"import went back from {self._last_wh} to {reading.energy_import_wh} Wh", device=self._context.name
            )
        self._stale.check(reading, device=self._context.name)
        self._last_wh = reading.energy_import_wh
        return reading


class RapiLink:
    """hal.self_closing.BoardLink over a RAPI line."""

    def __init__(self, settings: RapiSettings, *, name: str) -> None:
        self.look_soon = _nothing
        self._settings = settings
        self._name = name
        self._line = RapiLine(
            SerialPort(settings.port, baudrate=settings.baudrate, device=name),
            device=name,
            timeout_s=settings.timeout_s,
            sequence_ids=settings.sequence_ids,
            announced=self._take_announcement,
        )
        self._status = values.Status(EvseState.UNKNOWN, EvseState.UNKNOWN, 0)
        self._capacity_a = 0
        self._granted_a: tuple[int, int] | None = None
        self._is_armed = False
        self._pulse_at_s = 0.0
        self._told_unsupervised = False
        self._fault_detail = ""

    async def open(self) -> None:
        """BoardLink."""
        self._line.open()
        self._is_armed, self._granted_a, self._fault_detail = False, None, ""
        with self._naming():
            self._status = values.status(await self._line.demand("GS"))
            if self._status.state in MAY_SLEEP:
                await self._line.demand("FS")
            await self._arm()

    async def close(self) -> None:
        """BoardLink."""
        with suppress(HalError, TimeoutError):
            self.cut()
            async with asyncio.timeout(FAREWELL_S):
                if self._status.state is not EvseState.STUCK_RELAY:
                    await self._line.ask("FS", attempts=1)
        self._line.close()

    async def read(self) -> BoardState:
        """BoardLink."""
        with self._naming():
            before = self._status.state
            self._status = values.status(await self._line.demand("GS"))
            self._capacity_a = values.capacity_a(await self._line.demand("GE"))
            if self._status.state is not before:
                self._fault_detail = await self._counts() if self._status.state in values.FAULTS else ""
            await self._pulse()
        return self._status.board_state(fault_detail=self._fault_detail)

    async def apply(self, wish: Wish) -> None:
        """BoardLink."""
        with self._naming():
            if not self._is_armed:
                await self._arm()
            if not wish.enables or wish.offer_a is None:
                await self._put_to_rest(wish)
                return
            await self._limit(int(wish.offer_a))
            if self._status.state in ASLEEP:
                await self._line.ask("FE", stands=wish.stands)

    def cut(self) -> None:
        """BoardLink."""
        # There is nothing more to switch off, and a board that is disabled says no more of its relay.
        if self._status.state is not EvseState.STUCK_RELAY:
            self._line.stop_now()

    async def measure(self, *, mono_s: float, phases: int) -> MeterReading:
        """One reading of the board's own meter."""
        with self._naming():
            usage, is_counting = await self._steady_usage()
            current_a, voltage_v = values.current_and_voltage(await self._line.demand("GG"))
            hottest = await self._line.ask("GP")
            # What the session of a vehicle counted is added to the total when it leaves, in whole watt-hours.
            session_wh = usage.session_ws // 3600 if is_counting else 0
            return MeterReading(
                mono_s=mono_s,
                energy_import_wh=usage.total_wh + session_wh,
                power_w=None if current_a is None else current_a * voltage_v * phases,
                current_a=() if current_a is None else (current_a,) * phases,
                voltage_v=(voltage_v,) * phases,
                temperature_c=values.temperature_c(hottest.values) if hottest.ok else None,
            )

    async def _steady_usage(self) -> tuple[values.Usage, bool]:
        """The counts, and whether the session is not in the total yet: both of one moment."""
        for _ in range(STEADY_LOOKS):
            before = values.usage(await self._line.demand("GU"))
            connected = values.status(await self._line.demand("GS")).ev_connected
            after = values.usage(await self._line.demand("GU"))
            if before.total_wh == after.total_wh and before.session_ws <= after.session_ws:
                return after, connected
        raise BadReading("the board's counts do not hold still", device=self._name)

    async def _put_to_rest(self, wish: Wish) -> None:
        status = self._status
        if wish.is_cut and status.flags & values.RELAY_CLOSED:
            await self._line.demand("FD")  # the first may have been lost on the way
        elif status.state in MAY_SLEEP:
            await self._line.demand("FS")

    async def _limit(self, wanted_a: int) -> None:
        if self._capacity_a == wanted_a or self._granted_a == (wanted_a, self._capacity_a):
            return
        answer = await self._line.ask("SC", wanted_a, "V")
        granted_a = values.capacity_a(answer.values)
        if granted_a > wanted_a:
            raise DeviceRefused(f"goes no lower than {granted_a} A; {wanted_a} A were asked for", device=self._name)
        if granted_a < wanted_a:
            log.warning("%s: the board grants %d A instead of %d A", self._name, granted_a, wanted_a)
        self._capacity_a, self._granted_a = granted_a, (wanted_a, granted_a)

    async def _arm(self) -> None:
        self._is_armed = True
        answer = await self._line.ask("SY", self._settings.heartbeat_s, self._settings.heartbeat_limit_a)
        self._pulse_at_s = asyncio.get_running_loop().time()
        if not answer.ok and self._settings.heartbeat_s and not self._told_unsupervised:
            self._told_unsupervised = True
            log.warning("%s: this firmware has no heartbeat supervision; it will not notice a lost agent", self._name)

    async def _pulse(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if not self._settings.heartbeat_s or self._told_unsupervised:
            return
        if now_s - self._pulse_at_s < self._settings.heartbeat_s / PULSES_PER_INTERVAL:
            return
        self._pulse_at_s = now_s
        if not (await self._line.ask("SY")).ok:
            log.warning("%s: the board missed our heartbeat and has limited its current", self._name)
            await self._arm()

    async def _counts(self) -> str:
        answer = await self._line.ask("GF")
        if not answer.ok:
            return ""
        gfi, ground, relay = values.fault_counts(answer.values)
        return f" (trips so far: GFI {gfi}, no ground {ground}, stuck relay {relay})"

    def _take_announcement(self, said: Announcement) -> None:
        if said.kind == "AB":
            log.warning("%s: the board restarted (%s)", self._name, " ".join(said.values))
            self._is_armed, self._granted_a = False, None
        if said.kind in ("AB", "AT"):
            self.look_soon()

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Put the device's name to a BadReading that was found in its words."""
        try:
            yield
        except BadReading as error:
            if error.device:
                raise
            raise BadReading(str(error), device=self._name) from error


def _nothing() -> None:
    """Nobody looks yet."""


def _check_range(key: str, value: float, *, low: float, high: float) -> None:
    if not low <= value <= high:
        raise WrongSettings(f"{key} must be from {low} to {high}, not {value}", path=(key,))
