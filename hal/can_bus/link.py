"""The link to one board: our messages out at their pace, the board's in, and its silence noticed.

Our sign of life is sent by the event loop, never by a thread: where the loop hangs it stops, and the board opens by
itself.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from hal.can_bus.board_map import BoardMap
from hal.can_bus.bus import CanBus
from hal.can_bus.commands import Commands, Frame
from hal.can_bus.measurement import Measurement
from hal.can_bus.settings import CanBoardSettings
from hal.can_bus.signals import raw_values
from hal.can_bus.state import Known
from hal.can_bus.watch import Watch
from hal.errors import BadReading, DeviceGone, DeviceRefused, DeviceSilent, HalError, NotConfirmed
from hal.parts import Clock
from hal.readings import MeterReading
from hal.self_closing import BoardState

if TYPE_CHECKING:
    from cantools.database.can import Message

log = logging.getLogger(__name__)

FAREWELL_S = 0.15
"""How long `close` waits for the board to say that its contactor is open."""
REPEAT_S = 0.04
"""How often it repeats the command meanwhile."""
SHORTEST_WAIT_S = 0.001


class CanLink:
    """`changed` is called after each frame that told of the board, `failed` once the board is lost."""

    def __init__(self, board: BoardMap, settings: CanBoardSettings, *, name: str) -> None:
        self.changed: Callable[[], None] = _nothing
        self.failed: Callable[[HalError], None] = _ignore
        self.outages = 0
        self.unsent = 0
        self._board = board
        self._name = name
        self._period_s = settings.heartbeat.period_s
        self._hands = threading.Lock()  # held while frames are made and handed over, never across a wait
        self._commands = Commands(board)
        self._watch = Watch(board.watched, device=name)
        self._bus = CanBus(settings.bus, device=name, accepts=board.heard, took=self._take_frame, lost=self._lose)
        self._known = Known(board)
        self._task: asyncio.Task[None] | None = None
        self._failure: HalError | None = DeviceGone("is not started", device=name)
        self._waiting: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._measurements: list[Measurement] = []

    @property
    def is_open(self) -> bool:
        """Between `open` and `close`, lost or not."""
        return self._task is not None

    def state(self) -> BoardState:
        """How the board stands. Raises what ended the link."""
        if self._failure is not None:
            raise self._failure
        return self._known.state()

    async def open(self) -> None:
        """Take the bus, command the board safe, and return once it was heard. DeviceGone, DeviceSilent, BadReading."""
        self._failure = None
        self._known = Known(self._board)
        with self._hands:
            self._commands.make_safe()
        try:
            await self._bus.open()
        except HalError as error:
            self._lose(error)
            raise
        self._watch.begin(asyncio.get_running_loop().time())
        self._task = asyncio.create_task(self._run(), name=f"CAN link of {self._name}")
        try:
            await self._until(lambda: self._watch.is_complete, limit_s=None)
        except BaseException:
            await self.close()
            raise
        if self.outages:
            log.info("%s: the board is back (attempts that failed meanwhile: %d)", self._name, self.outages - 1)
            self.outages = 0

    async def close(self) -> None:
        """Command the board safe, wait a moment for it to say so, and give the bus back. Harmless when repeated."""
        was_lost = isinstance(self._failure, DeviceGone)
        if self._task is not None and not was_lost:
            await self._say_farewell()
        if self._failure is None:
            self._failure = DeviceGone("was stopped", device=self._name)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._release(self._failure)
        await self._bus.close()

    def offer(self, current_a: float | None) -> None:
        """Put the limit on the bus. HalError where that cannot be, or where the board is lost."""
        if current_a is not None:
            self.state()
        with self._hands:
            self._commands.offer(current_a)
            self._send(self._commands.orders())

    def offer_if(self, stands: Callable[[], bool], current_a: float | None) -> None:
        """Put the limit on the bus, unless `stands` no longer holds once it is our turn, or the board is lost."""
        with self._hands:
            if stands() and (current_a is None or self._failure is None):
                self._commands.offer(current_a)
                self._send(self._commands.orders())

    def contactor(self, *, closed: bool) -> None:
        """Put the command on the bus; from any thread. HalError where that cannot be; a lost board is only opened."""
        if closed:
            self.state()
        with self._hands:
            self._commands.contactor(closed=closed)
            self._send(self._commands.orders())

    def cut(self) -> None:
        """Put on the bus, from any thread, that nothing is offered and the contactor is to be open."""
        with self._hands:
            self._commands.make_safe()
            self._send(self._commands.orders())

    async def measure(self, clock: Clock) -> MeterReading:
        """A reading of frames that arrive from now on. DeviceSilent where they do not come in time."""
        meter = self._board.meter
        if meter is None:
            raise DeviceRefused("has no meter: `signals` names none", device=self._name)
        if self._failure is not None:
            raise self._failure
        one = Measurement(meter, device=self._name)
        self._measurements.append(one)
        try:
            async with asyncio.timeout(meter.timeout_s):
                await one.complete
        except TimeoutError as error:
            if one.refused:
                raise BadReading(one.refused, device=self._name) from error
            raise DeviceSilent(f"{one.missing} did not come in {meter.timeout_s:g} s", device=self._name) from error
        finally:
            self._measurements.remove(one)
        return one.reading(mono_s=clock.monotonic())

    async def move_lock(self, *, locked: bool) -> None:
        """Return once its end switch says so; NotConfirmed. At once where the board has no lock."""
        lock = self._board.lock
        if lock is None:
            return
        if self._failure is not None:
            raise self._failure
        with self._hands:
            self._commands.lock(locked=locked)
            self._send(self._commands.orders())
        try:
            await self._until(lambda: self._known.locked is locked, limit_s=lock.timeout_s)
        except TimeoutError as error:
            raise NotConfirmed(
                f"the lock is not {'locked' if locked else 'free'} after {lock.timeout_s:g} s", device=self._name
            ) from error

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        next_s = loop.time()
        while True:
            now_s = loop.time()
            try:
                self._bus.take()  # what came while the loop was busy is no silence
                self._bus.check()
                if self._failure is None and (failure := self._watch.failure(now_s)) is not None:
                    self._lose(failure)
                if now_s >= next_s:
                    self._beat()
                    next_s = max(next_s + self._period_s, now_s + self._period_s / 2)
            except HalError as error:
                self._lose(error)
            except Exception as error:
                log.exception("%s: the driver failed", self._name)
                self._lose(DeviceGone(f"its driver failed: {error}", device=self._name))
            if isinstance(self._failure, DeviceGone):
                return
            until_s = next_s if self._failure is not None else min(next_s, self._watch.deadline_s())
            await asyncio.sleep(max(until_s - loop.time(), SHORTEST_WAIT_S))

    def _beat(self) -> None:
        """All our messages. A bus that takes no more is no error here: the board's silence tells, if it is one."""
        with self._hands:
            self._commands.count()
            try:
                self._send(self._commands.frames())
            except DeviceSilent:
                self.unsent += 1

    def _send(self, frames: Iterable[Frame]) -> None:
        for frame in frames:
            self._bus.send(frame)

    async def _say_farewell(self) -> None:
        with suppress(HalError, TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                while True:
                    self.cut()
                    with suppress(TimeoutError):
                        await self._until(self._is_surely_open, limit_s=REPEAT_S)
                        return

    def _is_surely_open(self) -> bool:
        return self._failure is None and self._known.is_surely_open

    def _take_frame(self, frame: Frame) -> None:
        try:
            self._take(frame)
        except Exception as error:
            log.exception("%s: the driver failed", self._name)
            self._lose(DeviceGone(f"its driver failed: {error}", device=self._name))

    def _take(self, frame: Frame) -> None:
        message = self._board.heard.get((frame.identifier, frame.is_extended))
        if message is None:
            return
        length = len(frame.data)
        if length != message.length and not (frame.is_fd and length > message.length):
            self._refuse(message, f"{length} bytes instead of {message.length}")
            return
        try:
            raws = raw_values(message, frame.data)
        except BadReading as error:
            self._refuse(message, str(error))
            return
        if (nonsense := self._known.nonsense(message, raws)) is not None:
            self._refuse(message, nonsense)
            return
        counter = self._board.alive_counter
        count = raws[counter.signal.name] if counter is not None and counter.message is message else None
        self._watch.sound(message.name, now_s=asyncio.get_running_loop().time(), count=count)
        for measurement in self._measurements:
            measurement.take(message, raws)
        if self._known.learn(message, raws) and self._failure is None:
            self.changed()
        self._notify()

    def _refuse(self, message: "Message", reason: str) -> None:
        self._watch.refuse(message.name, reason)
        for measurement in self._measurements:
            measurement.refuse(message.name, reason)

    def _lose(self, failure: HalError) -> None:
        if self._failure is not None and not isinstance(failure, DeviceGone):
            return
        is_first = self._failure is None
        self._failure = failure
        if not is_first:
            return
        self.outages += 1
        if self.outages == 1:
            log.warning("%s", failure)
        # Nothing is known of the contactor any more: it is told to open as long as somebody may hear it.
        with suppress(HalError):
            self.cut()
        self._release(failure)
        self.failed(failure)

    def _release(self, failure: HalError) -> None:
        for measurement in self._measurements:
            if not measurement.complete.done():
                measurement.complete.set_exception(failure)
        for _, waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(failure)

    def _notify(self) -> None:
        for is_so, waiter in self._waiting:
            if not waiter.done() and is_so():
                waiter.set_result(None)

    async def _until(self, is_so: Callable[[], bool], *, limit_s: float | None) -> None:
        """Return once it is so. TimeoutError; what ended the link, where it does."""
        if is_so():
            return
        entry = (is_so, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(limit_s):
                await entry[1]
        finally:
            self._waiting.remove(entry)


def _nothing() -> None:
    """Nobody asked to be told."""


def _ignore(_failure: HalError) -> None:
    """Nobody asked to be told."""
