"""A RAPI driver on an emulated OpenEVSE board, as a bench for every contract."""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hal.parts import Clock
from hal.rapi.board import RapiBoard, RapiSettings
from hal.readings import PilotState
from hal.registry import DriverContext
from hil.devices.board_pty import BoardPty
from hil.devices.rapi_board import GFI, EmulatedRapiBoard, Mood
from tests.contracts.waiting import Wall, soon

log = logging.getLogger(__name__)

FAST: dict[str, Any] = {"timeout_s": 0.15, "poll_s": 0.05}


class RapiRig:
    """`wire` is the cable: `with rig.wire.hands_on() as board`."""

    def __init__(self, driver: RapiBoard, wire: BoardPty[EmulatedRapiBoard]) -> None:
        self.driver = driver
        self.pilot = driver
        self.meter = driver
        self.faults = driver
        self.contactor = Permitted(driver, self)
        self.clock: Clock = Wall()
        self.wire = wire

    def is_energised(self) -> bool:
        """Whether mains reach the vehicle; where they do, a command on its way is given time to arrive."""
        return not soon(lambda: not self._energised(), limit_s=0.5)

    def _energised(self) -> bool:
        with self.wire.hands_on() as board:
            return board.is_energised

    def offered_a(self) -> float | None:
        with self.wire.hands_on() as board:
            return board.offers_a

    def vehicle(self, state: PilotState) -> None:
        with self.wire.hands_on() as board:
            board.vehicle.connected = state is not PilotState.A
            board.vehicle.wants = state is PilotState.C

    def break_it(self) -> str:
        with self.wire.hands_on() as board:
            board.set_fault(GFI)
        return "GroundFailure"

    def mend_it(self) -> None:
        with self.wire.hands_on() as board:
            board.set_fault(None)

    def cut(self) -> None:
        self.wire.unplug()


class Permitted:
    """The contactor as the port uses it: closed only under an offer, with a vehicle that asks."""

    def __init__(self, driver: RapiBoard, rig: RapiRig) -> None:
        self._driver = driver
        self._rig = rig

    def open(self) -> None:
        self._driver.open()

    def close(self) -> None:
        self._rig.vehicle(PilotState.C)
        self._driver.offer(16.0)
        self._driver.close()

    def positions(self) -> AsyncIterator[bool]:
        return self._driver.positions()


@asynccontextmanager
async def rapi_rig(
    folder: Path,
    *,
    board: EmulatedRapiBoard | None = None,
    start: bool = True,
    clock: Clock | None = None,
    **settings: Any,
) -> AsyncIterator[RapiRig]:
    """A driver on a board."""
    path = folder / "ttyRAPI"
    with BoardPty(board or EmulatedRapiBoard(clock=time.monotonic), path) as wire:
        driver = RapiBoard(
            RapiSettings(port=str(path), **(FAST | settings)),
            DriverContext(name="EVSE 1", evse_id=1, clock=clock or Wall()),
        )
        if start:
            await driver.start()
        try:
            yield RapiRig(driver, wire)
        finally:
            await driver.stop()


def board_state(rig: RapiRig) -> int:
    with rig.wire.hands_on() as board:
        return board.state


def commands(rig: RapiRig) -> list[str]:
    with rig.wire.hands_on() as board:
        return list(board.commands)


def set_mood(rig: RapiRig, mood: Mood, *, late_by_s: float = 0.0) -> None:
    with rig.wire.hands_on() as board:
        board.mood, board.late_by_s = mood, late_by_s
