"""Parts of one EVSE, each a device of its own, that do as they are told by a test and watch what the port does."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Generic, TypeVar

from hal.board import EvseParts
from hal.errors import DeviceGone, NotConfirmed
from hal.parts import Clock
from hal.readings import FaultReading, LimitReading, MeterReading, PilotState
from hal.sim.watched import Stream

LOST = DeviceGone("lost")
T = TypeVar("T")


class Gadget(Generic[T]):
    """A device with one stream. While `is_gone` nothing of it works, while `is_dumb` it obeys and tells nothing."""

    def __init__(self) -> None:
        self.is_gone = False
        self.is_dumb = False
        self.is_refusing = False
        self._stream: Stream[T] = Stream()

    async def start(self) -> None:
        if self.is_gone:
            raise LOST

    async def stop(self) -> None:
        """Nothing to release."""

    def lose(self) -> None:
        self.is_gone = True
        self._stream.fail(LOST)

    def fall_dumb(self) -> None:
        self.is_dumb = True
        self._stream.fail(LOST)

    def find(self) -> None:
        self.is_gone = self.is_dumb = False
        self._stream.fail(None)

    @property
    def is_heard(self) -> bool:
        return not self.is_gone and not self.is_dumb

    def say(self, item: T) -> None:
        if self.is_heard:
            self._stream.emit(item)

    def follow(self, present: Callable[[], Iterable[T]]) -> AsyncIterator[T]:
        return self._stream.follow(present)

    def take_command(self) -> None:
        if self.is_gone or self.is_refusing:
            raise LOST


class Pilot(Gadget[PilotState]):
    def __init__(self) -> None:
        super().__init__()
        self.state = PilotState.A
        self.offer_a: float | None = None
        self.told_to_offer: Callable[[float], None] = lambda _: None

    async def start(self) -> None:
        await super().start()
        self.offer_a = 10.0  # a board that was switched on offers what its makers liked

    def move(self, state: PilotState) -> None:
        self.state = state
        self.say(state)

    def offer(self, current_a: float | None) -> None:
        self.take_command()
        if current_a is not None:
            self.told_to_offer(current_a)
        self.offer_a = current_a

    def states(self) -> AsyncIterator[PilotState]:
        return self.follow(lambda: (self.state,))


class Relay(Gadget[bool]):
    """The contactor. `sticks` holds its contacts where they are told to be, whatever the coil does."""

    def __init__(self) -> None:
        super().__init__()
        self.told_closed = False
        self.closed = False
        self.sticks: bool | None = None
        self.told_to_close: Callable[[], None] = _nobody
        self.refuses_to_close = False
        self.has_refused = False

    def open(self) -> None:
        self.take_command()
        self.told_closed = self.has_refused = False
        self.settle()

    def close(self) -> None:
        self.told_to_close()
        self.told_closed = True  # a command that was refused may have got through
        if self.refuses_to_close:
            self.has_refused = True
            raise LOST
        self.take_command()
        self.settle()

    def settle(self) -> None:
        closed = self.told_closed if self.sticks is None else self.sticks
        if closed is not self.closed:
            self.closed = closed
            self.say(closed)

    def positions(self) -> AsyncIterator[bool]:
        return self.follow(lambda: (self.closed,))


class Inputs(Gadget[FaultReading]):
    def __init__(self) -> None:
        super().__init__()
        self.active: set[str] = set()

    def move(self, fault: str, *, active: bool) -> None:
        (self.active.add if active else self.active.discard)(fault)
        self.say(FaultReading(fault, active=active))

    def faults(self) -> AsyncIterator[FaultReading]:
        return self.follow(lambda: [FaultReading(fault, active=True) for fault in sorted(self.active)])


class Limit(Gadget[LimitReading]):
    """`said_a` is what it told last."""

    def __init__(self) -> None:
        super().__init__()
        self.limit_a: float | None = None
        self.said_a: float | None = None
        self.was_heard = False

    def move(self, limit_a: float | None) -> None:
        self.limit_a = limit_a
        if self.is_heard:
            self.said_a = limit_a
        self.say(LimitReading(limit_a, "hot"))

    def limits(self) -> AsyncIterator[LimitReading]:
        return self.follow(self._present)

    def _present(self) -> list[LimitReading]:
        if self.is_heard:
            self.said_a, self.was_heard = self.limit_a, True
        return [LimitReading(self.limit_a, "hot")]


class Button(Gadget[None]):
    def presses(self) -> AsyncIterator[None]:
        return self.follow(tuple)


class Meter(Gadget[None]):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.current_a = 0.0
        self._clock = clock

    async def read(self) -> MeterReading:
        self.take_command()
        return MeterReading(mono_s=self._clock.monotonic(), energy_import_wh=1, current_a=(self.current_a,))


class Mover(Gadget[None]):
    """Lock and phase switch: each move takes `takes_s`; `watch` is told when it begins (True) and when it ends."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.takes_s = 0.0
        self.unlocking = 0
        self.switching = 0
        self.moves: list[str] = []
        self.watch: Callable[[str, bool], None] = lambda move, begins: None  # noqa: ARG005 - nobody watches
        self._clock = clock

    async def lock(self) -> None:
        await self._move("lock")

    async def unlock(self) -> None:
        self.unlocking += 1
        try:
            await self._move("unlock")
        finally:
            self.unlocking -= 1

    async def use_phases(self, count: int) -> None:
        self.switching += 1
        try:
            await self._move(f"{count} phases")
        finally:
            self.switching -= 1

    async def _move(self, move: str) -> None:
        self.watch(move, True)
        self.moves.append(move)
        await self._clock.sleep(self.takes_s)
        self.watch(move, False)
        if self.is_gone:
            raise LOST
        if self.is_refusing:
            raise NotConfirmed("the end switch disagrees")


class Iron:
    """All of it."""

    def __init__(self, clock: Clock) -> None:
        self.pilot, self.relay, self.meter = Pilot(), Relay(), Meter(clock)
        self.inputs = (Inputs(), Inputs())
        self.limits = (Limit(), Limit())
        self.button = Button()
        self.lock, self.phases = Mover(clock), Mover(clock)

    @property
    def gadgets(self) -> "tuple[Gadget[Any], ...]":
        return (self.pilot, self.relay, self.meter, *self.inputs, *self.limits, self.button, self.lock, self.phases)

    @property
    def parts(self) -> EvseParts:
        return EvseParts(
            pilot=self.pilot,
            contactor=self.relay,
            meter=self.meter,
            lock=self.lock,
            faults=self.inputs,
            indicator=None,
            drivers=self.gadgets,
            limits=self.limits,
            phase_switch=self.phases,
            stop_buttons=(self.button,),
        )


def _nobody() -> None:
    """Nobody watches."""
