"""Short errands with an owner: bounded in number, named, cancelled and awaited at the end."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from agent.log import get_logger

log = get_logger(__name__)

MAX_ERRANDS = 256


class Tasks:
    """Owns tasks that nobody awaits; a failure is logged and counted, never lost."""

    def __init__(self) -> None:
        self.failures = 0
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self, errand: Coroutine[Any, Any, None], *, name: str) -> bool:
        """Run an errand in the background; False where it is refused: beyond 256 at once (logged), after `close`."""
        if self._closed:
            errand.close()
            return False
        if len(self._running) >= MAX_ERRANDS:
            errand.close()
            self.failures += 1
            log.error("too many errands", refused=name)
            return False
        task = asyncio.create_task(errand, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return True

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failures += 1
            log.error("errand failed", cause=error, errand=task.get_name())

    async def close(self) -> None:
        """Cancel what runs and wait for it; nothing starts any more."""
        self._closed = True
        running = list(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
