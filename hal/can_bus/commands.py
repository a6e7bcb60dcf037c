"""What the board is told: the values of our messages, and the frames that carry them. No I/O, no clock."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hal.can_bus.board_map import BoardMap, Switch
from hal.can_bus.signals import Raw, limits, raw_of

if TYPE_CHECKING:
    from cantools.database.can import Message, Signal


@dataclass(frozen=True, slots=True)
class Frame:
    """A CAN frame."""

    identifier: int
    data: bytes
    is_extended: bool = False
    is_fd: bool = False


class Commands:
    """The values of all our messages. Begins safe: nothing offered, contactor open."""

    def __init__(self, board: BoardMap) -> None:
        self._board = board
        self._messages = board.sent()
        self._values: dict[str, dict[str, Raw]] = {
            name: {signal.name: _initial(signal) for signal in message.signals}
            for name, message in self._messages.items()
        }
        for value in board.constants:
            self._put(value.found.message.name, value.found.signal.name, value.raw)
        if board.lock is not None:
            self._switch(board.lock.command, on=False)
        self.make_safe()

    def make_safe(self) -> None:
        """Nothing offered, contactor open."""
        self.offer(None)
        self.contactor(closed=False)

    def offer(self, current_a: float | None) -> None:
        """The most per phase that the signal can carry without exceeding it; None: nothing is offered."""
        limit, nothing = self._board.limit, self._board.nothing
        raw = nothing.raw
        if current_a is not None and current_a >= limit.range()[0]:
            raw = limit.raw_at_most(current_a)
        self._put(limit.found.message.name, limit.found.signal.name, raw)

    def contactor(self, *, closed: bool) -> None:
        """The command, where the board takes one."""
        if self._board.command is not None:
            self._switch(self._board.command, on=closed)

    def lock(self, *, locked: bool) -> None:
        """The command, where there is a lock."""
        if self._board.lock is not None:
            self._switch(self._board.lock.command, on=locked)

    def count(self) -> None:
        """Our next sign of life."""
        found = self._board.our_counter
        if found is None:
            return
        values = self._values[found.message.name]
        low, high = (raw_of(found.signal, end) for end in limits(found.signal))
        raw = values[found.signal.name] + 1
        values[found.signal.name] = raw if raw <= high else low

    def frames(self, wanted: Callable[[str], bool] = lambda _name: True) -> list[Frame]:
        """Our messages as they are now; only those whose name is `wanted`."""
        return [self._frame(message) for name, message in self._messages.items() if wanted(name)]

    def orders(self) -> list[Frame]:
        """All but a sign of life that stands alone: what changes with a command."""
        beat = self._board.our_counter
        if beat is None or len(beat.message.signals) > 1:
            return self.frames()
        return self.frames(lambda name: name != beat.message.name)

    def _frame(self, message: "Message") -> Frame:
        # The settings were checked when the map was made; an initial value of the DBC file may be out of its range.
        data = message.encode(self._values[message.name], scaling=False, strict=False)
        return Frame(message.frame_id, data, is_extended=message.is_extended_frame, is_fd=message.is_fd)

    def _switch(self, switch: Switch, *, on: bool) -> None:
        value = switch.on if on else switch.off
        self._put(value.found.message.name, value.found.signal.name, value.raw)

    def _put(self, message: str, signal: str, raw: Raw) -> None:
        self._values[message][signal] = raw


def _initial(signal: "Signal") -> Raw:
    if signal.raw_initial is not None:
        return signal.raw_initial
    low, high = limits(signal)
    return raw_of(signal, min(max(0.0, low), high))
