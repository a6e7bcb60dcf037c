"""The Phoenix driver on emulated controllers, as benches for the contracts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from hal.modbus.boards.phoenix import PhoenixBoard, PhoenixSettings
from hal.parts import Clock, Contactor
from hal.readings import PilotState
from hal.registry import DriverContext, SharedDevices
from hil.devices.in_thread import InThread
from hil.devices.meter_server import MeterLine
from hil.devices.phoenix_board import EmulatedPhoenix
from tests.contracts.waiting import Wall, soon

FAST: dict[str, Any] = {"timeout_s": 0.15, "retries": 1, "poll_s": 0.05}


class PhoenixRig:
    """A driver, the controller it drives, and its network cable."""

    def __init__(self, driver: PhoenixBoard, board: EmulatedPhoenix, server: "Server") -> None:
        self.driver = driver
        self.pilot = driver
        self.meter = driver
        self.contactor: Contactor = Permitted(driver, board)
        self.clock: Clock = Wall()
        self.board = board
        self.server = server

    def is_energised(self) -> bool:
        """Whether mains reach the vehicle; where they do, a command on its way is given time to arrive."""
        return not soon(lambda: not self.board.is_energised, limit_s=0.5)

    def offered_a(self) -> float | None:
        return self.board.offers_a

    def vehicle(self, state: PilotState) -> None:
        self.board.vehicle.connected = state is not PilotState.A
        self.board.vehicle.wants = state is PilotState.C

    def cut(self) -> None:
        self.server.stop()


class MeteredPhoenixRig(PhoenixRig):
    """With a load."""

    async def draw(self, *, power_w: float, seconds: float) -> None:
        self.board.vehicle.draws_a = power_w / 3 / 230
        self.board.advance(seconds)

    async def cut(self) -> None:  # type: ignore[override]  # the meter's contract waits for it
        self.server.stop()


class Permitted:
    """The contactor as the port uses it: closed only under an offer, with a vehicle that asks."""

    def __init__(self, driver: PhoenixBoard, board: EmulatedPhoenix) -> None:
        self._driver = driver
        self._board = board
        self.open = driver.open
        self.positions = driver.positions

    def close(self) -> None:
        self._board.vehicle.connected = self._board.vehicle.wants = True
        self._driver.offer(16.0)
        self._driver.close()


class Server:
    """The controller's end of the network."""

    def __init__(self, board: EmulatedPhoenix) -> None:
        self._board = board
        self._wire: InThread[int] | None = None
        self.port = 0

    def start(self) -> None:
        """On the same port again, once it has one."""

        @asynccontextmanager
        async def served() -> AsyncIterator[int]:
            line = MeterLine(self._board)
            yield await line.start_tcp(port=self.port)
            await line.stop()

        self._wire = InThread(served)
        self.port = self._wire.__enter__()

    def stop(self) -> None:
        """Pull the cable."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.__exit__()


@asynccontextmanager
async def phoenix_rig(model: str, *, rig: type[PhoenixRig] = PhoenixRig, **settings: Any) -> AsyncIterator[Any]:
    """A driver on a controller."""
    charx = 2 if model == "charx" else None
    board = EmulatedPhoenix(unit_id=180, charx=charx)
    server = Server(board)
    server.start()
    chosen = PhoenixSettings(
        model=model, host="127.0.0.1", tcp_port=server.port, device_id=180, controller=2, **(FAST | settings)
    )
    driver = PhoenixBoard(chosen, DriverContext(name="EVSE 1", evse_id=1, clock=Wall(), shared=SharedDevices()))
    await driver.start()
    try:
        yield rig(driver, board, server)
    finally:
        await driver.stop()
        server.stop()
