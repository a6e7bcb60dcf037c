"""How long to wait before the next attempt to reach the CSMS (OCPP-J 2.0.1 section 5.3 with errata 4.12).

1.6 leaves the times to the station (errata 3.4); it gets the same ones.
"""

from agent.frozen import dataclass

MAX_DELAY_S = 86_400.0
"""However often the CSMS lets the time double, once a day is tried."""
GOOD_AFTER_S = 60.0
"""A link that lived this long was good, even if registration was never reached on it."""


@dataclass(frozen=True, slots=True)
class BackoffSettings:
    """OCPPCommCtrlr's RetryBackOff variables (2.0.1 sections 8.1 to 8.3)."""

    wait_minimum_s: float = 10.0
    random_range_s: float = 20.0
    repeat_times: int = 5


class Backoff:
    """Counts failures and tells the next delay; the caller owns the dice and the clock."""

    def __init__(self, settings: BackoffSettings) -> None:
        self.settings = settings
        """May be replaced at any time; the next delay follows."""
        self._failures = 0

    def next_delay_s(self, *, dice: float) -> float:
        """Seconds to wait before the next attempt; `dice` is random in 0..1."""
        return delay_s(self._failures, settings=self.settings, dice=dice)

    def attempt_failed(self) -> None:
        """No link came about."""
        self._failures += 1

    def link_ended(self, *, accepted: bool, lived_s: float) -> None:
        """A link came about and ended. `accepted`: on it the station was, or still counted as, registered.

        A CSMS that lets everybody in and throws them out at once is as overloaded as one that refuses,
        so only a good link starts the count anew.
        """
        if accepted or lived_s >= GOOD_AFTER_S:
            self._failures = 0
        else:
            self._failures += 1


def delay_s(failures: int, *, settings: BackoffSettings, dice: float) -> float:
    """The delay after so many failures in a row: the minimum, doubled each time, and a random part on top."""
    doublings = max(0, min(failures, settings.repeat_times, 32))
    wait_s = min(max(0.0, settings.wait_minimum_s) * 2.0**doublings, MAX_DELAY_S)
    return wait_s + max(0.0, settings.random_range_s) * dice
