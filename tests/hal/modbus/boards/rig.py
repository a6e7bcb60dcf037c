"""Drivers of Modbus boards on emulated ones, as benches for every contract."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hal.modbus.boards.evse_din import EvseDin, EvseDinSettings
from hal.parts import Clock, Contactor
from hal.readings import PilotState
from hal.registry import DriverContext, SharedDevices
from hil.devices.evse_board import on_terminal
from hil.devices.evse_din import EmulatedEvseDin
from hil.devices.in_thread import InThread
from hil.devices.meter_device import Mood
from hil.devices.pty_line import PtyLine
from tests.contracts.waiting import Wall, soon

FAST: dict[str, Any] = {"timeout_s": 0.1, "retries": 1, "poll_s": 0.05, "baudrate": 115200}


class EvseDinRig:
    """`line` is the cable, `board` what is at its other end."""

    def __init__(self, driver: EvseDin, board: EmulatedEvseDin, line: "Cable") -> None:
        self.driver = driver
        self.pilot = driver
        self.faults = driver
        self.contactor: Contactor = Permitted(driver, board)
        self.clock: Clock = Wall()
        self.board = board
        self.line = line

    def is_energised(self) -> bool:
        """Whether mains reach the vehicle; where they do, a command on its way is given time to arrive."""
        return not soon(lambda: not self.board.is_energised, limit_s=0.5)

    def offered_a(self) -> float | None:
        return self.board.offers_a

    def vehicle(self, state: PilotState) -> None:
        self.board.vehicle.connected = state is not PilotState.A
        self.board.vehicle.wants = state is PilotState.C

    def break_it(self) -> str:
        self.board.fault = "rcd"
        return "GroundFailure"

    def mend_it(self) -> None:
        self.board.fault = None

    def cut(self) -> None:
        self.line.unplug()

    def misbehave(self, mood: Mood, *, late_by_s: float = 0.0) -> None:
        self.board.misbehave(mood, late_by_s=late_by_s)


class Permitted:
    """The contactor as the port uses it: closed only under an offer, with a vehicle that asks."""

    def __init__(self, driver: EvseDin, board: EmulatedEvseDin) -> None:
        self._driver = driver
        self._board = board

    def open(self) -> None:
        self._driver.open()

    def close(self) -> None:
        self._board.vehicle.connected = self._board.vehicle.wants = True
        self._driver.offer(16.0)
        self._driver.close()

    def positions(self) -> AsyncIterator[bool]:
        return self._driver.positions()


@asynccontextmanager
async def evse_din_rig(
    folder: Path, *, start: bool = True, board: EmulatedEvseDin | None = None, **settings: Any
) -> AsyncIterator[EvseDinRig]:
    """A driver on a board, whose line lives in a thread of its own."""
    board = board or EmulatedEvseDin()
    wire = InThread(lambda: on_terminal(board, folder / "ttyRS485"))
    with wire as line:
        chosen = EvseDinSettings(port=str(line.path), **(FAST | settings))
        driver = EvseDin(chosen, DriverContext(name="EVSE 1", evse_id=1, clock=Wall(), shared=SharedDevices()))
        if start:
            await driver.start()
        try:
            yield EvseDinRig(driver, board, Cable(wire, line))
        finally:
            await driver.stop()


class Cable:
    """The hands on the adapter."""

    def __init__(self, wire: InThread[PtyLine], line: PtyLine) -> None:
        self._wire = wire
        self._line = line
        self.path = line.path

    def plug(self) -> None:
        self._wire.do(self._line.plug)

    def unplug(self) -> None:
        self._wire.do(self._line.unplug)
