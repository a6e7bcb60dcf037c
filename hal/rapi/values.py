"""What the words of RAPI answers mean.

Source: rapi_proc.h, rapi_proc.cpp, J1772EvseController.h and EnergyMeter.cpp in the public repository
OpenEVSE/open_evse (EVSE_STATE_*, ECVF_*, and the description of each command).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from hal.errors import BadReading
from hal.readings import PilotState
from hal.self_closing import BoardState


class EvseState(IntEnum):
    """EVSE_STATE_* of the firmware."""

    UNKNOWN = 0x00
    A = 0x01
    B = 0x02
    C = 0x03
    D = 0x04
    DIODE_CHECK_FAILED = 0x05
    GFCI_FAULT = 0x06
    NO_GROUND = 0x07
    STUCK_RELAY = 0x08
    GFI_TEST_FAILED = 0x09
    OVER_TEMPERATURE = 0x0A
    OVER_CURRENT = 0x0B
    PILOT_ERROR = 0x0C
    TEMPERATURE_SENSOR = 0x0D
    RELAY_CLOSURE = 0x0E
    PP_SHORTED = 0x0F
    PP_MISSING = 0x10
    EEPROM = 0x11
    SLEEPING = 0xFE
    DISABLED = 0xFF


RELAY_CLOSED: Final = 0x0040  # ECVF_CHARGING_ON
EV_CONNECTED: Final = 0x0100  # ECVF_EV_CONNECTED, to be believed unless the pilot is at -12 V

PILOTS: Final = {
    EvseState.A: PilotState.A,
    EvseState.B: PilotState.B,
    EvseState.C: PilotState.C,
    EvseState.D: PilotState.D,
    EvseState.DIODE_CHECK_FAILED: PilotState.F,
}

FAULTS: Final = {
    # Without a fan the board refuses such an EV, and the port must not wait for the relay.
    EvseState.D: ("OtherError", "the vehicle asks for ventilation"),
    EvseState.DIODE_CHECK_FAILED: ("DiodeFault", "diode check failed"),
    EvseState.GFCI_FAULT: ("GroundFailure", "GFI tripped"),
    EvseState.NO_GROUND: ("GroundFailure", "no ground"),
    EvseState.STUCK_RELAY: ("WeldedContactor", "stuck relay"),
    EvseState.GFI_TEST_FAILED: ("GroundFailure", "GFI self-test failed"),
    EvseState.OVER_TEMPERATURE: ("HighTemperature", "over-temperature"),
    EvseState.OVER_CURRENT: ("OverCurrentFailure", "over-current"),
    EvseState.PILOT_ERROR: ("PilotFault", "pilot self-test failed"),
    EvseState.TEMPERATURE_SENSOR: ("OtherError", "temperature sensor failed"),
    EvseState.RELAY_CLOSURE: ("ContactorFailure", "relay did not close"),
    EvseState.PP_SHORTED: ("OtherError", "proximity pilot shorted"),
    EvseState.PP_MISSING: ("OtherError", "proximity resistor missing"),
    EvseState.EEPROM: ("OtherError", "EEPROM failed"),
}

NO_SENSOR: Final = -2560  # $GP, in tenths of a degree
NO_AMMETER_MA: Final = -1  # $GG


@dataclass(frozen=True, slots=True)
class Status:
    """$GS."""

    state: EvseState
    pilot: EvseState
    flags: int

    @property
    def is_closed(self) -> bool:
        """The relay carries energy, by the board's word; a stuck relay is one whose load side has mains."""
        return bool(self.flags & RELAY_CLOSED) or self.state is EvseState.STUCK_RELAY

    @property
    def ev_connected(self) -> bool:
        """A vehicle is there."""
        return bool(self.flags & EV_CONNECTED)

    def board_state(self, *, fault_detail: str = "") -> BoardState:
        """As every self-closing board tells it."""
        fault = FAULTS.get(self.state)
        faults = {} if fault is None else {fault[0]: f"{fault[1]}{fault_detail}"}
        return BoardState(pilot=self._pilot_state(), closed=self.is_closed, faults=faults)

    def _pilot_state(self) -> PilotState | None:
        if self.state in PILOTS:
            return PILOTS[self.state]
        if self.state is EvseState.SLEEPING:
            return PILOTS.get(self.pilot)
        if self.state in (EvseState.DISABLED, EvseState.UNKNOWN):
            return None  # the pilot is at -12 V, or was switched on a moment ago
        return PILOTS.get(self.pilot, PilotState.E)


@dataclass(frozen=True, slots=True)
class Usage:
    """$GU: watt-seconds of the session that runs or ran last, and what all sessions before amount to."""

    session_ws: int
    total_wh: int


def status(values: tuple[str, ...]) -> Status:
    """$GS: state and pilot (hexadecimal), elapsed seconds between them, flags. BadReading for anything else."""
    if len(values) < 4:
        raise BadReading(f"$GS with {len(values)} values; firmware 5 or later tells four")
    state, pilot, flags = (_number(values[at], base=16, of="$GS") for at in (0, 2, 3))
    return Status(state=_state(state), pilot=_state(pilot), flags=flags)


def capacity_a(values: tuple[str, ...]) -> int:
    """$GE: the current capacity in amperes."""
    return _number(_at(values, 0, "$GE"), base=10, of="$GE")


def fault_counts(values: tuple[str, ...]) -> tuple[int, int, int]:
    """$GF: how often the GFI tripped, ground was missing, the relay stuck."""
    gfi, ground, relay = (_number(_at(values, at, "$GF"), base=16, of="$GF") for at in range(3))
    return gfi, ground, relay


def usage(values: tuple[str, ...]) -> Usage:
    """$GU."""
    session_ws, total_wh = (_number(_at(values, at, "$GU"), base=10, of="$GU") for at in range(2))
    if session_ws < 0 or total_wh < 0:
        raise BadReading(f"$GU says {session_ws} Ws and {total_wh} Wh")
    return Usage(session_ws=session_ws, total_wh=total_wh)


def current_and_voltage(values: tuple[str, ...]) -> tuple[float | None, float]:
    """$GG in amperes (None: no ammeter) and volts."""
    milliamperes, millivolts = (_number(_at(values, at, "$GG"), base=10, of="$GG") for at in range(2))
    return (None if milliamperes == NO_AMMETER_MA else milliamperes / 1000), millivolts / 1000


def temperature_c(values: tuple[str, ...]) -> float | None:
    """$GP: the hottest of the sensors that are there."""
    tenths = [_number(value, base=10, of="$GP") for value in values]
    there = [value for value in tenths if value > NO_SENSOR]
    return max(there) / 10 if there else None


def _state(number: int) -> EvseState:
    try:
        return EvseState(number)
    except ValueError as error:
        raise BadReading(f"$GS with the unknown state {number:#04x}") from error


def _at(values: tuple[str, ...], at: int, of: str) -> str:
    if at >= len(values):
        raise BadReading(f"{of} with {len(values)} values")
    return values[at]


def _number(text: str, *, base: int, of: str) -> int:
    try:
        return int(text, base)
    except ValueError as error:
        raise BadReading(f"{of} with {text[:16]!r}, which is no number") from error
