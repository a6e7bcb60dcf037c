"""What a port tells its owner, in the order it happened."""

from dataclasses import dataclass

from hal.readings import MeterReading, PilotState


@dataclass(frozen=True, slots=True)
class PilotMoved:
    """The pilot is in another state now."""

    state: PilotState


@dataclass(frozen=True, slots=True)
class ContactorMoved:
    """The mirror contact moved: energy can flow, or cannot."""

    closed: bool


@dataclass(frozen=True, slots=True)
class MeterRead:
    """A fresh reading."""

    reading: MeterReading


@dataclass(frozen=True, slots=True)
class FaultMoved:
    """One of hal.readings.FAULT_NAMES began or ended at this EVSE."""

    fault: str
    active: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LimitMoved:
    """The current limits of the EVSE's own devices allow `limit_a` per phase now; None: they limit nothing."""

    limit_a: float | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class StopPressed:
    """The driver pressed a stop button."""


@dataclass(frozen=True, slots=True)
class LeaseLapsed:
    """Nobody renewed the permission in time: it is over, and energy flows again only after a new one."""


PortEvent = PilotMoved | ContactorMoved | MeterRead | FaultMoved | LimitMoved | StopPressed | LeaseLapsed
