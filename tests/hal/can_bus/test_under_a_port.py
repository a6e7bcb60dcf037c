"""A whole EVSE on a CAN board, as the agent runs it: composed from its settings, kept by a port."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from hal.board import ALL, EvseSpec, PartSpec, build_evse
from hal.can_bus.settings import BusSettings
from hal.port import Port, PortSettings
from hal.port_events import PortEvent
from hal.readings import PilotState
from hal.registry import DRIVERS, SharedDevices
from hil.devices.can_board import EmulatedCanBoard, Mood
from hil.devices.can_board_bus import CanBoardOnBus
from tests.contracts.waiting import Wall, eventually
from tests.hal.can_bus.rig import SELF_CLOSING, SIGNALS, a_bus, end_of_the_board, settings_of


class Evse:
    """A port with an agent that renews its lease, and the board below it."""

    def __init__(self, port: Port, wire: CanBoardOnBus) -> None:
        self.port = port
        self.wire = wire

    def sees(self, is_so: Callable[[EmulatedCanBoard], bool]) -> bool:
        with self.wire.hands_on() as board:
            return is_so(board)

    def is_closed(self) -> bool:
        return self.sees(lambda board: board.is_energised)

    async def charge(self) -> None:
        await eventually(lambda: self.port.snapshot().pilot is not None, limit_s=12)
        with self.wire.hands_on() as board:
            board.vehicle.connected = board.vehicle.wants = True
        self.port.permit(16.0)
        await eventually(lambda: bool(self.port.snapshot().contactor_closed), limit_s=12)
        assert self.is_closed()


@asynccontextmanager
async def an_evse(bus: BusSettings, monkeypatch: pytest.MonkeyPatch, **changed: object) -> AsyncIterator[Evse]:
    monkeypatch.setitem(DRIVERS, "can-board", "hal.can_bus.board:CanBoard")
    spec = EvseSpec(1, max_current_a=32, phases=3, parts={ALL: PartSpec("can-board", settings_of(bus, **changed))})
    events: list[PortEvent] = []
    port = Port(
        1,
        build_evse(spec, clock=Wall(), shared=SharedDevices()),
        clock=Wall(),
        settings=PortSettings(max_current_a=32.0),
        report=events.append,
    )
    with CanBoardOnBus(EmulatedCanBoard(clock=time.monotonic), partial(end_of_the_board, bus)) as wire:
        tasks = [
            asyncio.create_task(port.run(), name="port under test"),
            asyncio.create_task(_renew(port), name="agent"),
        ]
        try:
            yield Evse(port, wire)
        finally:
            for task in reversed(tasks):
                task.cancel()
                await asyncio.wait([task])


async def _renew(port: Port) -> None:
    while True:
        port.renew()
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("signals", [SIGNALS, SELF_CLOSING], ids=["commanded", "self-closing"])
async def test_it_charges_loses_its_board_opens_and_charges_again(
    monkeypatch: pytest.MonkeyPatch, signals: object
) -> None:
    async with an_evse(a_bus(), monkeypatch, signals=signals) as evse:
        await evse.charge()

        with evse.wire.hands_on() as board:
            board.mood = Mood.MUTE
        await eventually(lambda: "BoardLost" in evse.port.snapshot().faults)
        await eventually(lambda: not evse.is_closed(), limit_s=0.5)
        with evse.wire.hands_on() as board:
            board.mood = Mood.NORMAL

        await eventually(lambda: "BoardLost" not in evse.port.snapshot().faults, limit_s=12)
        await evse.charge()


async def test_a_fault_of_the_board_opens_it_through_the_port(monkeypatch: pytest.MonkeyPatch) -> None:
    async with an_evse(a_bus(), monkeypatch) as evse:
        await evse.charge()

        with evse.wire.hands_on() as board:
            board.faults.add("EmergencyStop")

        await eventually(lambda: "EmergencyStop" in evse.port.snapshot().faults)
        await eventually(lambda: not evse.sees(lambda board: board.commanded))


async def test_a_withdrawn_permission_is_on_the_bus_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with an_evse(a_bus(), monkeypatch) as evse:
        await evse.charge()
        began_at_s = time.monotonic()

        evse.port.withdraw()
        await eventually(lambda: not evse.is_closed())

        assert time.monotonic() - began_at_s < 0.1
        await eventually(lambda: evse.port.snapshot().pilot is PilotState.B)
