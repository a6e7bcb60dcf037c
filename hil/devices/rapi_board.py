"""An OpenEVSE board in software: state machine, relay, ammeter, RAPI, with a vehicle before it and bad moods.

After the public firmware (OpenEVSE/open_evse: rapi_proc.cpp, J1772EvseController.cpp, EnergyMeter.cpp). Written
apart from the driver and sharing nothing with it, so that neither can hide the other's mistakes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

UNKNOWN, A, B, C, D = range(5)
DIODE, GFI, NO_GROUND, STUCK_RELAY, GFI_TEST, HOT, OVER_CURRENT = range(5, 12)
SLEEPING, DISABLED = 0xFE, 0xFF
FAULT_STATES: Final = range(D, 0x12)
RELAY_FLAG, CONNECTED_FLAG = 0x0040, 0x0100
LONGEST_SLEEPY_DRAW_S: Final = 3.0
LOWEST_A: Final = 6
NOISE: Final = bytes((0x00, 0xFF, 0x13, 0x37, 0xA5, 0x5A, 0x80))
MISSED_PULSE: Final = 2
MEASURED: Final = ("GU", "GG", "GP")


class Mood(Enum):
    """How the board behaves on its line."""

    NORMAL = auto()
    SILENT = auto()
    """Hears nothing and says nothing."""
    DEAF_ANSWERS = auto()
    """Does as it is told, but its answers are lost."""
    NOISE = auto()
    """Answers with bytes that mean nothing."""
    WRONG_CHECKSUM = auto()
    HALF = auto()
    """Stops in the middle of the answer."""
    LATE = auto()
    """Answers `late_by_s` after it was asked."""
    FROZEN = auto()
    """Answers what it measures with the values of the moment it froze."""
    REFUSING = auto()
    """Answers `$NK` to everything."""


@dataclass(slots=True)
class PluggedVehicle:
    """`wants`: asks for energy under a PWM. `holds`: asks for it without one too."""

    connected: bool = False
    wants: bool = False
    holds: bool = False
    draws_a: float | None = None
    """What it takes; None: as much as it is offered."""


class EmulatedRapiBoard:
    """hil.devices.board_pty.WiredBoard. Change its attributes at will; `advance` lets the ammeter run ahead."""

    def __init__(self, *, clock: Callable[[], float], checksum: str = "^", supervised: bool = True) -> None:
        self.vehicle = PluggedVehicle()
        self.mood = Mood.NORMAL
        self.late_by_s = 0.0
        self.supervised = supervised
        self.has_ammeter = True
        self.highest_a = 32
        self.eeprom_a = 32
        self.welded = False
        self.temperatures = [256, -2560, -2560]
        self.voltage_mv = 230_000
        self.total_wh = 1_000
        self.commands: list[str] = []
        self._clock = clock
        self._checksum = checksum
        self._heard = b""
        self._outbox: list[tuple[float, bytes]] = []
        self._frozen: dict[str, str] = {}
        self.trips = [0, 0, 0]
        self._told: tuple[int, ...] = ()
        self._boot()

    def _boot(self) -> None:
        self.state = UNKNOWN
        self.pilot_state = UNKNOWN
        self.relay_on = False
        self.capacity_a = self.eeprom_a
        self.has_pwm = False
        self._slept_at_s = self._clock()
        self.interval_s, self.fallback_a, self.trigger = 0, 0, 0
        self._pulsed_at_s = self._counted_at_s = self._clock()
        self.session_ws = 0.0
        self._in_session = False
        self._settle()

    @property
    def is_energised(self) -> bool:
        """The mains reach the vehicle's inlet."""
        return self.relay_on or self.welded

    @property
    def offers_a(self) -> int | None:
        """What the PWM offers; None where there is none."""
        return self.capacity_a if self.has_pwm else None

    @property
    def draw_a(self) -> float:
        """What flows."""
        if not self.is_energised or self.pilot_state != C:
            return 0.0
        return float(self.capacity_a) if self.vehicle.draws_a is None else self.vehicle.draws_a

    def reboot(self) -> None:
        """Lose power for a moment."""
        self._end_session()
        self._boot()
        self._say(f"AB {self.state if self.state in FAULT_STATES else 0:02x} 8.2.3")

    def set_fault(self, state: int | None) -> None:
        """Enter one of the firmware's fault states; None: it is over."""
        self.state = UNKNOWN if state is None else state
        if state in (GFI, NO_GROUND, STUCK_RELAY):
            self.trips[(GFI, NO_GROUND, STUCK_RELAY).index(state)] += 1
        self.welded = state == STUCK_RELAY
        self._settle()

    def advance(self, seconds: float) -> None:
        """Let the present current flow for so long at once."""
        self._count()
        self.session_ws += self.draw_a * self.voltage_mv / 1000 * seconds

    def feed(self, heard: bytes) -> None:
        """Take bytes of the line."""
        if self.mood is Mood.SILENT:
            self._heard = b""
            return
        *lines, self._heard = (self._heard + heard).split(b"\r")
        for line in lines:
            self._take(line[line.rfind(b"$") :])

    def tick(self) -> bytes:
        """Let time pass; what it says now."""
        self._count()
        if self.interval_s and self._clock() - self._pulsed_at_s > self.interval_s:
            self.trigger, self._pulsed_at_s = MISSED_PULSE, self._clock()
            self.capacity_a = min(self.capacity_a, max(LOWEST_A, self.fallback_a))
        self._settle()
        self._announce()
        now_s = self._clock()
        due = b"".join(line for due_s, line in self._outbox if due_s <= now_s)
        self._outbox = [(due_s, line) for due_s, line in self._outbox if due_s > now_s]
        return due

    def _settle(self) -> None:
        """The state machine, run until it rests."""
        for _ in range(4):
            before = (self.state, self.pilot_state, self.relay_on, self.has_pwm)
            self._step()
            if before == (self.state, self.pilot_state, self.relay_on, self.has_pwm):
                return

    def _step(self) -> None:
        self._notice_vehicle()
        if self.state == DISABLED:
            self.relay_on = self.has_pwm = False
            return
        self.pilot_state = self._pilot()
        if self.state == SLEEPING:
            self.has_pwm = False
            still_drawing = self.pilot_state == C and self._clock() - self._slept_at_s < LONGEST_SLEEPY_DRAW_S
            self.relay_on = self.relay_on and still_drawing
        elif self.state in FAULT_STATES:
            self.relay_on = self.has_pwm = False
        else:
            self.has_pwm = self.pilot_state != A
            self.state = self.pilot_state
            self.relay_on = self.state == C

    def _pilot(self) -> int:
        if not self.vehicle.connected:
            return A
        return C if self.vehicle.holds or (self.vehicle.wants and self.has_pwm) else B

    def _notice_vehicle(self) -> None:
        if self.state == DISABLED:
            return
        if self.vehicle.connected and not self._in_session:
            self._in_session, self.session_ws = True, 0.0
        elif not self.vehicle.connected:
            self._end_session()

    def _end_session(self) -> None:
        if self._in_session:
            self._in_session = False
            self.total_wh += int(self.session_ws) // 3600

    def _count(self) -> None:
        now_s = self._clock()
        self.session_ws += self.draw_a * self.voltage_mv / 1000 * (now_s - self._counted_at_s)
        self._counted_at_s = now_s

    @property
    def _flags(self) -> int:
        return (RELAY_FLAG if self.relay_on else 0) | (CONNECTED_FLAG if self._in_session else 0)

    def _announce(self) -> None:
        now = (self.state, self.pilot_state, self.capacity_a, self._flags & CONNECTED_FLAG)
        if now != self._told:
            self._told = now
            self._say(f"AT {self.state:02x} {self.pilot_state:02x} {self.capacity_a} {self._flags:04x}")

    def _take(self, line: bytes) -> None:
        text = line.decode("ascii", errors="replace")
        body = text.split("^")[0].split("*")[0]
        sum_of = _additive if "*" in text else _xor
        mark = "*" if "*" in text else "^"
        if text != f"{body}{mark}{sum_of(body):02X}":
            self._say("NK")
            return
        words = body[1:].split()
        sequence = words.pop() if len(words) > 1 and words[-1].startswith(":") else ""
        self.commands.append(" ".join(words))
        if self.mood is Mood.REFUSING:
            self._say(f"NK {sequence}".rstrip())
            return
        handler = getattr(self, f"_do_{words[0].lower()}", None)
        answer = None if handler is None else handler(*words[1:])
        if self.mood is not Mood.FROZEN:
            self._frozen.clear()
        elif words[0] in MEASURED and answer is not None:
            answer = self._frozen.setdefault(words[0], answer)
        self._settle()
        self._say(f"{'NK' if answer is None else answer} {sequence}".rstrip())

    def _say(self, body: str) -> None:
        text = f"${body}"
        sound = (_xor if self._checksum == "^" else _additive)(text)
        line = f"{text}{self._checksum}{sound:02X}\r".encode()
        match self.mood:
            case Mood.SILENT | Mood.DEAF_ANSWERS:
                return
            case Mood.NOISE:
                line = NOISE
            case Mood.WRONG_CHECKSUM:
                line = f"{text}{self._checksum}{sound ^ 0x55:02X}\r".encode()
            case Mood.HALF:
                line = line[: len(line) // 2]
            case _:
                pass
        self._outbox.append((self._clock() + (self.late_by_s if self.mood is Mood.LATE else 0.0), line))

    def _do_fe(self) -> str:
        if self.state in (SLEEPING, DISABLED):
            self.state = UNKNOWN
        return "OK"

    def _do_fs(self) -> str:
        if self.state != SLEEPING:
            self.state, self._slept_at_s = SLEEPING, self._clock()
        return "OK"

    def _do_fd(self) -> str:
        self._count()
        self.state, self.relay_on = DISABLED, False
        return "OK"

    def _do_sc(self, amperes: str, *_volatile: str) -> str:
        self._count()
        wanted = int(amperes)
        self.capacity_a = min(max(wanted, LOWEST_A), self.highest_a)
        if not _volatile:
            self.eeprom_a = self.capacity_a
        return f"{'OK' if self.capacity_a == wanted else 'NK'} {self.capacity_a}"

    def _do_sy(self, *numbers: str) -> str | None:
        if not self.supervised:
            return None
        self._pulsed_at_s = self._clock()
        if len(numbers) == 2:
            self.interval_s, self.fallback_a, self.trigger = int(numbers[0]), int(numbers[1]), 0
        ok = "NK" if not numbers and self.trigger == MISSED_PULSE else "OK"
        return f"{ok} {self.interval_s} {self.fallback_a} {self.trigger}"

    def _do_gs(self) -> str:
        return f"OK {self.state:02x} 0 {self.pilot_state:02x} {self._flags:04x}"

    def _do_ge(self) -> str:
        return f"OK {self.capacity_a} 0000"

    def _do_gf(self) -> str:
        return "OK " + " ".join(f"{count:x}" for count in self.trips)

    def _do_gg(self) -> str:
        milliamperes = round(self.draw_a * 1000) if self.has_ammeter else -1
        return f"OK {milliamperes} {self.voltage_mv}"

    def _do_gp(self) -> str:
        return "OK " + " ".join(map(str, self.temperatures))

    def _do_gu(self) -> str:
        self._count()
        return f"OK {int(self.session_ws)} {self.total_wh}"


def _xor(text: str) -> int:
    total = 0
    for character in text.encode():
        total ^= character
    return total


def _additive(text: str) -> int:
    return sum(text.encode()) & 0xFF
