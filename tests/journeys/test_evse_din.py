"""config/evse-din.yaml: an EVSE DIN controller and a meter on one RS-485 line, a 125 kHz reader."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from hil.devices.board_pty import BoardPty
from hil.devices.rdm6300_reader import EmulatedRdm6300
from tests.fakes.configured_station import Trouble
from tests.fakes.rs485_iron import LINE_TROUBLES, LineWithReader, Rs485Iron
from tests.journeys.iron_journeys import IronJourneys

CARD = bytes.fromhex("0A1B2C3D4E")


class EvseDinIron(LineWithReader[EmulatedRdm6300]):
    """The line, the reader and a vehicle."""

    card = CARD
    config = "evse-din.yaml"

    def __init__(self, folder: Path) -> None:
        self.line = Rs485Iron(folder / "rs485", meter_map="eastron-sdm72dm-v2", boards={1: 1}, meters={1: 2})
        self.reader = BoardPty(EmulatedRdm6300(clock=time.monotonic), folder / "reader")

    @property
    def replaced(self) -> Mapping[str, str]:
        return {
            "/dev/serial/by-id/usb-RS485-if00": str(self.line.path),
            "/dev/serial/by-id/usb-RDM6300-if00": str(self.reader.path),
        }

    def is_energised(self, evse_id: int) -> bool:
        return self.line.boards[evse_id].is_energised

    def begin(self, trouble: Trouble) -> None:
        self._switch(trouble.name, on=True)

    def end(self, trouble: Trouble) -> None:
        self._switch(trouble.name, on=False)

    def _switch(self, name: str, *, on: bool) -> None:
        if name == "ground fault":
            self.line.boards[1].fault = "rcd" if on else None
        else:
            self.line.switch(name, on=on)


class TestEvseDin(IronJourneys):
    """The whole file, with everything that can go wrong on its line."""

    troubles = (Trouble("ground fault", "CX002"), *LINE_TROUBLES)

    @pytest.fixture
    def iron(self, tmp_path: Path) -> Iterator[EvseDinIron]:
        iron = EvseDinIron(tmp_path)
        with iron.line, iron.reader:
            yield iron
