"""The limits a port keeps."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PortSettings:
    """Times are seconds of the clock unless real time is said; currents are per phase."""

    max_current_a: float = field(metadata={"doc": "what the wiring of this EVSE carries"})
    lease_s: float = field(
        default=2.0, metadata={"doc": "real time after the last renewal by which the contactor is open"}
    )
    meter_interval_s: float = field(default=1.0, metadata={"doc": "time between two readings"})
    meter_stale_s: float = field(default=10.0, metadata={"doc": "no good reading for so long is a fault"})
    meter_timeout_s: float = field(default=3.0, metadata={"doc": "limit of one reading, in real time"})
    contactor_confirm_s: float = field(default=1.0, metadata={"doc": "time the mirror contact has to follow"})
    open_under_load_after_s: float = field(default=6.0, metadata={"doc": "time an EV has to leave C in a pause"})
    overcurrent_percent: float = field(default=10.0, metadata={"doc": "measured current may exceed the limit by this"})
    overcurrent_s: float = field(default=5.0, metadata={"doc": "and by more than that for so long"})
    lock_timeout_s: float = field(default=5.0, metadata={"doc": "limit of one move of the lock, in real time"})
    phase_switch_timeout_s: float = field(
        default=10.0, metadata={"doc": "limit of one move of the phase switch, in real time"}
    )
