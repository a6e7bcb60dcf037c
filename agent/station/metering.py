"""Which measurands are reported, and when a sample is due."""

from collections.abc import Sequence
from datetime import datetime

from agent.clock import Moment
from agent.station.samples import Context, Measurand, MeterSample, MeterValue, Quantity

STALE_AFTER_S = 10.0
"""A reading older than this says nothing of now (the port reports a fault by then)."""

NOMINAL_V = 230.0


def select(
    sample: MeterSample | None, members: Sequence[str], *, context: Context, offered_a: float, phases: int
) -> tuple[MeterValue, ...]:
    """The configured measurands of a sample as one MeterValue; empty where there is nothing to tell."""
    if sample is None or not members:
        return ()
    wanted = frozenset(members)
    measured = [quantity for quantity in sample.quantities if quantity.measurand in wanted]
    # Offered values are the station's own, not the meter's.
    if Measurand.CURRENT_OFFERED in wanted:
        measured.append(Quantity(Measurand.CURRENT_OFFERED, offered_a, "A"))
    if Measurand.POWER_OFFERED in wanted:
        measured.append(Quantity(Measurand.POWER_OFFERED, offered_a * phases * NOMINAL_V, "W"))
    return (MeterValue(at=sample.at, context=context, quantities=tuple(measured)),) if measured else ()


def is_fresh(sample: MeterSample | None, *, now: Moment) -> bool:
    """Young enough to stand for the present."""
    return sample is not None and now.mono_s - sample.at.mono_s <= STALE_AFTER_S


def periodic_due(last_due_s: float, interval_s: int, now_s: float) -> float | None:
    """The newest multiple of the interval that has come since `last_due_s`; None while none has.

    Missed intervals (a silent meter) are skipped, not made up for.
    """
    if interval_s <= 0 or now_s < last_due_s + interval_s:
        return None
    return last_due_s + interval_s * int((now_s - last_due_s) // interval_s)


def aligned_slot(at: datetime, interval_s: int) -> int | None:
    """The number of the clock-aligned interval that contains `at`, counted from midnight UTC of its day.

    1.6 ClockAlignedDataInterval and 2.0.1 AlignedDataCtrlr.Interval start at 00:00:00. None where switched off.
    """
    if interval_s <= 0:
        return None
    seconds = at.hour * 3600 + at.minute * 60 + at.second
    return at.toordinal() * (86_400 // interval_s + 1) + seconds // interval_s
