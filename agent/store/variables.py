"""Values of variables that differ from the firmware's defaults."""

import sqlite3
from collections.abc import Iterable

from agent.log import get_logger
from agent.station.device_model import VariableKey
from agent.store.codec import Codec, CodecError

log = get_logger(__name__)

_KEY = Codec(VariableKey)
_VALUE = Codec(str)


def write_variables(connection: sqlite3.Connection, variables: Iterable[tuple[VariableKey, str]]) -> None:
    """Set values within the open transaction."""
    connection.executemany(
        "INSERT OR REPLACE INTO variables (key, value) VALUES (?, ?)",
        [(_KEY.encode(key), _VALUE.encode(value)) for key, value in variables],
    )


def read_variables(connection: sqlite3.Connection) -> dict[VariableKey, str]:
    """All values; one that cannot be read falls back to its default and is logged."""
    values: dict[VariableKey, str] = {}
    for key, value in connection.execute("SELECT key, value FROM variables"):
        try:
            values[_KEY.decode(key)] = _VALUE.decode(value)
        except CodecError as error:
            log.error("stored variable cannot be read", key=key, cause=error)  # noqa: TRY400  EventLogger's own error()
    return values
