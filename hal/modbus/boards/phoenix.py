"""Charge controllers of Phoenix Contact over Modbus TCP: EM-CP-PP-ETH, and CHARX with its several controllers.

They close their contactor by themselves when the vehicle asks under a release (hal.self_closing). Registers as evcc
reads and writes them (charger/phoenix-em-eth.go, charger/phoenix-charx.go), which cite the maker's manuals:

- EM-CP-PP-ETH (unit 180): input 100 the IEC 61851-1 state as a letter, holding 300 the current in amperes, coil 400
  the release.
- CHARX: holding registers of controller n begin at 1000 n. 299 the state as letter and digit (C2: asks and may charge),
  300 the release, 301 the current in amperes; of its meter 232 voltages in mV, 238 currents in mA, 244 power in mW
  (32 bits each), 250 energy in Wh (64 bits).
- Neither tells of its contactor: it is taken for closed while the state is C or D under a release, and a welded one
  is not seen. Where that matters, drive the contactor by another driver.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar

from hal.errors import BadReading, HalError, WrongSettings
from hal.modbus.boards.phoenix_registers import MODELS, Model, meter_reading, pilot_of
from hal.modbus.bus import ModbusBus
from hal.modbus.frames import write_coil_pdu, write_registers_pdu
from hal.modbus.line_settings import LineSettings, check_range, shared_bus
from hal.modbus.words import Function
from hal.readings import FaultReading, MeterReading, PilotState
from hal.registry import DriverContext
from hal.self_closing import ASKS, BoardState, SelfClosingBoard, Wish
from hal.stale import StaleWatch


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoenixSettings(LineSettings):
    """A controller at a host, or on a serial line."""

    model: str = field(metadata={"doc": f"Which one: {', '.join(MODELS)}."})
    controller: int = field(default=1, metadata={"doc": "Of a CHARX: which of its charge controllers, 1 to 48."})
    timeout_s: float = field(default=0.5, metadata={"doc": "How long one answer may take. The same for a whole line."})
    poll_s: float = field(default=0.3, metadata={"doc": "Time between two looks at the board."})

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        LineSettings.__post_init__(self)
        if self.model not in MODELS:
            raise WrongSettings(f"model is one of {', '.join(MODELS)}, not {self.model!r}", path=("model",))
        check_range("controller", self.controller, low=1, high=48)
        check_range("poll_s", self.poll_s, low=0.05, high=5)


class PhoenixBoard:
    """The `phoenix` driver."""

    Settings: ClassVar[type] = PhoenixSettings
    PARTS: ClassVar[frozenset[str]] = frozenset({"pilot", "contactor", "faults", "meter"})

    def __init__(self, settings: PhoenixSettings, context: DriverContext) -> None:
        model = MODELS[settings.model]
        self._context = context
        self._link = PhoenixLink(
            shared_bus(settings, context),
            model,
            first=settings.controller * model.stride,
            device_id=settings.device_id,
            name=context.name,
        )
        self._stale = StaleWatch()
        self._board = SelfClosingBoard(self._link, name=context.name, poll_s=settings.poll_s)
        self.parts = self.PARTS if model.has_meter else self.PARTS - {"meter"}
        """Those of this model."""

    async def start(self) -> None:
        """Open the line and leave the board without a release. DeviceGone, or DeviceSilent where nobody answers."""
        self._stale.forget()
        await self._board.start()

    async def stop(self) -> None:
        """Leave the board without a release."""
        await self._board.stop()

    def offer(self, current_a: float | None) -> None:
        """ControlPilot: rounded down to whole amperes."""
        self._board.offer(current_a)

    def states(self) -> AsyncIterator[PilotState]:
        """ControlPilot."""
        return self._board.states()

    def open(self) -> None:
        """Contactor: the release is taken back."""
        self._board.open()

    def close(self) -> None:
        """Contactor."""
        self._board.close()

    def positions(self) -> AsyncIterator[bool]:
        """Contactor: as the controller's state lets expect."""
        return self._board.positions()

    def faults(self) -> AsyncIterator[FaultReading]:
        """FaultInput: it knows none but the pilot's; that it is gone is an error."""
        return self._board.faults()

    async def read(self) -> MeterReading:
        """EnergyMeter of a CHARX. Raises as ModbusBus.read does, BadReading for a controller without a meter."""
        mono_s = self._context.clock.monotonic()
        words = await self._link.meter_words()
        try:
            reading = meter_reading(words, mono_s=mono_s)
        except BadReading as error:
            raise BadReading(str(error), device=self._context.name) from error
        self._stale.check(reading, device=self._context.name)
        return reading


class PhoenixLink:
    """hal.self_closing.BoardLink over a bus."""

    def __init__(self, bus: ModbusBus, model: Model, *, first: int, device_id: int, name: str) -> None:
        self._bus = bus
        self._model = model
        self._first = first
        self._device_id = device_id
        self._name = name
        self._is_on_line = False
        self._released = False
        self._offered_a: int | None = None

    async def open(self) -> None:
        """BoardLink."""
        await self._bus.start(device=self._name)
        self._is_on_line = True
        self._offered_a = None
        await self._release(on=False)

    async def close(self) -> None:
        """BoardLink."""
        if self._is_on_line:
            self._is_on_line = False
            with suppress(HalError):
                self.cut()
            with suppress(HalError):
                await self._release(on=False, urgent=True)
            await self._bus.stop()

    async def read(self) -> BoardState:
        """BoardLink."""
        function = Function.INPUT if self._model.is_input else Function.HOLDING
        (word,) = await self._read(function, self._model.state, count=1)
        pilot = pilot_of(word, letters=self._model.letters, device=self._name)
        return BoardState(pilot=pilot, closed=self._released and pilot in ASKS)

    async def apply(self, wish: Wish) -> None:
        """BoardLink."""
        if not wish.enables or wish.offer_a is None:
            if self._released:
                await self._release(on=False, urgent=True)
            return
        wanted_a = int(wish.offer_a)
        if wanted_a != self._offered_a:
            await self._write(self._first + self._model.current, wanted_a)
            self._offered_a = wanted_a
        if not self._released and wish.stands():
            await self._release(on=True)
            if not wish.stands():  # a stop that came while this was on its way is not undone by it
                await self._release(on=False, urgent=True)

    def cut(self) -> None:
        """BoardLink."""
        address = self._first + self._model.release
        pdu = write_coil_pdu(address, on=False) if self._model.is_coil else write_registers_pdu(address, [0])
        self._bus.send_now(pdu, device_id=self._device_id, device=self._name)

    async def meter_words(self) -> list[int]:
        """Registers 232 to 253 of a CHARX controller."""
        return await self._read(Function.HOLDING, 232, count=22)

    async def _release(self, *, on: bool, urgent: bool = False) -> None:
        address = self._first + self._model.release
        self._released = self._released or on  # until the board confirmed otherwise
        if self._model.is_coil:
            await self._bus.write_coil(address, on=on, device_id=self._device_id, device=self._name, urgent=urgent)
        else:
            await self._write(address, int(on), urgent=urgent)
        self._released = on

    async def _read(self, function: Function, address: int, *, count: int) -> list[int]:
        return await self._bus.read(
            function, self._first + address, count=count, device_id=self._device_id, device=self._name
        )

    async def _write(self, address: int, value: int, *, urgent: bool = False) -> None:
        await self._bus.write(address, [value], device_id=self._device_id, device=self._name, urgent=urgent)
