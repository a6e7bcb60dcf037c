"""The wall clock, set by the CSMS (2.0.1 B01.FR.06, G02.FR.06), and stamps mended once it is known."""

from datetime import datetime

from agent.clock import Clock
from agent.log import get_logger
from agent.store.store import Store

log = get_logger(__name__)

WORTH_A_STEP_S = 1.0
"""Smaller differences are the network's delay; following them would make time run backwards."""


class WallClock:
    """Follows the CSMS's time and lets the store mend what was stamped before it was known."""

    def __init__(self, clock: Clock, store: Store) -> None:
        self._clock = clock
        self._store = store
        self._is_remembered = False

    async def set(self, utc: datetime) -> None:
        """The CSMS says it is `utc`. Raises StoreError, and then tries again with the CSMS's next word."""
        now = self._clock.now()
        if not now.wall_known or abs((utc - now.wall).total_seconds()) >= WORTH_A_STEP_S:
            step_s = self._clock.set_wall(utc)
            if step_s or not now.wall_known:
                log.info("clock set by the CSMS", step_s=round(step_s, 3), was_known=now.wall_known)
        if not self._is_remembered:
            await self.remember()

    async def remember(self) -> None:
        """Keep this boot's offset, so that its stamps can be mended, also by a later process."""
        now = self._clock.now()
        if now.wall_known:
            await self._store.remember_boot(now.boot, now.wall.timestamp() - now.mono_s)
            self._is_remembered = True
