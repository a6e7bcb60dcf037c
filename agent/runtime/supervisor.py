"""The agent's long-lived tasks: named, watched, and ended in order."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from agent.log import get_logger

log = get_logger(__name__)


class Supervisor:
    """Starts tasks and waits until one fails or a stop is asked for. A task that ends by itself is a failure too."""

    def __init__(self) -> None:
        self.failure: BaseException | None = None
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._ended = asyncio.Event()

    def start(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Run `work` until the end."""
        task = asyncio.create_task(work, name=name)
        self._tasks[task] = name
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        name = self._tasks.pop(task, task.get_name())
        if task.cancelled():
            return
        error = task.exception() or RuntimeError(f"{name} ended by itself")
        log.error("task failed", cause=error, task=name)
        self.failure = self.failure or error
        self._ended.set()

    def stop(self) -> None:
        """Ask for the end."""
        self._ended.set()

    async def wait(self) -> None:
        """Return once a stop is asked for or a task failed (`failure`)."""
        await self._ended.wait()

    async def end(self, *names: str, within_s: float) -> None:
        """Cancel the named tasks (all without names) and wait for them, no longer than `within_s`."""
        chosen = [task for task, name in self._tasks.items() if not names or name in names]
        for task in chosen:
            task.cancel()
        if not chosen:
            return
        _, pending = await asyncio.wait(chosen, timeout=within_s)
        for task in pending:
            log.error("task did not end in time", task=task.get_name())
