"""Named whole numbers that outlive the process."""

import sqlite3


def read_counter(connection: sqlite3.Connection, name: str) -> int:
    """Its value; 0 where it was never written."""
    row = connection.execute("SELECT value FROM counters WHERE name = ?", (name,)).fetchone()
    return 0 if row is None else int(row[0])


def write_counter(connection: sqlite3.Connection, name: str, value: int) -> None:
    """Set it, within the open transaction."""
    connection.execute("INSERT OR REPLACE INTO counters (name, value) VALUES (?, ?)", (name, value))
