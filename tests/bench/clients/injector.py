"""Things that happen at moments the event loop does not choose, as interrupts do."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from types import TracebackType

HAPPENS_WITHIN_S = 10.0


class Injector:
    """A thread that lets something happen after a while, and how long it took until `answered` was called."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._orders: queue.SimpleQueue[tuple[float, Callable[[], None]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="injector", daemon=True)
        self._happened_s: float | None = None
        self._answer: asyncio.Future[float] | None = None

    def __enter__(self) -> "Injector":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._orders.put(None)
        self._thread.join(HAPPENS_WITHIN_S)

    async def measure(self, happen: Callable[[], None], *, after_s: float) -> float:
        """Let `happen` be called on the loop after `after_s`; seconds from the event itself to the answer."""
        self._happened_s = None
        self._answer = self._loop.create_future()
        self._orders.put((after_s, happen))
        async with asyncio.timeout(HAPPENS_WITHIN_S):
            return await self._answer

    def answered(self, at_s: float) -> None:
        """What was waited for came at `at_s` (perf_counter); only the first time after the event counts."""
        if self._happened_s is not None and self._answer is not None and not self._answer.done():
            self._answer.set_result(at_s - self._happened_s)

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            after_s, happen = order
            time.sleep(after_s)
            self._happened_s = time.perf_counter()
            self._loop.call_soon_threadsafe(happen)
