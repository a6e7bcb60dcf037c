"""How long a device that does not answer is left alone, so that the others on its line are not kept waiting."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """`failures` reads in a row without an answer are forgiven; then it rests `first_s`, twice as long each time."""

    failures: int = 3
    first_s: float = 1.0
    longest_s: float = 15.0


class Absence:
    """What is remembered of one device's silence. Times are seconds of one clock."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._failures = 0
        self._rest_s = 0.0
        self._rests_until_s = float("-inf")

    @property
    def failures(self) -> int:
        """Reads in a row that got no answer."""
        return self._failures

    @property
    def is_long(self) -> bool:
        """Whether it is being left alone between attempts."""
        return self._failures >= self._patience.failures

    def rest_s(self, now_s: float) -> float:
        """How long it is still left alone; 0 where it may be asked."""
        return max(0.0, self._rests_until_s - now_s)

    def failed(self, now_s: float) -> None:
        """It gave no answer."""
        self._failures += 1
        if self.is_long:
            longer_s = 2 * self._rest_s or self._patience.first_s
            self._rest_s = min(longer_s, self._patience.longest_s)
            self._rests_until_s = now_s + self._rest_s

    def answered(self) -> None:
        """It is there."""
        self._failures = 0
        self._rest_s = 0.0
        self._rests_until_s = float("-inf")
