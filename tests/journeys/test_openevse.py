"""config/openevse.yaml: an OpenEVSE board and an SDM230, both emulated on serial lines of their own."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hal.readings import PilotState
from hil.devices.board_pty import BoardPty
from hil.devices.meter_device import MeterDevice
from hil.devices.meter_device import Mood as MeterMood
from hil.devices.meter_load import MeteredLoad
from hil.devices.meter_map import read_map
from hil.devices.meter_server import MeterLine
from hil.devices.pty_line import PtyLine
from hil.devices.rapi_board import GFI, EmulatedRapiBoard, Mood
from tests.fakes.configured_station import Trouble
from tests.journeys.iron_journeys import IronJourneys

BOARD_MOODS = {
    "board silent": Mood.SILENT,
    "board talks noise": Mood.NOISE,
    "board sends half lines": Mood.HALF,
    "board's checksums are wrong": Mood.WRONG_CHECKSUM,
    "board refuses all": Mood.REFUSING,
    "board answers too late": Mood.LATE,
}
METER_MOODS = {
    "meter silent": MeterMood.SILENT,
    "meter talks noise": MeterMood.NOISE,
    "meter sends half frames": MeterMood.HALF,
    "meter's CRC is wrong": MeterMood.WRONG_CRC,
    "meter refuses all": MeterMood.EXCEPTION,
    "meter answers too late": MeterMood.LATE,
}
TROUBLES = (
    Trouble("ground fault", "CX002"),
    Trouble("board unplugged", "BoardLost"),
    *(Trouble(name, "BoardLost") for name in BOARD_MOODS),
    Trouble("meter unplugged", "PowerMeterFailure"),
    *(Trouble(name, "PowerMeterFailure") for name in METER_MOODS),
)
IMPORT_KWH = 0x0048  # SDM230, input registers, float32
LATE_BY_S = 2.5
LOAD_SPEED = 5.0
"""How much faster energy is counted than time passes."""


class OpenEvseIron:
    """A board, a meter behind its relay, and a vehicle."""

    config = "openevse.yaml"

    def __init__(self, folder: Path) -> None:
        self._paths = {"usb-OpenEVSE-if00": folder / "board", "usb-RS485-if00": folder / "meter"}
        self.board = EmulatedRapiBoard(clock=time.monotonic)
        self.wire = BoardPty(self.board, self._paths["usb-OpenEVSE-if00"])
        self.load = MeteredLoad(clock=lambda: time.monotonic() * LOAD_SPEED, import_kwh=812.345)
        self.meter = MeterDevice(read_map("eastron-sdm230"), load=self.load)
        self.line = PtyLine(self._paths["usb-RS485-if00"])

    @property
    def replaced(self) -> Mapping[str, str]:
        return {f"/dev/serial/by-id/{name}": str(path) for name, path in self._paths.items()}

    def vehicle(self, evse_id: int, state: PilotState) -> None:
        assert evse_id == 1
        with self.wire.hands_on() as board:
            board.vehicle.connected = state is not PilotState.A
            board.vehicle.wants = state is PilotState.C
        self.follow()

    def register_wh(self, evse_id: int) -> int:
        assert evse_id == 1
        self.follow()
        words = self.meter.image()
        import_kwh: float
        (import_kwh,) = struct.unpack(
            ">f", struct.pack(">HH", words["input", IMPORT_KWH], words["input", IMPORT_KWH + 1])
        )
        return round(import_kwh * 1000)

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
        if name == "board unplugged":
            self.wire.unplug() if on else self.wire.plug()
        elif name == "meter unplugged":
            self.line.unplug() if on else self.line.plug()
        elif name in METER_MOODS:
            self.meter.misbehave(METER_MOODS[name] if on else MeterMood.NORMAL, late_by_s=LATE_BY_S)
        else:
            with self.wire.hands_on() as board:
                if name == "ground fault":
                    board.set_fault(GFI if on else None)
                else:
                    board.mood, board.late_by_s = BOARD_MOODS[name] if on else Mood.NORMAL, LATE_BY_S

    def follow(self) -> None:
        """What the board lets through flows through the meter."""
        with self.wire.hands_on() as board:
            self.load.set(current_a=(board.draw_a, 0.0, 0.0))

    async def keep_following(self) -> None:
        """For ever."""
        while True:
            self.follow()
            await asyncio.sleep(0.005)


@asynccontextmanager
async def open_evse_iron(folder: Path) -> AsyncIterator[OpenEvseIron]:
    """Everything plugged in and powered."""
    iron = OpenEvseIron(folder)
    server = MeterLine(iron.meter)
    async with iron.line:
        with iron.wire:
            await server.start_serial(iron.line.device)
            following = asyncio.create_task(iron.keep_following(), name="load on the meter")
            try:
                yield iron
            finally:
                following.cancel()
                await asyncio.wait([following])
                await server.stop()


class TestOpenEvse(IronJourneys):
    """The whole file, with everything that can go wrong on its two lines."""

    troubles = TROUBLES

    @pytest.fixture
    async def iron(self, tmp_path: Path) -> AsyncIterator[OpenEvseIron]:
        async with open_evse_iron(tmp_path) as iron:
            yield iron
