"""A CAN driver on an emulated board, as a bench for every contract; on whichever bus the environment names.

EVSE_CAN_INTERFACE and EVSE_CAN_CHANNEL (socketcan, vcan0) put the contract tests on a bus of the machine.
"""

import asyncio
import dataclasses
import itertools
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import can

from hal.can_bus.board import CanBoard
from hal.can_bus.settings import (
    BusSettings,
    CanBoardSettings,
    ContactorSignals,
    HeartbeatSettings,
    LimitSignal,
    LockSignals,
    MeterSignals,
    PilotSignal,
    SignalSettings,
)
from hal.parts import Clock
from hal.readings import PilotState
from hal.registry import DriverContext, SharedDevices
from hil.devices.can_board import EmulatedCanBoard, Mood
from hil.devices.can_board_bus import PULLABLE, CanBoardOnBus, PullableBus, open_bus
from tests.contracts.waiting import Wall, soon

DBC = Path(__file__).parents[3] / "config" / "can-board.dbc"
SHARED = SharedDevices()
"""Of all tests of a process, so that the file is read once."""
NUMBERS = itertools.count()
MULTICAST = "239.74.163.2"

SIGNALS = SignalSettings(
    pilot=PilotSignal(signal="BoardStatus.PilotState"),
    limit=LimitSignal(signal="AgentCommand.CurrentLimit"),
    contactor=ContactorSignals(
        command="AgentCommand.Contactor",
        closed="Close",
        open="Open",
        feedback="BoardStatus.ContactorFeedback",
        feedback_closed="Closed",
    ),
    faults={
        "BoardFaults.ResidualCurrent": "GroundFailure",
        "BoardFaults.OverTemperature": "HighTemperature",
        "BoardFaults.EmergencyStop": "EmergencyStop",
        "BoardFaults.ContactorWelded": "WeldedContactor",
        "BoardFaults.PilotFault=NoDiode": "DiodeFault",
        "BoardFaults.PilotFault=ShortCircuit": "PilotFault",
    },
    meter=MeterSignals(
        energy="BoardEnergy.EnergyImport",
        power="BoardEnergy.Power",
        currents=("BoardCurrents.CurrentL1", "BoardCurrents.CurrentL2", "BoardCurrents.CurrentL3"),
        voltages=("BoardVoltages.VoltageL1", "BoardVoltages.VoltageL2", "BoardVoltages.VoltageL3"),
        frequency="BoardVoltages.Frequency",
        temperature="BoardCurrents.Temperature",
    ),
    lock=LockSignals(
        command="AgentCommand.Lock",
        feedback="BoardStatus.LockFeedback",
        locked="Hold",
        unlocked="Free",
        feedback_locked="Held",
        feedback_unlocked="Free",
        timeout_s=0.5,
    ),
)
HEARTBEAT = HeartbeatSettings(ours="AgentHeartbeat.AgentCounter", theirs="BoardHeartbeat.BoardCounter")
SELF_CLOSING = dataclasses.replace(
    SIGNALS,
    contactor=ContactorSignals(feedback="BoardStatus.ContactorFeedback", feedback_closed="Closed"),
    constants={"AgentCommand.Mode": "SelfClosing"},
)


def a_bus(interface: str = "virtual") -> BusSettings:
    """One that no other test is on."""
    match interface:
        case "virtual":
            return BusSettings(channel=f"bus-{next(NUMBERS)}", interface=interface)
        case "udp_multicast":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(("", 0))
                port = probe.getsockname()[1]
            return BusSettings(channel=MULTICAST, interface=interface, options={"port": str(port), "fd": "false"})
        case _:
            return BusSettings(channel=f"bus-{next(NUMBERS)}:agent", interface=interface)


def named_bus() -> BusSettings:
    """The one that the environment names; without it one in memory."""
    interface = os.environ.get("EVSE_CAN_INTERFACE", "virtual")
    channel = os.environ.get("EVSE_CAN_CHANNEL")
    if channel is None:
        return a_bus(interface)
    return BusSettings(channel=channel, interface=interface)


def end_of_the_board(bus: BusSettings) -> can.BusABC:
    """The board's own way to a bus."""
    if bus.interface == PULLABLE:
        return open_bus(bus.channel.partition(":")[0], "virtual")
    port: dict[str, Any] = {"port": int(bus.options["port"])} if "port" in bus.options else {}
    return open_bus(bus.channel, bus.interface, **port)


def settings_of(bus: BusSettings, **changed: Any) -> CanBoardSettings:
    """The settings of the example board."""
    values: dict[str, Any] = {"dbc": DBC, "bus": bus, "signals": SIGNALS, "heartbeat": HEARTBEAT}
    return CanBoardSettings(**(values | changed))


def a_driver(settings: CanBoardSettings) -> CanBoard:
    """Made, not started."""
    PullableBus.register()
    return CanBoard(settings, DriverContext(name="EVSE 1", evse_id=1, clock=Wall(), shared=SHARED))


class CanRig:
    """`wire` is the board's end: `with rig.wire.hands_on() as board`."""

    def __init__(self, driver: CanBoard, wire: CanBoardOnBus) -> None:
        self.driver = driver
        self.pilot = driver
        self.meter = driver
        self.faults = driver
        self.contactor = Permitted(driver, self)
        self.clock: Clock = Wall()
        self.wire = wire

    def is_energised(self) -> bool:
        """Whether mains reach the vehicle; where they do, a command on its way is given time to arrive.

        Less of it than AGENT_TIMEOUT_S of the board: this holds up the loop that the agent's heartbeat is sent from.
        """
        return not soon(lambda: not self.closed(), limit_s=0.2)

    def closed(self) -> bool:
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
            board.faults.add("ResidualCurrent")
        return "GroundFailure"

    def mend_it(self) -> None:
        with self.wire.hands_on() as board:
            board.faults.clear()

    def cut(self) -> None:
        self.wire.unplug()

    def set_mood(self, mood: Mood, *, late_by_s: float = 0.0) -> None:
        with self.wire.hands_on() as board:
            board.mood, board.late_by_s = mood, late_by_s


class Permitted:
    """The contactor as the port uses it: closed only under an offer, with a vehicle that asks."""

    def __init__(self, driver: CanBoard, rig: CanRig) -> None:
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


class MeterRig(CanRig):
    """With a load."""

    async def draw(self, *, power_w: float, seconds: float) -> None:
        with self.wire.hands_on() as board:
            board.vehicle.draws_a = power_w / 3 / board.voltage_v
            board.advance(seconds)

    async def cut(self) -> None:  # type: ignore[override]  # the meter's contract waits for it
        self.wire.unplug()


@asynccontextmanager
async def can_rig(
    bus: BusSettings | None = None, *, start: bool = True, rig: type[CanRig] = CanRig, **changed: Any
) -> AsyncIterator[Any]:
    """A driver on a board."""
    bus = bus or a_bus()
    driver = a_driver(settings_of(bus, **changed))
    with CanBoardOnBus(EmulatedCanBoard(clock=time.monotonic), partial(end_of_the_board, bus)) as wire:
        if start:
            await driver.start()
        try:
            yield rig(driver, wire)
        finally:
            await driver.stop()


async def started_again(rig: CanRig) -> None:
    """What the port does with a board that it lost: stop, then start until it succeeds."""
    await rig.driver.stop()
    async with asyncio.timeout(5):
        while True:
            try:
                await rig.driver.start()
                return
            except Exception:  # noqa: BLE001 - the limit ends it
                await asyncio.sleep(0.05)
