"""For readers that speak only while a card is there: notices that they fell silent about it."""

import asyncio
from collections.abc import Hashable

from hal.parts import Clock
from hal.readers.presence import Presence

LOOKS_PER_GONE = 4


class HeldCards:
    """Presence for a reader that cannot be asked: some looks see nobody, until the card is heard again.

    A busy event loop makes no card go away: time is counted in looks, and what arrived meanwhile is heard before
    the next one.
    """

    def __init__(self, *, clock: Clock, gone_after_s: float, name: str) -> None:
        self._clock = clock
        self._pace_s = gone_after_s / LOOKS_PER_GONE
        self._name = name
        self._presence = Presence(gone_after_s=gone_after_s)
        self._task: asyncio.Task[None] | None = None

    def resume(self) -> None:
        """The reader works (again): a card it was holding before is missed only from now on."""
        self._presence.resumed()
        if not self._presence.is_empty:
            self._watch()

    def heard(self, card: Hashable) -> bool:
        """The reader said `card`: True where this begins a presentation."""
        is_new = self._presence.looked(card, now_s=self._clock.monotonic())
        self._watch()
        return is_new

    async def close(self) -> None:
        """End the watch; what is held stays known for `resume`."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def _watch(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name=f"cards held at {self._name}")

    async def _run(self) -> None:
        while not self._presence.is_empty:
            await self._clock.sleep(self._pace_s)
            self._presence.looked(None, now_s=self._clock.monotonic())
