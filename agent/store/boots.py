"""When each boot began in wall time, for stamps that were made before the clock was known."""

import sqlite3
from datetime import UTC, datetime, timedelta

from agent.clock import Moment
from agent.store.database import transaction

KEPT = 200
"""Boots remembered; a queue that is older than so many restarts keeps its own stamps."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Boots:
    """The table and its copy in memory. `mend` may be called from any thread."""

    def __init__(self) -> None:
        self._offsets_s: dict[str, float] = {}

    def load(self, connection: sqlite3.Connection) -> None:
        """Read what is known."""
        self._offsets_s = dict(connection.execute("SELECT boot, offset_s FROM boots"))

    def remember(self, connection: sqlite3.Connection, boot: str, offset_s: float) -> None:
        """In this boot UTC is the monotonic clock plus `offset_s` (seconds since 1970)."""
        if self._offsets_s.get(boot) == offset_s:
            return
        with transaction(connection):
            connection.execute(
                "INSERT OR REPLACE INTO boots (boot, offset_s, learned)"
                " VALUES (?, ?, (SELECT coalesce(max(learned), 0) + 1 FROM boots))",
                (boot, offset_s),
            )
            connection.execute("DELETE FROM boots WHERE learned <= (SELECT max(learned) FROM boots) - ?", (KEPT,))
        self.load(connection)

    def mend(self, moment: Moment) -> datetime:
        """UTC of a stamp: its own if it was known, else worked out from its boot, else its own after all."""
        if moment.wall_known:
            return moment.wall
        offset_s = self._offsets_s.get(moment.boot)
        return moment.wall if offset_s is None else _EPOCH + timedelta(seconds=offset_s + moment.mono_s)
