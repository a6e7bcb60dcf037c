"""config/gpio-sdm630.yaml: a charger of discrete parts: pins, an RS-485 line, a card reader, a thermometer."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from hil.devices.board_pty import BoardPty
from hil.devices.gpio_bench import Contact, LockMotor, Relay
from hil.devices.gpio_pins import BenchBoard, mock_board
from hil.devices.pn532_board import EmulatedPn532
from tests.fakes.configured_station import Trouble
from tests.fakes.rs485_iron import LINE_TROUBLES, LineWithReader, Rs485Iron
from tests.fakes.running_station import RunningStation
from tests.hal.sysfs.tree import W1Tree
from tests.journeys.dialects import Dialect
from tests.journeys.iron_journeys import WITHIN_S, IronJourneys, codes_told

CARD = bytes.fromhex("04A1B2C3D4E5F6")
CONTACTS = {"RCD": 19, "emergency stop": 26, "door": 16}
CURTAIL, STOP = 20, 21
RED, GREEN, BLUE = 23, 24, 25


class DiscreteIron(LineWithReader[EmulatedPn532]):
    """Everything that the file names, wired to a mock board and two serial lines."""

    card = CARD
    config = "gpio-sdm630.yaml"

    def __init__(self, folder: Path, board: BenchBoard) -> None:
        self._folder = folder
        self.board = board
        self.relay = Relay(board.wire(17), mirrors=(board.wire(27),))
        self.lock = LockMotor(board.wire(5), board.wire(6), locked_switch=board.wire(13))
        self.contacts = {name: Contact(board.wire(pin), normally_closed=True) for name, pin in CONTACTS.items()}
        self.curtail = Contact(board.wire(CURTAIL))
        self.stop = Contact(board.wire(STOP))
        self.line = Rs485Iron(folder / "rs485", meter_map="eastron-sdm630", boards={1: 1}, meters={1: 2})
        self.line.lets_through = lambda _: self.relay.closed
        self.reader = BoardPty(EmulatedPn532(clock=time.monotonic), folder / "reader")
        self.sensor = W1Tree(folder / "w1")
        self.heat(21.0)

    @property
    def replaced(self) -> Mapping[str, str]:
        return {
            "/dev/serial/by-id/usb-RS485-if00": str(self.line.path),
            "/dev/serial/by-id/usb-PN532-if00": str(self.reader.path),
            "28-0316a2794bff": str(self.sensor.folder),
        }

    def heat(self, celsius: float) -> None:
        """Of the cable."""
        self.sensor.temperature(round(celsius * 1000))

    def is_energised(self, evse_id: int) -> bool:
        assert evse_id == 1
        return self.relay.closed

    def offered_a(self) -> float | None:
        """What the PWM offers."""
        return self.line.boards[1].offers_a

    def begin(self, trouble: Trouble) -> None:
        self._switch(trouble.name, on=True)

    def end(self, trouble: Trouble) -> None:
        self._switch(trouble.name, on=False)

    def _switch(self, name: str, *, on: bool) -> None:
        if name in self.contacts:
            self.contacts[name].act(active=on)
        elif name == "cable too hot":
            self.heat(84.0 if on else 21.0)
        else:
            self.line.switch(name, on=on)


class TestDiscreteParts(IronJourneys):
    """The whole file, with everything that can go wrong on its pins and lines."""

    troubles = (
        Trouble("RCD", "CX002"),
        Trouble("emergency stop", "CX008"),
        Trouble("door", "DoorOpen", ends=False),
        Trouble("cable too hot", "CX019", ends=False),
        *LINE_TROUBLES,
    )

    @pytest.fixture
    async def iron(self, tmp_path: Path) -> AsyncIterator[DiscreteIron]:
        with mock_board() as board:
            iron = DiscreteIron(tmp_path, board)
            loop = asyncio.get_running_loop()
            iron.relay.attach(loop)
            iron.lock.attach(loop)
            with iron.line, iron.reader:
                yield iron

    async def test_the_stop_button_ends_the_charge(
        self, running: RunningStation, dialect: Dialect, iron: DiscreteIron
    ) -> None:
        await self.charge(running, dialect, iron)
        assert iron.lock.locked

        iron.stop.act()
        ended = await dialect.ended(running.bench)
        iron.stop.act(active=False)

        assert dialect.stopped_reason(ended) == "Local"
        await running.until_status(ConnectorStatus.FINISHING, within_s=WITHIN_S)
        await self.leave(running, iron)
        await running.until(lambda: not iron.lock.locked, within_s=WITHIN_S)

    async def test_a_warm_cable_and_the_grid_operators_relay_lower_the_offer(
        self, running: RunningStation, csms: BenchCsms, dialect: Dialect, iron: DiscreteIron
    ) -> None:
        await self.charge(running, dialect, iron)
        assert iron.offered_a() == 16

        iron.heat(60.0)
        await running.until(lambda: iron.offered_a() == 11, within_s=WITHIN_S)
        iron.curtail.act()
        await running.until(lambda: iron.offered_a() == 6, within_s=WITHIN_S)
        iron.curtail.act(active=False)
        iron.heat(21.0)
        await running.until(lambda: iron.offered_a() == 16, within_s=WITHIN_S)

        assert running.status() is ConnectorStatus.CHARGING
        await self.leave(running, iron)
        await running.until_told()
        assert "CX018" in codes_told(running, dialect)
        assert len(csms.ledger.transactions) == 1

    async def test_the_lights_show_how_things_stand(
        self, running: RunningStation, dialect: Dialect, iron: DiscreteIron
    ) -> None:
        def lit(pin: int) -> bool:
            return iron.board.wire(pin).level

        await running.until(lambda: lit(GREEN) and not lit(RED), within_s=WITHIN_S)
        await self.charge(running, dialect, iron)
        await _eventually(lambda: lit(BLUE))
        iron.contacts["RCD"].act()
        await _eventually(lambda: lit(RED))
        iron.contacts["RCD"].act(active=False)
        await self.leave(running, iron)

    async def test_a_reader_that_is_pulled_and_put_back_reads_again(
        self, running: RunningStation, dialect: Dialect, iron: DiscreteIron
    ) -> None:
        iron.reader.unplug()
        await running.until(lambda: bool(running.faults()), within_s=WITHIN_S)
        iron.reader.plug()
        await running.until(lambda: not running.faults(), within_s=WITHIN_S)

        await self.charge(running, dialect, iron)
        await self.leave(running, iron)

        assert "ReaderFailure" in codes_told(running, dialect)


async def _eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not is_so():  # noqa: ASYNC110 - a light tells nobody that it changed
            await asyncio.sleep(0.01)
