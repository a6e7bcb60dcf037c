"""On which phases of the grid an EVSE draws (1.6 section 9.1.7, ConnectorPhaseRotation)."""

from functools import lru_cache

ROTATIONS = frozenset({"RST", "RTS", "SRT", "STR", "TRS", "TSR"})
_PHASE_OF = {"R": 1, "S": 2, "T": 3}
ALL = (1, 2, 3)


@lru_cache(maxsize=64)  # asked for every EVSE at every event
def grid_phases(rotations: str, *, connector: int, phases: int) -> tuple[int, ...]:
    """The grid's phases that `phases` phases of a connector (counted as 1.6 does) lie on.

    Where nothing is known of a connector on fewer than three phases, it may be any: then it counts on all of them.
    """
    if phases >= len(ALL):
        return ALL
    for member in rotations.split(","):
        number, _, rotation = member.strip().partition(".")
        if number == str(connector) and rotation in ROTATIONS:
            return tuple(_PHASE_OF[letter] for letter in rotation[:phases])
    return ALL
