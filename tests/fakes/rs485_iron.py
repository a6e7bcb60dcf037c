"""An RS-485 line with EVSE DIN controllers and meters on it, both emulated, in a thread of their own."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from hal.readings import PilotState
from hil.devices.board_pty import BoardPty, WiredBoard
from hil.devices.evse_din import EmulatedEvseDin
from hil.devices.in_thread import InThread
from hil.devices.meter_device import MeterDevice, Mood
from hil.devices.meter_load import MeteredLoad
from hil.devices.meter_map import read_map
from hil.devices.meter_server import MeterLine
from hil.devices.pty_line import PtyLine
from tests.fakes.configured_station import Trouble

IMPORT_KWH = 0x0048  # of every Eastron meter used here: input registers, float32
LOAD_SPEED = 5.0
"""How much faster energy is counted than time passes."""
FOLLOW_S = 0.005

MOODS = {
    "silent": Mood.SILENT,
    "talks noise": Mood.NOISE,
    "sends half frames": Mood.HALF,
    "sends a wrong CRC": Mood.WRONG_CRC,
    "refuses all": Mood.EXCEPTION,
    "answers too late": Mood.LATE,
}
LATE_BY_S = 1.0  # later than both attempts of 0.3 s with their pauses
LINE_TROUBLES = (
    Trouble("adapter unplugged", "BoardLost"),
    *(Trouble(f"board {mood}", "BoardLost") for mood in MOODS),
    *(Trouble(f"meter {mood}", "PowerMeterFailure") for mood in MOODS),
)


class Rs485Iron:
    """By EVSE: a board, a meter behind it, a vehicle. `lets_through` tells what else is in the power path."""

    def __init__(self, path: Path, *, meter_map: str, boards: dict[int, int], meters: dict[int, int]) -> None:
        """`boards` and `meters` map EVSE ids to addresses on the line."""
        self.path = path
        self.boards = {evse: EmulatedEvseDin(unit_id=unit) for evse, unit in boards.items()}
        self.loads = {
            evse: MeteredLoad(clock=lambda: time.monotonic() * LOAD_SPEED, import_kwh=100.0 * evse) for evse in meters
        }
        self.meters = {
            evse: MeterDevice(read_map(meter_map), unit_id=unit, load=self.loads[evse]) for evse, unit in meters.items()
        }
        self.lets_through: Callable[[int], bool] = lambda _: True
        self._wire = InThread(self._served)
        self._line: PtyLine | None = None

    def __enter__(self) -> "Rs485Iron":
        """Power on."""
        self._line = self._wire.__enter__()
        return self

    def __exit__(self, *_error: object) -> None:
        """Power off."""
        self._wire.__exit__()

    def vehicle(self, evse_id: int, state: PilotState) -> None:
        """Iron."""
        self.boards[evse_id].vehicle.connected = state is not PilotState.A
        self.boards[evse_id].vehicle.wants = state is PilotState.C
        self._wire.do(self._follow)

    def register_wh(self, evse_id: int) -> int:
        """Iron."""
        words = self._wire.do(self.meters[evse_id].image)
        import_kwh: float
        pair = words["input", IMPORT_KWH], words["input", IMPORT_KWH + 1]
        (import_kwh,) = struct.unpack(">f", struct.pack(">HH", *pair))
        return round(import_kwh * 1000)

    def switch(self, name: str, *, on: bool) -> None:
        """Begin or end a trouble of LINE_TROUBLES, at EVSE 1."""
        line = self._line
        if line is None:
            raise AssertionError("not powered")
        who, _, mood = name.partition(" ")
        if who == "adapter":
            self._wire.do(line.unplug if on else line.plug)
            return
        device = self.boards[1] if who == "board" else self.meters[1]
        moods = MOODS | {"frozen": Mood.FROZEN}
        self._wire.do(lambda: device.misbehave(moods[mood] if on else Mood.NORMAL, late_by_s=LATE_BY_S))

    def _follow(self) -> None:
        for evse, load in self.loads.items():
            draw_a = self.boards[evse].draw_a if self.lets_through(evse) else 0.0
            load.set(current_a=(draw_a, draw_a, draw_a))

    @asynccontextmanager
    async def _served(self) -> AsyncIterator[PtyLine]:
        server = MeterLine(*self.boards.values(), *self.meters.values())
        async with PtyLine(self.path) as line:
            await server.start_serial(line.device)
            following = asyncio.create_task(self._keep_following(), name="loads on the meters")
            try:
                yield line
            finally:
                following.cancel()
                await asyncio.wait([following])
                await server.stop()

    async def _keep_following(self) -> None:
        while True:
            self._follow()
            await asyncio.sleep(FOLLOW_S)


class Reader(WiredBoard, Protocol):
    """An emulated reader that a card is laid on."""

    def present(self, card: bytes) -> None: ...

    def remove(self) -> None: ...


R = TypeVar("R", bound=Reader)


class LineWithReader(Generic[R]):
    """A line, and a reader beside it, on which the driver's `card` lies until the vehicle leaves."""

    card: bytes
    line: Rs485Iron
    reader: BoardPty[R]

    def vehicle(self, evse_id: int, state: PilotState) -> None:
        self.line.vehicle(evse_id, state)
        if state is PilotState.A:
            with self.reader.hands_on() as reader:
                reader.remove()

    def authorize(self) -> bool:
        with self.reader.hands_on() as reader:
            reader.present(self.card)
        return True

    def register_wh(self, evse_id: int) -> int:
        return self.line.register_wh(evse_id)
