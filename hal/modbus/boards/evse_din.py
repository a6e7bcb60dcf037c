"""EVSE DIN and EVSE WB controllers (EV Racing; sold as simpleEVSE too) over Modbus RTU.

The board closes its relay by itself when the vehicle asks under a PWM (hal.self_closing). Registers, all holding, read
by function 3 and written by 16: the maker's evse-wb-din_Manual.pdf as read by evcc (charger/evsedin.go), openWB and
kortas87/evse-scripts:

- 1000 current to offer in amperes (0: none), 1001 the current that is offered, 1002 the vehicle (1 none, 2 present,
  3 charging, 4 charging with ventilation, 5 failure), 1003 what the cable carries, 1004 bit 0: turn off now,
  1005 firmware, 1006 the pilot (1 steady +12 V, 2 PWM, 3 off), 1007 bits: 0 relay, 1 no diode, 2 ventilation wanted,
  3 waits for the pilot after a failure, 4 and 5 the residual current device: failed (newer firmware: bit 4 its test).
- From firmware 17 on, bit 7 of 2005 makes 1000 count in hundredths of an ampere, as openWB sets it
  (packages/modules/common/evse.py in openWB/core); it is left as it is found.
- It has no supervision of its own: an agent that dies leaves its last offer standing.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar

from hal.errors import BadReading, DeviceRefused, HalError
from hal.modbus.bus import ModbusBus
from hal.modbus.frames import write_registers_pdu
from hal.modbus.line_settings import LineSettings, check_range, shared_bus
from hal.modbus.requests import always
from hal.modbus.words import Function
from hal.readings import FaultReading, PilotState
from hal.registry import DriverContext
from hal.self_closing import BoardState, SelfClosingBoard, Wish

log = logging.getLogger(__name__)

OFFER, CONTROL, FIRMWARE, OPTIONS = 1000, 1004, 1005, 2005
HUNDREDTHS = 0x80
FIRST_WITH_HUNDREDTHS = 17
COUNT = 8
TURN_OFF = 1
RELAY, NO_DIODE, VENTILATION, RCD_OR_TEST, RCD = 1, 2, 4, 16, 32
NONE, PRESENT, CHARGING, VENTILATED, FAILURE = 1, 2, 3, 4, 5
PILOTS = {
    NONE: PilotState.A,
    PRESENT: PilotState.B,
    CHARGING: PilotState.C,
    VENTILATED: PilotState.D,
    FAILURE: PilotState.E,
}
HIGHEST_A = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class EvseDinSettings(LineSettings):
    """A controller on a line: `port` for a serial one, or `host` for a gateway."""

    timeout_s: float = field(default=0.3, metadata={"doc": "How long one answer may take. The same for a whole line."})
    poll_s: float = field(default=0.3, metadata={"doc": "Time between two looks at the board."})

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        LineSettings.__post_init__(self)
        check_range("poll_s", self.poll_s, low=0.05, high=5)


class EvseDin:
    """The `evse-din` driver."""

    Settings: ClassVar[type] = EvseDinSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"pilot", "contactor", "faults"})

    def __init__(self, settings: EvseDinSettings, context: DriverContext) -> None:
        self._link = EvseDinLink(shared_bus(settings, context), device_id=settings.device_id, name=context.name)
        self._board = SelfClosingBoard(self._link, name=context.name, poll_s=settings.poll_s)

    async def start(self) -> None:
        """Open the line and leave the board with nothing offered. DeviceGone, or DeviceSilent where nobody answers."""
        await self._board.start()

    async def stop(self) -> None:
        """Leave the board with nothing offered, its relay open."""
        await self._board.stop()

    def offer(self, current_a: float | None) -> None:
        """ControlPilot: rounded down to whole amperes, or to hundredths where the board counts in them."""
        self._board.offer(current_a)

    def states(self) -> AsyncIterator[PilotState]:
        """ControlPilot; a failure that the board does not name is E."""
        return self._board.states()

    def open(self) -> None:
        """Contactor: "turn off now"."""
        self._board.open()

    def close(self) -> None:
        """Contactor."""
        self._board.close()

    def positions(self) -> AsyncIterator[bool]:
        """Contactor: the board's flag of its relay."""
        return self._board.positions()

    def faults(self) -> AsyncIterator[FaultReading]:
        """FaultInput."""
        return self._board.faults()


class EvseDinLink:
    """hal.self_closing.BoardLink over a bus that it shares with meters and other boards."""

    def __init__(self, bus: ModbusBus, *, device_id: int, name: str) -> None:
        self._bus = bus
        self._device_id = device_id
        self._name = name
        self._is_on_line = False
        self._words: list[int] = [0] * COUNT
        self._steps_per_a = 1

    async def open(self) -> None:
        """BoardLink."""
        await self._bus.start(device=self._name)
        self._is_on_line = True
        await self._write(OFFER, 0)
        await self._write(CONTROL, 0)
        self._steps_per_a = 100 if await self._counts_hundredths() else 1

    async def close(self) -> None:
        """BoardLink."""
        if not self._is_on_line:
            return
        self._is_on_line = False
        with suppress(HalError):
            self.cut()
        with suppress(HalError):
            await self._write(OFFER, 0, urgent=True)
        await self._bus.stop()

    async def read(self) -> BoardState:
        """BoardLink."""
        self._words = await self._read(OFFER, count=COUNT)
        return state_of(self._words, device=self._name)

    async def apply(self, wish: Wish) -> None:
        """BoardLink."""
        offered, control, flags = self._words[0], self._words[CONTROL - OFFER], self._words[7]
        wanted = 0
        if wish.enables and wish.offer_a is not None:
            wanted = int(min(HIGHEST_A, wish.offer_a) * self._steps_per_a)
        if wanted < offered:
            await self._write(OFFER, wanted, urgent=True)
        elif wanted > offered:
            await self._write(OFFER, wanted, stands=wish.stands)
        if wish.is_cut:
            if flags & RELAY:
                await self._write(CONTROL, TURN_OFF, urgent=True)  # the first may have been lost on the way
        elif control & TURN_OFF:
            was_sent = await self._write(CONTROL, 0, stands=wish.stands)
            if was_sent and not wish.stands():  # a stop that came while this was on its way is not undone by it
                await self._write(CONTROL, TURN_OFF, urgent=True)

    def cut(self) -> None:
        """BoardLink."""
        self._bus.send_now(write_registers_pdu(CONTROL, [TURN_OFF]), device_id=self._device_id, device=self._name)

    async def _counts_hundredths(self) -> bool:
        (firmware,) = await self._read(FIRMWARE, count=1)
        if firmware < FIRST_WITH_HUNDREDTHS:
            return False
        try:
            (options,) = await self._read(OPTIONS, count=1)
        except DeviceRefused as error:
            # To take amperes for hundredths would offer too much, the other way round nothing at all.
            log.warning("%s: taken to count in whole amperes: %s", self._name, error)
            return False
        return bool(options & HUNDREDTHS)

    async def _read(self, address: int, *, count: int) -> list[int]:
        return await self._bus.read(
            Function.HOLDING, address, count=count, device_id=self._device_id, device=self._name
        )

    async def _write(
        self, address: int, value: int, *, urgent: bool = False, stands: Callable[[], bool] = always
    ) -> bool:
        return await self._bus.write(
            address, [value], device_id=self._device_id, device=self._name, urgent=urgent, stands=stands
        )


def state_of(words: list[int], *, device: str) -> BoardState:
    """What registers 1000 to 1007 say. Raises BadReading for a state that nobody knows."""
    vehicle, flags = words[2], words[7]
    if vehicle not in PILOTS:
        raise BadReading(f"vehicle state {vehicle} in register 1002", device=device)
    faults = _faults(vehicle, flags)
    # A failure that has a name says nothing of the pilot.
    pilot = None if vehicle == FAILURE and faults else PILOTS[vehicle]
    return BoardState(pilot=pilot, closed=bool(flags & RELAY), faults=faults)


def _faults(vehicle: int, flags: int) -> dict[str, str]:
    found: dict[str, str] = {}
    if flags & NO_DIODE:
        found["DiodeFault"] = "no diode in the vehicle (1007 bit 1)"
    if flags & VENTILATION:
        found["InvalidVehicleMode"] = "the vehicle wants ventilation (1007 bit 2)"
    # Bit 4 alone may be a test that is under way; with a failure it is the failure.
    if flags & RCD or (flags & RCD_OR_TEST and vehicle == FAILURE):
        found["GroundFailure"] = "the residual current device (1007 bit 4 or 5)"
    return found
