"""What a board said of itself last. No I/O, no clock."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hal.can_bus.board_map import BoardMap, Fault
from hal.can_bus.signals import Raw
from hal.readings import PilotState
from hal.self_closing import BoardState

if TYPE_CHECKING:
    from cantools.database.can import Message


class Known:
    """Filled by frames, as they come."""

    def __init__(self, board: BoardMap) -> None:
        self._board = board
        self._pilot: PilotState | None = None
        self._closed: bool | None = None
        self._faults: dict[int, str] = {}
        self.locked: bool | None = None

    @property
    def is_surely_open(self) -> bool:
        """The mirror contact said so."""
        return self._closed is False

    def state(self) -> BoardState:
        """All of it; a contactor without feedback counts as open."""
        faults: dict[str, str] = {}
        for number, detail in sorted(self._faults.items()):
            faults.setdefault(self._board.faults[number].name, detail)
        return BoardState(pilot=self._pilot, closed=bool(self._closed), faults=faults)

    def nonsense(self, message: "Message", raws: Mapping[str, Raw]) -> str | None:
        """What is wrong with the values of a message; None where they make sense."""
        at = self._board.pilot_at
        if message is at.message and at.signal.name in raws and raws[at.signal.name] not in self._board.pilot:
            return f"{at.name} is {raws[at.signal.name]}, which stands for no pilot state"
        return None

    def learn(self, message: "Message", raws: Mapping[str, Raw]) -> bool:
        """Take a message's values; whether anything changed."""
        before = (self._pilot, self._closed, self.locked, dict(self._faults))
        board = self._board
        if message is board.pilot_at.message and board.pilot_at.signal.name in raws:
            self._pilot = board.pilot[raws[board.pilot_at.signal.name]]
        feedback = board.feedback
        if feedback is not None and feedback.found.message is message and feedback.found.signal.name in raws:
            self._closed = feedback.is_in(raws)
        if board.lock is not None and board.lock.feedback.found.message is message:
            switch = board.lock.feedback
            self.locked = True if switch.on.is_in(raws) else False if switch.off.is_in(raws) else None
        for number, fault in enumerate(board.faults):
            if fault.found.message is message and fault.found.signal.name in raws:
                self._learn_fault(number, fault, raws)
        return before != (self._pilot, self._closed, self.locked, self._faults)

    def _learn_fault(self, number: int, fault: Fault, raws: Mapping[str, Raw]) -> None:
        if not fault.is_in(raws):
            self._faults.pop(number, None)
            return
        raw = raws[fault.found.signal.name]
        choices = fault.found.signal.choices
        shown = choices.get(int(raw), raw) if choices else raw
        # A multi-valued signal that changes its value keeps the fault, so the first detail stands.
        self._faults.setdefault(number, f"{fault.found.name} is {shown}")
