"""A simulated contactor: it moves some time after it was told to, unless it is welded or stuck."""


class SimContactor:
    """`closed` is what the mirror contact shows; `advance` moves the armature."""

    def __init__(self, *, operate_s: float) -> None:
        self.commanded_closed = False
        self.closed = False
        self.is_welded = False
        self.is_stuck_open = False
        self._operate_s = operate_s
        self._moving_for_s = 0.0

    def command(self, *, closed: bool) -> None:
        """Energise the coil or not: one assignment, so any thread may do it."""
        self.commanded_closed = closed

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        if self.is_welded:
            self.closed = True
            return
        target = self.commanded_closed and not self.is_stuck_open
        if target == self.closed:
            self._moving_for_s = 0.0
            return
        self._moving_for_s += seconds
        if self._moving_for_s >= self._operate_s:
            self.closed = target
            self._moving_for_s = 0.0
