"""Which cards lie on a reader now, so that a card that is held counts once."""

from collections.abc import Hashable

MOST_HELD = 8
"""More cards than this cannot lie on a reader; who is away longest is forgotten first."""


class Presence:
    """A card counts again after the reader looked and missed it for `gone_after_s`, the last look included.

    Time in which nobody looked (a reader that was gone, a busy event loop) does not count: a card that is still
    there afterwards is no new presentation.
    """

    def __init__(self, *, gone_after_s: float) -> None:
        self._gone_after_s = gone_after_s
        self._missed_since_s: dict[Hashable, float | None] = {}

    @property
    def is_empty(self) -> bool:
        """No card is held, as far as is known."""
        return not self._missed_since_s

    def looked(self, card: Hashable | None, *, now_s: float) -> bool:
        """The reader looked and saw `card`, or none: True where this begins a presentation."""
        for other, since_s in list(self._missed_since_s.items()):
            if other == card:
                continue
            if since_s is None:
                self._missed_since_s[other] = now_s
            elif now_s - since_s >= self._gone_after_s:
                del self._missed_since_s[other]
        if card is None:
            return False
        is_new = card not in self._missed_since_s
        if is_new and len(self._missed_since_s) >= MOST_HELD:
            del self._missed_since_s[min(self._missed_since_s, key=self._missed_since)]
        self._missed_since_s[card] = None
        return is_new

    def resumed(self) -> None:
        """The reader looks again after it was gone: being away begins to count anew."""
        self._missed_since_s = dict.fromkeys(self._missed_since_s)

    def _missed_since(self, card: Hashable) -> float:
        since_s = self._missed_since_s[card]
        return float("inf") if since_s is None else since_s
