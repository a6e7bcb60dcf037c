"""Charging profiles, in the words that both versions share (1.6 sections 3.13 and 7.8; 2.0.1 part 2, K and 2.10)."""

from datetime import datetime
from enum import StrEnum

from agent.frozen import dataclass

STATION = 0
"""The EVSE id of what is set for the station as a whole (1.6: connector 0)."""


class Purpose(StrEnum):
    """ChargingProfilePurposeEnumType; 1.6 calls STATION_MAX ChargePointMaxProfile."""

    EXTERNAL_LIMITS = "ChargingStationExternalConstraints"
    STATION_MAX = "ChargingStationMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


class Kind(StrEnum):
    """ChargingProfileKindEnumType."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class Recurrence(StrEnum):
    """RecurrencyKindEnumType."""

    DAILY = "Daily"
    WEEKLY = "Weekly"


class RateUnit(StrEnum):
    """ChargingRateUnitEnumType: amperes per phase, or watts over all phases (1.6 errata 3.69)."""

    AMPERES = "A"
    WATTS = "W"


@dataclass(frozen=True, slots=True)
class Period:
    """From `start_s` after the schedule's start until the next period: at most `limit`, in the schedule's unit.

    `phases` is how many may be used; None means three (1.6 section 7.14).
    """

    start_s: int
    limit: float
    phases: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Periods in ascending order, the first at 0. Without `start` it counts from when charging began.

    After `duration_s` it says nothing any more; without one the last period goes on. `min_rate` is the least, in
    `unit`, at which charging the EV makes sense.
    """

    unit: RateUnit
    periods: tuple[Period, ...]
    start: datetime | None = None
    duration_s: int | None = None
    min_rate: float | None = None


@dataclass(frozen=True, slots=True)
class ChargingProfile:
    """One profile as the CSMS made it. `transaction_id` is our own id of the transaction that a TX profile is for."""

    id: int
    purpose: Purpose
    stack_level: int
    kind: Kind
    schedule: Schedule
    recurrence: Recurrence | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: str | None = None


@dataclass(frozen=True, slots=True)
class InstalledProfile:
    """A profile where it applies: to one EVSE, or to the STATION. `at` is when it was installed."""

    evse_id: int
    profile: ChargingProfile
    at: datetime
