"""How EVSEs share the station's supply."""

from collections.abc import Mapping

MINIMUM_CURRENT_A = 6.0
"""IEC 61851-1 annex A: below 6 A an AC charge is paused, not offered less."""


def share(requests_a: Mapping[int, float], *, grid_max_current_a: float | None) -> dict[int, float]:
    """Amperes per phase for each requesting EVSE: equal shares, what one cannot use goes to the others.

    `requests_a` maps EVSE id to the most it may draw. Shares below 6 A are withheld from the highest ids first, so
    the sum never exceeds the grid's limit. An EVSE without a share is missing from the answer.
    """
    if grid_max_current_a is None:
        return {evse: most for evse, most in requests_a.items() if most >= MINIMUM_CURRENT_A}
    waiting = sorted(evse for evse, most in requests_a.items() if most >= MINIMUM_CURRENT_A)
    served = waiting[: int(grid_max_current_a // MINIMUM_CURRENT_A)]
    left_a = grid_max_current_a
    shares: dict[int, float] = {}
    for position, evse in enumerate(sorted(served, key=lambda evse: (requests_a[evse], evse))):
        equal_a = left_a / (len(served) - position)
        shares[evse] = min(requests_a[evse], equal_a)
        left_a -= shares[evse]
    return shares
