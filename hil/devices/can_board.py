"""An EVSE pilot board on CAN in software, after config/can-board.dbc: pilot, contactor, lock, faults, meter, a vehicle.

Written apart from the driver and sharing nothing with it, the frames packed here by hand, so that neither can hide the
other's mistakes. `python -m hil.devices.can_board --help` puts one on a bus.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

COMMAND, AGENT_BEAT = 0x210, 0x21F
STATUS, FAULTS, ENERGY, CURRENTS, VOLTAGES, BOARD_BEAT = 0x220, 0x221, 0x222, 0x223, 0x224, 0x22F
PERIODS_S: Final = {STATUS: 0.05, FAULTS: 0.1, ENERGY: 0.1, CURRENTS: 0.1, VOLTAGES: 0.1, BOARD_BEAT: 0.1}
AT_CHANGES: Final = (STATUS, FAULTS)
A, B, C, D, E, F, UNKNOWN = 0, 1, 2, 3, 4, 5, 7
FREE, HELD, MOVING = 0, 1, 2
AGENT_TIMEOUT_S: Final = 0.5
LOCK_TIME_S: Final = 0.05
FAULT_BITS: Final[dict[str, int]] = {
    "ResidualCurrent": 0,
    "OverCurrent": 1,
    "OverTemperature": 2,
    "EmergencyStop": 3,
    "ContactorWelded": 4,
    "MeterFailed": 5,
    "LockFailed": 6,
}
SHORT_CIRCUIT, NO_DIODE = 1, 2
BUS_OFF: Final = 0x40  # linux/can/error.h: CAN_ERR_BUSOFF, in the identifier of an error frame
NOISE: Final = ((0x7FF, b"\xff" * 8), (0x123, b""), (0x21E, b"\x00"), (0x000, b"\xa5\x5a"))
FIRMWARE: Final = 3


class Mood(Enum):
    """How the board behaves on its bus."""

    NORMAL = auto()
    SILENT = auto()
    """Hears nothing and says nothing."""
    MUTE = auto()
    """Does as it is told, but says nothing."""
    FROZEN_COUNTER = auto()
    """Says everything, but its counter stands still."""
    FROZEN = auto()
    """Says for ever what it said last."""
    WRONG_LENGTH = auto()
    """Every frame is a byte short."""
    LATE = auto()
    """Says everything `late_by_s` too late."""
    NOISE = auto()
    """Others on the bus send what is no business of anybody."""
    BUS_OFF = auto()
    """The controller gives up: one error frame, then nothing."""


@dataclass(frozen=True, slots=True)
class CanFrame:
    """One frame, in either direction."""

    identifier: int
    data: bytes
    is_extended: bool = False
    is_error: bool = False


@dataclass(slots=True)
class Vehicle:
    """`wants`: asks for energy under a PWM. `holds`: asks for it without one too. `draws_a`: None for all it may."""

    connected: bool = False
    wants: bool = False
    holds: bool = False
    needs_ventilation: bool = False
    draws_a: float | None = None


class EmulatedCanBoard:
    """Change its attributes at will; `feed` it frames, `tick` it often; `advance` lets the meter run ahead."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self.vehicle = Vehicle()
        self.late_by_s = 0.0
        self.highest_a = 32.0
        self.welded = False
        self.faults: set[str] = set()
        self.pilot_fault = 0
        self.measures_pilot = True
        self.lock_is_stuck = False
        self.energy_wh = 1000.0
        self.voltage_v = 230.0
        self.temperature_c: float | None = 31.5
        self.heard: list[CanFrame] = []
        self.mood = Mood.NORMAL
        self._clock = clock
        self._outbox: list[tuple[float, CanFrame]] = []
        self._said: dict[int, bytes] = {}
        self._agent_count: int | None = None
        self.reboot()

    def reboot(self) -> None:
        """Lose power for a moment: what was commanded is forgotten, what the meter counted is not."""
        now_s = self._clock()
        self.limit_a = 0.0
        self.commanded = self.self_closing = self.contactor_on = False
        self.pilot = A
        self.lock_state, self._lock_wanted, self._lock_moves_until_s = FREE, False, now_s
        self.agent_lost = True
        self._agent_seen_at_s = self._counted_at_s = now_s
        self._count = 0
        self._due_s = dict.fromkeys(PERIODS_S, now_s)
        self._bus_off_told = False

    @property
    def is_energised(self) -> bool:
        """The mains reach the vehicle's inlet."""
        return self.contactor_on or self.welded

    @property
    def is_faulty(self) -> bool:
        """Something is wrong that keeps the contactor open."""
        return bool(self.faults) or self.pilot_fault != 0

    @property
    def offers_a(self) -> float | None:
        """What the PWM offers; None for a steady pilot."""
        if self.agent_lost or self.is_faulty or self.limit_a < 6:
            return None
        return min(self.limit_a, self.highest_a)

    @property
    def draw_a(self) -> float:
        """What flows per phase."""
        if not self.is_energised or self.pilot not in (C, D):
            return 0.0
        return (self.offers_a or 0.0) if self.vehicle.draws_a is None else self.vehicle.draws_a

    @property
    def power_w(self) -> float:
        """What flows in three phases."""
        return 3 * self.draw_a * self.voltage_v

    def advance(self, seconds: float) -> None:
        """Let the present current flow for so long at once."""
        self._measure()
        self.energy_wh += self.power_w * seconds / 3600

    def feed(self, frame: CanFrame) -> None:
        """Take a frame off the bus."""
        if self.mood in (Mood.SILENT, Mood.BUS_OFF) or frame.is_error or frame.is_extended:
            return
        self.heard.append(frame)
        del self.heard[:-1000]
        if frame.identifier == AGENT_BEAT and len(frame.data) == 1:
            if self._agent_count is not None and frame.data[0] != self._agent_count:
                self._agent_seen_at_s, self.agent_lost = self._clock(), False
            self._agent_count = frame.data[0]
        elif frame.identifier == COMMAND and len(frame.data) == 3:
            self._measure()
            limit, switches, mode = frame.data
            self.limit_a = limit * 0.5
            self.commanded = bool(switches & 1)
            self._move_lock(held=bool(switches & 2))
            self.self_closing = bool(mode & 1)
        self.settle()

    def tick(self) -> list[CanFrame]:
        """Let time pass; what it says now."""
        now_s = self._clock()
        self._measure()
        if now_s - self._agent_seen_at_s > AGENT_TIMEOUT_S:
            self.agent_lost = True
        if now_s >= self._lock_moves_until_s and not self.lock_is_stuck:
            self.lock_state = HELD if self._lock_wanted else FREE
        self.settle()
        for identifier in PERIODS_S:
            self._say(identifier, now_s)
        due = [frame for due_s, frame in self._outbox if due_s <= now_s]
        self._outbox = [(due_s, frame) for due_s, frame in self._outbox if due_s > now_s]
        return due + self._extra()

    def settle(self) -> None:
        """Let pilot, PWM and contactor follow what was changed; `feed` and `tick` do so by themselves."""
        for _ in range(3):  # the pilot follows the PWM, the contactor the pilot
            self.pilot = self._pilot()
            wanted = self.self_closing or self.commanded
            may_close = self.pilot in (C, D) and self.offers_a is not None
            self.contactor_on = wanted and may_close

    def _pilot(self) -> int:
        if not self.measures_pilot:
            return UNKNOWN
        if self.pilot_fault:
            return E if self.pilot_fault == SHORT_CIRCUIT else F
        if not self.vehicle.connected:
            return A
        asks = self.vehicle.holds or (self.vehicle.wants and self.offers_a is not None)
        return (D if self.vehicle.needs_ventilation else C) if asks else B

    def _measure(self) -> None:
        now_s = self._clock()
        self.energy_wh += self.power_w * (now_s - self._counted_at_s) / 3600
        self._counted_at_s = now_s

    def _move_lock(self, *, held: bool) -> None:
        if held is not self._lock_wanted:
            self._lock_wanted = held
            self.lock_state, self._lock_moves_until_s = MOVING, self._clock() + LOCK_TIME_S

    def _say(self, identifier: int, now_s: float) -> None:
        is_frozen = self.mood is Mood.FROZEN and identifier in self._said
        data = self._said[identifier] if is_frozen else self._payload(identifier)
        is_due = now_s >= self._due_s[identifier]
        if not is_due and (identifier not in AT_CHANGES or data == self._said.get(identifier)):
            return
        if is_due:
            self._due_s[identifier] = now_s + PERIODS_S[identifier]
        if identifier == BOARD_BEAT and self.mood not in (Mood.FROZEN_COUNTER, Mood.FROZEN):
            self._count = (self._count + 1) % 256
            data = self._payload(identifier)
        self._said[identifier] = data
        if self.mood in (Mood.SILENT, Mood.MUTE, Mood.BUS_OFF):
            return
        if self.mood is Mood.WRONG_LENGTH:
            data = data[:-1]
        delay_s = self.late_by_s if self.mood is Mood.LATE else 0.0
        self._outbox.append((now_s + delay_s, CanFrame(identifier, data)))

    def _extra(self) -> list[CanFrame]:
        if self.mood is Mood.NOISE:
            others = [CanFrame(identifier, data) for identifier, data in NOISE]
            return [*others, CanFrame(STATUS, b"\x05\xff\xff\xff", is_extended=True)]
        if self.mood is Mood.BUS_OFF and not self._bus_off_told:
            self._bus_off_told = True
            return [CanFrame(BUS_OFF, bytes(8), is_error=True)]
        if self.mood is not Mood.BUS_OFF:
            self._bus_off_told = False
        return []

    def _payload(self, identifier: int) -> bytes:
        match identifier:
            case 0x220:
                switches = int(self.is_energised) | self.lock_state << 1
                return bytes((self.pilot, switches, int((self.offers_a or 0) * 2), int(self.agent_lost)))
            case 0x221:
                return bytes((sum(1 << FAULT_BITS[name] for name in self.faults), self.pilot_fault))
            case 0x222:
                return struct.pack("<Ii", int(self.energy_wh), round(self.power_w * 10))
            case 0x223:
                temperature = -0x8000 if self.temperature_c is None else round(self.temperature_c * 10)
                return struct.pack("<HHHh", *(3 * [round(self.draw_a * 100)]), temperature)
            case 0x224:
                return struct.pack("<HHHH", *(3 * [round(self.voltage_v * 10)]), 5000)
            case _:
                return bytes((self._count, FIRMWARE))


if __name__ == "__main__":
    from hil.devices.can_board_command import main

    main()
