"""config/duo.yaml: two controllers, two meters, one RS-485 line, a keyboard-type reader, a grid that carries 48 A."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hal.readers.usb_hid import UsbHidReader
from hal.readings import PilotState
from hil.csms.server import BenchCsms
from hil.devices.hid_keys import HidKeys
from tests.fakes.configured_station import Trouble
from tests.fakes.rs485_iron import LINE_TROUBLES, Rs485Iron
from tests.fakes.running_station import RunningStation
from tests.journeys.dialects import Dialect
from tests.journeys.iron_journeys import TOKEN, WITHIN_S, IronJourneys

GRID_A = 48


class DuoIron:
    """The line, the reader and two vehicles."""

    config = "duo.yaml"

    def __init__(self, folder: Path) -> None:
        self.line = Rs485Iron(folder / "rs485", meter_map="eastron-sdm630", boards={1: 1, 2: 2}, meters={1: 11, 2: 12})
        self.keys = HidKeys(folder / "keyboard")

    @property
    def replaced(self) -> Mapping[str, str]:
        return {
            "/dev/serial/by-id/usb-RS485-if00": str(self.line.path),
            "/dev/input/by-id/usb-Reader-event-kbd": str(self.keys.path),
        }

    def vehicle(self, evse_id: int, state: PilotState) -> None:
        self.line.vehicle(evse_id, state)

    def authorize(self) -> bool:
        self.keys.type("04A1B2C3")
        return True

    def register_wh(self, evse_id: int) -> int:
        return self.line.register_wh(evse_id)

    def is_energised(self, evse_id: int) -> bool:
        return self.line.boards[evse_id].is_energised

    def drawn_a(self) -> float:
        """From the grid, per phase."""
        return sum(board.draw_a for board in self.line.boards.values())

    def begin(self, trouble: Trouble) -> None:
        self.line.switch(trouble.name, on=True)

    def end(self, trouble: Trouble) -> None:
        self.line.switch(trouble.name, on=False)


def open_pipe(path: str, device: str) -> int:
    """A named pipe cannot be grabbed, as an input device can."""
    del device
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK)


class TestDuo(IronJourneys):
    """The whole file, with everything that can go wrong on its line."""

    troubles = (*LINE_TROUBLES, Trouble("meter frozen", "PowerMeterFailure"))

    @pytest.fixture
    def iron(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuoIron]:
        monkeypatch.setattr(UsbHidReader.__init__, "__kwdefaults__", {"opener": open_pipe})
        iron = DuoIron(tmp_path)
        with iron.line, iron.keys:
            yield iron

    async def test_two_charge_at_once_within_the_grids_limit_and_each_is_told_its_own_energy(
        self, running: RunningStation, csms: BenchCsms, dialect: Dialect, iron: DuoIron
    ) -> None:
        begin_wh = {evse: iron.register_wh(evse) for evse in (1, 2)}
        highest_a = 0.0

        def watch() -> float:
            nonlocal highest_a
            highest_a = max(highest_a, iron.drawn_a())
            return highest_a

        await self.charge(running, dialect, iron)
        iron.vehicle(2, PilotState.C)
        await running.until_status(ConnectorStatus.PREPARING, evse_id=2, within_s=WITHIN_S)
        await dialect.remote_start(TOKEN, evse_id=2).to(running.bench)
        await running.until(lambda: watch() > 0 and running.status(2) is ConnectorStatus.CHARGING, within_s=WITHIN_S)
        await running.until(
            lambda: watch() > 0 and running.metered_wh(2) >= begin_wh[2] + self.more_wh, within_s=WITHIN_S
        )
        iron.vehicle(1, PilotState.A)
        iron.vehicle(2, PilotState.A)
        await running.until(
            lambda: running.transaction(1) is None and running.transaction(2) is None, within_s=WITHIN_S
        )
        await running.until_told()

        assert highest_a <= GRID_A
        told = {transaction.evse: transaction for transaction in csms.ledger.transactions}
        assert {evse: (one.begin_wh, one.end_wh) for evse, one in told.items()} == {
            evse: (begin_wh[evse], iron.register_wh(evse)) for evse in (1, 2)
        }

    async def test_one_board_that_dies_leaves_the_other_charging(
        self, running: RunningStation, dialect: Dialect, iron: DuoIron
    ) -> None:
        iron.vehicle(2, PilotState.C)
        await running.until_status(ConnectorStatus.PREPARING, evse_id=2, within_s=WITHIN_S)
        await dialect.remote_start(TOKEN, evse_id=2).to(running.bench)
        await running.until_status(ConnectorStatus.CHARGING, evse_id=2, within_s=WITHIN_S)

        iron.begin(Trouble("board silent", "BoardLost"))
        await running.until_status(ConnectorStatus.FAULTED, evse_id=1, within_s=WITHIN_S)
        metered_wh = running.metered_wh(2)
        await running.until(lambda: running.metered_wh(2) >= metered_wh + 10, within_s=WITHIN_S)

        assert running.status(2) is ConnectorStatus.CHARGING
        iron.end(Trouble("board silent", "BoardLost"))
        await running.until_status(ConnectorStatus.AVAILABLE, evse_id=1, within_s=WITHIN_S)
        iron.vehicle(2, PilotState.A)
        await running.until(lambda: running.transaction(2) is None, within_s=WITHIN_S)
        await running.until_told()
