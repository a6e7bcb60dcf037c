"""config/can-board.yaml: a board on CAN that does everything, on a bus in memory."""

import itertools
import time
from collections.abc import Iterator, Mapping
from functools import partial

import pytest

from hal.readings import PilotState
from hil.devices.can_board import EmulatedCanBoard, Mood
from hil.devices.can_board_bus import CanBoardOnBus, open_bus
from tests.fakes.configured_station import Trouble
from tests.journeys.iron_journeys import IronJourneys

MOODS = {
    "board silent": Mood.SILENT,
    "board hears but says nothing": Mood.MUTE,
    "board's counter stands still": Mood.FROZEN_COUNTER,
    "board says the same for ever": Mood.FROZEN,
    "frames of a wrong length": Mood.WRONG_LENGTH,
    "bus-off": Mood.BUS_OFF,
}
FAULTS = {"ResidualCurrent": "CX002", "EmergencyStop": "CX008", "LockFailed": "CX001"}
BUSES = itertools.count()


class CanIron:
    """The board and a vehicle."""

    config = "can-board.yaml"

    def __init__(self) -> None:
        self._channel = f"journey-{next(BUSES)}"
        self.board = EmulatedCanBoard(clock=time.monotonic)
        self.wire = CanBoardOnBus(self.board, partial(open_bus, self._channel, "virtual"))

    @property
    def replaced(self) -> Mapping[str, str]:
        return {"interface: socketcan, channel: can0": f"interface: virtual, channel: {self._channel}"}

    def vehicle(self, evse_id: int, state: PilotState) -> None:
        assert evse_id == 1
        with self.wire.hands_on() as board:
            board.vehicle.connected = state is not PilotState.A
            board.vehicle.wants = state is PilotState.C

    def register_wh(self, evse_id: int) -> int:
        assert evse_id == 1
        with self.wire.hands_on() as board:
            return int(board.energy_wh)

    def authorize(self) -> bool:
        return False

    def is_energised(self, evse_id: int) -> bool:
        assert evse_id == 1
        with self.wire.hands_on() as board:
            return board.is_energised

    def begin(self, trouble: Trouble) -> None:
        self._switch(trouble.name, on=True)

    def end(self, trouble: Trouble) -> None:
        self._switch(trouble.name, on=False)

    def _switch(self, name: str, *, on: bool) -> None:
        if name == "cable pulled":
            self.wire.unplug() if on else self.wire.plug()
            return
        with self.wire.hands_on() as board:
            if name in MOODS:
                board.mood = MOODS[name] if on else Mood.NORMAL
            else:
                board.faults = {name} if on else set()


class TestCanBoard(IronJourneys):
    """The whole file, with everything that can go wrong on the bus."""

    troubles = (
        *(Trouble(name, code) for name, code in FAULTS.items()),
        Trouble("cable pulled", "BoardLost"),
        *(Trouble(name, "BoardLost") for name in MOODS),
    )

    @pytest.fixture
    def iron(self) -> Iterator[CanIron]:
        iron = CanIron()
        with iron.wire:
            yield iron
