"""The power path of an EVSE as a table: which state follows which, and what the contactor is told."""

from enum import StrEnum


class PathState(StrEnum):
    """Where the contactor stands, by what it was told and what its mirror contact says."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"
    OPENING = "opening"
    WELDED = "welded"


class PathTrigger(StrEnum):
    """What can move the path. ALLOWED and FORBIDDEN sum up permission, lease, pilot, PWM and faults."""

    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    MIRROR_CLOSED = "mirror closed"
    MIRROR_OPENED = "mirror opened"
    CUT = "cut by the guard"
    OVERDUE_CLOSED = "time is up, mirror closed"
    OVERDUE_OPEN = "time is up, mirror open"
    OVERDUE_UNKNOWN = "time is up, mirror unknown"


_S, _T = PathState, PathTrigger

TRANSITIONS: dict[tuple[PathState, PathTrigger], PathState] = {
    (_S.OPEN, _T.ALLOWED): _S.CLOSING,
    (_S.OPEN, _T.MIRROR_CLOSED): _S.OPENING,  # nobody told it to: tell it again, then call it welded
    (_S.CLOSING, _T.FORBIDDEN): _S.OPENING,
    (_S.CLOSING, _T.CUT): _S.OPENING,
    (_S.CLOSING, _T.MIRROR_CLOSED): _S.CLOSED,
    (_S.CLOSING, _T.OVERDUE_CLOSED): _S.CLOSED,
    (_S.CLOSING, _T.OVERDUE_OPEN): _S.OPENING,
    (_S.CLOSING, _T.OVERDUE_UNKNOWN): _S.OPENING,
    (_S.CLOSED, _T.FORBIDDEN): _S.OPENING,
    (_S.CLOSED, _T.CUT): _S.OPENING,
    (_S.CLOSED, _T.MIRROR_OPENED): _S.CLOSING,  # it dropped out: it may come back within the time of a closing
    (_S.OPENING, _T.MIRROR_OPENED): _S.OPEN,
    (_S.OPENING, _T.OVERDUE_OPEN): _S.OPEN,  # it never got as far as closing
    (_S.OPENING, _T.OVERDUE_CLOSED): _S.WELDED,
    (_S.WELDED, _T.MIRROR_OPENED): _S.OPEN,
}
"""A trigger without a row changes nothing."""

START = PathState.OPENING
"""Until the mirror contact says that it is open, nothing may close."""

COMMANDED_CLOSED = frozenset({PathState.CLOSING, PathState.CLOSED})
"""States in which the contactor is told to be closed; in all others it is told to be open."""

TIMED = frozenset({PathState.CLOSING, PathState.OPENING})
"""States that must be left within `contactor_confirm_s`."""

CONTACTOR_FAILED = frozenset(
    {(PathState.CLOSING, PathTrigger.OVERDUE_OPEN), (PathState.CLOSING, PathTrigger.OVERDUE_UNKNOWN)}
)
"""Moves that mean: it was told to close and did not."""


def next_state(state: PathState, trigger: PathTrigger) -> PathState:
    """The state after `trigger`."""
    return TRANSITIONS.get((state, trigger), state)
