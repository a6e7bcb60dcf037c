"""Durable state of the station and its EVSEs, one row a record."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from agent.log import get_logger
from agent.store.codec import Codec, CodecError

log = get_logger(__name__)


class StationRecords:
    """The table; a codec for each type of record is made when it is first met."""

    def __init__(self) -> None:
        self._codecs: dict[type, Codec] = {}

    def encode(self, records: Mapping[str, object]) -> list[tuple[str, str]]:
        """Rows of `records`; done before the transaction begins."""
        return [(key, self._codec(type(record)).encode(record)) for key, record in records.items()]

    def write(self, connection: sqlite3.Connection, rows: list[tuple[str, str]]) -> None:
        """Store rows within the open transaction."""
        connection.executemany("INSERT OR REPLACE INTO station_state (key, body) VALUES (?, ?)", rows)

    def read(self, connection: sqlite3.Connection, types: Mapping[str, Any]) -> dict[str, object]:
        """All records whose key is one of `types`, or starts with it and a slash.

        One that cannot be read is left out and logged: the station starts anew there.
        """
        records: dict[str, object] = {}
        for key, body in connection.execute("SELECT key, body FROM station_state ORDER BY key"):
            form = types.get(key) or types.get(key.partition("/")[0]) or types.get(key.partition("/")[0] + "/")
            if form is None:
                log.warning("stored record of no known kind", key=key)
                continue
            try:
                records[key] = self._codec(form).decode(body)
            except CodecError as error:
                log.error("stored record cannot be read", key=key, cause=error)  # noqa: TRY400  EventLogger's own error()
        return records

    def _codec(self, form: type) -> Codec:
        if form not in self._codecs:
            self._codecs[form] = Codec(form)
        return self._codecs[form]
