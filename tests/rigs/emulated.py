"""Hands on an emulated rig: what a laboratory does to real iron, done to an OpenEVSE board in software."""

import os
import time
from pathlib import Path

from hal.readings import PilotState
from hil.devices.board_pty import BoardPty
from hil.devices.rapi_board import GFI, EmulatedRapiBoard
from tests.contracts.waiting import soon


class OpenEvseHands:
    """The board is on the terminal that EVSE_RIG_BOARD names. EVSE_RIG_WELDED: its relay does not open."""

    def __init__(self) -> None:
        self._board = EmulatedRapiBoard(clock=time.monotonic)
        self._board.welded = "EVSE_RIG_WELDED" in os.environ
        self._wire = BoardPty(self._board, Path(os.environ["EVSE_RIG_BOARD"]))

    def open(self) -> None:
        """Hands: power on."""
        self._wire.__enter__()

    def close(self) -> None:
        """Hands."""
        self._wire.__exit__()

    def vehicle(self, state: PilotState) -> None:
        """PilotBench."""
        with self._wire.hands_on() as board:
            board.vehicle.connected = state is not PilotState.A
            board.vehicle.wants = state is PilotState.C

    def offered_a(self) -> float | None:
        """PilotBench."""
        with self._wire.hands_on() as board:
            return board.offers_a

    def is_energised(self) -> bool:
        """ContactorBench; a command on its way is given time to arrive."""
        return not soon(lambda: not self._energised(), limit_s=0.5)

    def _energised(self) -> bool:
        with self._wire.hands_on() as board:
            return board.is_energised

    def break_it(self) -> str:
        """FaultBench."""
        with self._wire.hands_on() as board:
            board.set_fault(GFI)
        return "GroundFailure"

    def mend_it(self) -> None:
        """FaultBench."""
        with self._wire.hands_on() as board:
            board.set_fault(None)

    def cut(self) -> None:
        """PilotBench, FaultBench."""
        self._wire.unplug()
