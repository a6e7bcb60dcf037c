"""Runs emulated devices on an event loop in a thread of their own: they go on while another loop stands still."""

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")
LIMIT_S = 10.0


class InThread(Generic[T]):
    """A context around an asynchronous one: `with InThread(served) as it:`."""

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[T]]) -> None:
        self._make = make
        self._begun: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="emulated devices", daemon=True)

    def __enter__(self) -> T:
        """What the asynchronous context gives; raises what it raises."""
        self._thread.start()
        return self._begun.result(timeout=LIMIT_S)

    def __exit__(self, *_error: object) -> None:
        """Leave it."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(timeout=LIMIT_S)

    def do(self, deed: Callable[[], R]) -> R:
        """Call something on the devices' loop; its result."""
        if self._loop is None:
            raise RuntimeError("nothing runs yet")
        done: concurrent.futures.Future[R] = concurrent.futures.Future()

        def run() -> None:
            try:
                done.set_result(deed())
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result(timeout=LIMIT_S)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            async with self._make() as made:
                self._begun.set_result(made)
                await self._over.wait()
        except Exception as error:
            if self._begun.done():
                raise
            self._begun.set_exception(error)
