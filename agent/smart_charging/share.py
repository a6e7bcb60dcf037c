"""How EVSEs share the station's supply, phase by phase. Who gets how much; when is agent.station.supply's business."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from math import inf

from agent.frozen import dataclass

MINIMUM_CURRENT_A = 6.0
"""IEC 61851-1 annex A: below 6 A an AC charge is paused, not offered less."""

PHASES = (1, 2, 3)
ROUNDING_A = 1e-9


class Policy(StrEnum):
    """Who is served first where there is not enough for all."""

    EQUAL = "equal"
    FIRST_COME = "first-come"
    PRIORITY = "priority"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one EVSE could use: at most `most_a` on each of the grid's `phases`. Who came first has the least `since`.

    `priority`: the highest is served first, where the policy asks for it.
    """

    evse_id: int
    most_a: float
    phases: tuple[int, ...] = PHASES
    since: float = 0.0
    priority: int = 0


def share(claims: Iterable[Claim], *, capacity_a: float | None, policy: Policy = Policy.EQUAL) -> dict[int, float]:
    """Amperes per phase for each EVSE that is served; on no phase do they exceed `capacity_a` (None: no limit).

    EQUAL serves as many as there is 6 A for, the lowest ids first, and gives them equal shares; what one cannot use
    goes to the others. FIRST_COME gives each what it can use before the next, PRIORITY each class before the lower.
    """
    waiting = [claim for claim in claims if claim.most_a >= MINIMUM_CURRENT_A]
    if capacity_a is None:
        return {claim.evse_id: claim.most_a for claim in waiting}
    served = _served(sorted(waiting, key=lambda claim: _rank(claim, policy)), capacity_a=capacity_a)
    shares = {claim.evse_id: MINIMUM_CURRENT_A for claim in served}
    for _, tier in groupby(served, key=lambda claim: _rank(claim, policy)[0]):
        _raise_together(list(tier), served, shares, capacity_a=capacity_a)
    return shares


def _rank(claim: Claim, policy: Policy) -> tuple[tuple[float, ...], int]:
    """Claims of an equal first part are served alike; within them the lowest id is the last to be left out."""
    match policy:
        case Policy.EQUAL:
            return (), claim.evse_id
        case Policy.FIRST_COME:
            return (claim.since, claim.evse_id), claim.evse_id
        case Policy.PRIORITY:
            return (-claim.priority,), claim.evse_id


def _served(ranked: Sequence[Claim], *, capacity_a: float) -> list[Claim]:
    """Those that 6 A are left for; one on a full phase does not keep others from the rest."""
    served: list[Claim] = []
    for claim in ranked:
        minimum = dict.fromkeys((one.evse_id for one in (*served, claim)), MINIMUM_CURRENT_A)
        if all(free >= -ROUNDING_A for free in left_a((*served, claim), minimum, capacity_a=capacity_a).values()):
            served.append(claim)
    return served


def _raise_together(tier: list[Claim], served: Sequence[Claim], shares: dict[int, float], *, capacity_a: float) -> None:
    """Raise all of a tier at the same pace until each has what it can use or a phase of its own is full."""
    rising = tier
    while rising:
        free = left_a(served, shares, capacity_a=capacity_a)
        paces = [
            free[phase] / sum(phase in claim.phases for claim in rising) for claim in rising for phase in claim.phases
        ]
        step_a = max(0.0, min([*paces, *(claim.most_a - shares[claim.evse_id] for claim in rising)], default=0.0))
        for claim in rising:
            shares[claim.evse_id] = min(claim.most_a, shares[claim.evse_id] + step_a)
        free = left_a(served, shares, capacity_a=capacity_a)
        still = [
            claim
            for claim in rising
            if claim.most_a - shares[claim.evse_id] > ROUNDING_A
            and all(free[phase] > ROUNDING_A for phase in claim.phases)
        ]
        if len(still) == len(rising):
            return  # nothing moves any more but the last bits of a float
        rising = still


def left_a(claims: Iterable[Claim], drawn_a: Mapping[int, float], *, capacity_a: float) -> dict[int, float]:
    """What is left on each phase once every claim draws so much; negative where that is too much."""
    left = dict.fromkeys(PHASES, capacity_a)
    for claim in claims:
        for phase in claim.phases:
            left[phase] -= drawn_a.get(claim.evse_id, 0.0)
    return left


def room_a(claim: Claim, others: Iterable[Claim], drawn_a: Mapping[int, float], *, capacity_a: float | None) -> float:
    """What one claim may draw beside others that draw so much."""
    if capacity_a is None:
        return inf
    left = left_a(others, drawn_a, capacity_a=capacity_a)
    return min(left[phase] for phase in claim.phases)
