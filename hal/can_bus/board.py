"""An EVSE board on a CAN bus, described by a DBC file: pilot, contactor, faults, and where it has them meter and lock.

All messages of ours are sent every `heartbeat.period_s` and at once at a change; so a lost command is repeated, and
a board that does not hear us any more can open by itself. A board that cannot be heard is an error: DeviceGone where
the bus is gone or off, DeviceSilent where it says nothing or its counter stands still, BadReading where what it says
makes no sense. It is told to open then, as long as the bus takes frames.
"""

from collections.abc import AsyncIterator
from typing import ClassVar, Protocol

from hal.can_bus.board_map import board_map
from hal.can_bus.commanded import CommandedBoard
from hal.can_bus.library import check_interface, database
from hal.can_bus.link import CanLink
from hal.can_bus.self_closing import SelfClosingLink
from hal.can_bus.settings import CanBoardSettings
from hal.can_bus.signals import Dictionary
from hal.errors import BadReading
from hal.readings import FaultReading, MeterReading, PilotState
from hal.registry import DriverContext
from hal.self_closing import SelfClosingBoard

ALWAYS = frozenset({"pilot", "contactor", "faults"})


class _Verbs(Protocol):
    """What both kinds of boards do."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def offer(self, current_a: float | None) -> None: ...
    def open(self) -> None: ...
    def close(self) -> None: ...
    def states(self) -> AsyncIterator[PilotState]: ...
    def positions(self) -> AsyncIterator[bool]: ...
    def faults(self) -> AsyncIterator[FaultReading]: ...


class CanBoard:
    """The `can-board` driver."""

    Settings: ClassVar[type] = CanBoardSettings
    PARTS: ClassVar[frozenset[str]] = ALWAYS | {"meter", "lock"}

    def __init__(self, settings: CanBoardSettings, context: DriverContext) -> None:
        check_interface(settings.bus)
        dictionary = Dictionary(database(settings.dbc, shared=context.shared))
        board = board_map(settings, dictionary)
        self._context = context
        self._link = CanLink(board, settings, name=context.name)
        self._board = self._verbs(settings)
        self._last_wh: int | None = None
        named = {"meter": board.meter, "lock": board.lock}
        self.parts = ALWAYS | {part for part, found in named.items() if found is not None}
        """The parts that this board has, by its settings."""

    async def start(self) -> None:
        """Take the bus and leave the board safe. DeviceGone, DeviceSilent, BadReading."""
        await self._board.start()

    async def stop(self) -> None:
        """Leave the board safe, its contactor open, within a fifth of a second."""
        await self._board.stop()

    def offer(self, current_a: float | None) -> None:
        """ControlPilot: rounded down to what the signal can carry."""
        self._board.offer(current_a)

    def states(self) -> AsyncIterator[PilotState]:
        """ControlPilot."""
        return self._board.states()

    def open(self) -> None:
        """Contactor."""
        self._board.open()

    def close(self) -> None:
        """Contactor."""
        self._board.close()

    def positions(self) -> AsyncIterator[bool]:
        """Contactor: the board's feedback; without one, what was commanded."""
        return self._board.positions()

    def faults(self) -> AsyncIterator[FaultReading]:
        """FaultInput."""
        return self._board.faults()

    async def lock(self) -> None:
        """ConnectorLock."""
        await self._link.move_lock(locked=True)

    async def unlock(self) -> None:
        """ConnectorLock."""
        await self._link.move_lock(locked=False)

    async def read(self) -> MeterReading:
        """EnergyMeter: of frames that arrive after the call. BadReading also where the count went back."""
        reading = await self._link.measure(self._context.clock)
        if self._last_wh is not None and reading.energy_import_wh < self._last_wh:
            raise BadReading(
                f"import went back from {self._last_wh} to {reading.energy_import_wh} Wh", device=self._context.name
            )
        self._last_wh = reading.energy_import_wh
        return reading

    def _verbs(self, settings: CanBoardSettings) -> _Verbs:
        contactor, name = settings.signals.contactor, self._context.name
        if contactor.command is None:
            link = SelfClosingLink(self._link)
            board = SelfClosingBoard(link, name=name, poll_s=settings.heartbeat.period_s)
            self._link.changed = board.look_soon
            self._link.failed = lambda _failure: board.look_soon()
            return board
        assume_s = contactor.operate_time_s if contactor.feedback is None else None
        return CommandedBoard(self._link, name=name, assume_s=assume_s)
