"""What station.yaml says of a CAN board: the bus, the DBC file, and what its signals mean.

A signal is written `Message.Signal`, with its unit behind it where the DBC names none: `BoardMeter.Energy Wh`.
A value is a name of the signal's value table, or a number as the signal carries it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from hal.errors import WrongSettings
from hal.readings import FAULT_NAMES, PilotState

_VALUE = {"as_written": True}


@dataclass(frozen=True, slots=True)
class BusSettings:
    """A CAN bus, as python-can names it."""

    channel: str = field(metadata={"doc": "What the interface calls the bus: can0, a multicast address...", **_VALUE})
    interface: str = field(
        default="socketcan", metadata={"doc": "python-can's name: socketcan, virtual, udp_multicast, slcan..."}
    )
    bitrate: int | None = field(
        default=None, metadata={"doc": "Bits per second; null: set elsewhere, as socketcan's is.", "minimum": 10_000}
    )
    fd: bool = field(default=False, metadata={"doc": "The board uses CAN FD frames."})
    options: dict[str, str] = field(
        default_factory=dict, metadata={"doc": "More of the interface's own arguments in python-can.", **_VALUE}
    )


@dataclass(frozen=True, slots=True)
class PilotSignal:
    """The control pilot."""

    signal: str = field(metadata={"doc": "The board's pilot state, as Message.Signal."})
    states: dict[str, str] = field(
        default_factory=dict,
        metadata={"doc": "Which value stands for A, B, C, D, E, F; empty: their own names.", **_VALUE},
    )


@dataclass(frozen=True, slots=True)
class LimitSignal:
    """The current that is offered to the vehicle."""

    signal: str = field(metadata={"doc": "Our limit per phase, as Message.Signal."})
    nothing: str = field(default="0", metadata={"doc": "The value for: no PWM, nothing is offered.", **_VALUE})


@dataclass(frozen=True, slots=True)
class ContactorSignals:
    """The contactor. A board that closes by itself has no command, and must tell how its contactor stands."""

    command: str | None = field(default=None, metadata={"doc": "Our command; null: the board closes by itself."})
    closed: str = field(default="1", metadata={"doc": "The command's value for: close.", **_VALUE})
    open: str = field(default="0", metadata={"doc": "The command's value for: open.", **_VALUE})
    feedback: str | None = field(default=None, metadata={"doc": "The mirror contact; null: the board tells none."})
    feedback_closed: str = field(default="1", metadata={"doc": "The feedback's value for: closed.", **_VALUE})
    operate_time_s: float = field(
        default=0.1,
        metadata={"doc": "Without feedback: how long after a command it is taken as done.", "minimum": 0, "maximum": 1},
    )


@dataclass(frozen=True, slots=True)
class LockSignals:
    """The lock of a socket."""

    command: str = field(metadata={"doc": "Our command, as Message.Signal."})
    feedback: str = field(metadata={"doc": "The end switch, as Message.Signal."})
    locked: str = field(default="1", metadata={"doc": "The command's value for: hold the cable.", **_VALUE})
    unlocked: str = field(default="0", metadata={"doc": "The command's value for: free the cable.", **_VALUE})
    feedback_locked: str = field(default="1", metadata={"doc": "The feedback's value for: held.", **_VALUE})
    feedback_unlocked: str = field(default="0", metadata={"doc": "The feedback's value for: free.", **_VALUE})
    timeout_s: float = field(
        default=3.0, metadata={"doc": "How long the motor may take.", "minimum": 0.1, "maximum": 30}
    )


@dataclass(frozen=True, slots=True)
class MeterSignals:
    """What the board measures."""

    energy: str = field(metadata={"doc": "Energy towards the vehicle since the board was made."})
    power: str | None = field(default=None, metadata={"doc": "Power towards the vehicle."})
    currents: tuple[str, ...] = field(default=(), metadata={"doc": "Current of L1, L2, L3.", "most": 3})
    voltages: tuple[str, ...] = field(default=(), metadata={"doc": "Voltage of L1, L2, L3.", "most": 3})
    frequency: str | None = field(default=None, metadata={"doc": "Frequency of the mains."})
    temperature: str | None = field(default=None, metadata={"doc": "Temperature of the board."})
    timeout_s: float = field(
        default=2.0, metadata={"doc": "How long a fresh measurement may take to come.", "minimum": 0.1, "maximum": 30}
    )


@dataclass(frozen=True, slots=True)
class SignalSettings:
    """Which signal is what."""

    pilot: PilotSignal = field(metadata={"doc": "The control pilot."})
    limit: LimitSignal = field(metadata={"doc": "The current that is offered."})
    contactor: ContactorSignals = field(metadata={"doc": "The contactor and its mirror contact."})
    faults: dict[str, str] = field(
        default_factory=dict,
        metadata={"doc": "Message.Signal (any value but 0) or Message.Signal=Value to the fault's name."},
    )
    meter: MeterSignals | None = field(default=None, metadata={"doc": "The board's own meter."})
    lock: LockSignals | None = field(default=None, metadata={"doc": "The lock of a socket."})
    constants: dict[str, str] = field(
        default_factory=dict, metadata={"doc": "Signals of our messages that always have one value.", **_VALUE}
    )


@dataclass(frozen=True, slots=True)
class HeartbeatSettings:
    """The signs of life in both directions."""

    ours: str | None = field(default=None, metadata={"doc": "Our counter, as Message.Signal; null: there is none."})
    period_s: float = field(
        default=0.1, metadata={"doc": "How often our messages are sent.", "minimum": 0.01, "maximum": 5}
    )
    theirs: str | None = field(
        default=None, metadata={"doc": "The board's counter, as Message.Signal, or a Message without one."}
    )
    timeout_s: float = field(
        default=0.5, metadata={"doc": "A board that is silent for so long is lost.", "minimum": 0.02, "maximum": 30}
    )
    timeouts_s: dict[str, float] = field(
        default_factory=dict,
        metadata={"doc": "The same for single messages; 0: one that is sent only at changes.", "minimum": 0},
    )


@dataclass(frozen=True, slots=True)
class CanBoardSettings:
    """An EVSE board on a CAN bus that a DBC file describes."""

    dbc: Path = field(metadata={"doc": "The DBC file."})
    bus: BusSettings = field(metadata={"doc": "The bus it is on."})
    signals: SignalSettings = field(metadata={"doc": "Which signal is what."})
    heartbeat: HeartbeatSettings = field(
        default=HeartbeatSettings(), metadata={"doc": "The signs of life in both directions."}
    )

    def __post_init__(self) -> None:
        """Refuse what no board can do; what only the DBC file can tell is checked by the driver."""
        for key, message in _mistakes(self):
            raise WrongSettings(message, path=key)


def _mistakes(settings: CanBoardSettings) -> Iterator[tuple[tuple[str, ...], str]]:
    beat, signals = settings.heartbeat, settings.signals
    yield from _outside(("heartbeat", "period_s"), beat.period_s, low=0.01, high=5)
    yield from _outside(("heartbeat", "timeout_s"), beat.timeout_s, low=0.02, high=30)
    yield from _outside(("signals", "contactor", "operate_time_s"), signals.contactor.operate_time_s, low=0, high=1)
    for message, limit_s in beat.timeouts_s.items():
        if limit_s:
            yield from _outside(("heartbeat", "timeouts_s", message), limit_s, low=0.02, high=30)
    known_states = [state.value for state in PilotState]
    for state in signals.pilot.states:
        if state not in known_states:
            known = ", ".join(known_states)
            yield ("signals", "pilot", "states", state), f"there is no pilot state {state!r} (known: {known})"
    for signal, fault in signals.faults.items():
        if fault not in FAULT_NAMES:
            yield (
                ("signals", "faults", signal),
                f"there is no fault {fault!r}{hint(fault, FAULT_NAMES)} (known: {', '.join(FAULT_NAMES)})",
            )
    contactor = signals.contactor
    if contactor.command is None and contactor.feedback is None:
        yield ("signals", "contactor"), "give a `command`, or the `feedback` of a board that closes by itself"


def _outside(key: tuple[str, ...], value: float, *, low: float, high: float) -> Iterator[tuple[tuple[str, ...], str]]:
    if not low <= value <= high:
        yield key, f"{key[-1]} must be from {low} to {high}, not {value}"


def hint(name: str, known: Iterable[str]) -> str:
    """What may have been meant, as the end of a sentence; empty where nothing is alike."""
    lower = {one.lower(): one for one in known}
    close = get_close_matches(name.lower(), lower, n=1)
    return f"; did you mean {lower[close[0]]!r}?" if close else ""
