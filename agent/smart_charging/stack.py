"""The installed profiles: what replaces what, what a filter clears, and which of a stack prevails."""

from collections.abc import Callable, Iterable
from math import inf

from agent.frozen import dataclass
from agent.smart_charging.course import Course, Said
from agent.smart_charging.profile import STATION, InstalledProfile, Purpose


@dataclass(frozen=True, slots=True)
class ClearFilter:
    """Which profiles are meant: those that match all that is given; with nothing given, all (1.6 errata 3.25)."""

    profile_id: int | None = None
    evse_id: int | None = None
    purpose: Purpose | None = None
    stack_level: int | None = None

    def matches(self, installed: InstalledProfile) -> bool:
        """Whether it is meant."""
        profile = installed.profile
        return (
            self.profile_id in (None, profile.id)
            and self.evse_id in (None, installed.evse_id)
            and self.purpose in (None, profile.purpose)
            and self.stack_level in (None, profile.stack_level)
        )


@dataclass(frozen=True, slots=True)
class ProfileSet:
    """Every installed profile, in the order of installation."""

    profiles: tuple[InstalledProfile, ...] = ()

    def __len__(self) -> int:
        return len(self.profiles)

    def installed(self, new: InstalledProfile) -> "ProfileSet":
        """With `new`, which replaces the one with its id and the one at its place (1.6 sections 3.13.2, 5.16.3)."""
        kept = (old for old in self.profiles if not _is_replaced(old, by=new))
        return ProfileSet((*kept, new))

    def without(self, is_meant: Callable[[InstalledProfile], bool]) -> "ProfileSet":
        """Without those that are meant."""
        return ProfileSet(tuple(one for one in self.profiles if not is_meant(one)))

    def without_transaction(self, transaction_id: str) -> "ProfileSet":
        """A TX profile ends with its transaction (1.6 section 3.13.1)."""
        return self.without(lambda one: one.profile.transaction_id == transaction_id)

    def of(self, purpose: Purpose, *, evse_id: int, transaction_id: str | None = None) -> list[InstalledProfile]:
        """The stack of a purpose that counts for an EVSE (or the STATION), the prevailing level first.

        A TX_DEFAULT of the EVSE itself takes the place of the station's one of the same level there (1.6 3.13.1).
        """
        chosen: dict[int, InstalledProfile] = {}
        for one in self.profiles:
            profile = one.profile
            is_default = purpose is Purpose.TX_DEFAULT and one.evse_id == STATION and profile.stack_level not in chosen
            is_for_it = one.evse_id == evse_id or is_default
            is_its_transaction = purpose is not Purpose.TX or profile.transaction_id == transaction_id
            if profile.purpose is purpose and is_for_it and is_its_transaction:
                chosen[profile.stack_level] = one
        return [chosen[level] for level in sorted(chosen, reverse=True)]


def prevailing(courses: Iterable[Course]) -> Course:
    """What the highest level says that says anything (1.6 section 3.13.2, errata 3.43); highest level first."""
    stack = tuple(courses)

    def said(at: float) -> Said:
        until = inf
        for course in stack:
            answer = course(at)
            until = min(until, answer.until)
            if answer.rate is not None:
                return Said(answer.rate, until)
        return Said(None, until)

    return said


def _is_replaced(old: InstalledProfile, *, by: InstalledProfile) -> bool:
    if old.profile.id == by.profile.id:
        return True
    return _place(old) == _place(by)


def _place(installed: InstalledProfile) -> tuple[object, ...]:
    profile = installed.profile
    return installed.evse_id, profile.purpose, profile.stack_level, profile.transaction_id
