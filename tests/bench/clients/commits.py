"""What one FULL commit costs on this disk: bare `sqlite3`, one row of a fact's size each.

    python -m tests.bench.clients.commits FOLDER COUNT

Prints JSON: CPU and wall milliseconds a commit.
"""

import json
import sqlite3
import sys
import time
from pathlib import Path

BODY = "x" * 1200
"""About as long as a stored sample of a three-phase meter."""


def main() -> None:
    """Insert row by row."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=512"):
        connection.execute(f"PRAGMA {pragma}").fetchall()
    connection.execute("CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY, body TEXT)")
    began_s, cpu_s = time.perf_counter(), time.process_time()
    for _ in range(count):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO queue (body) VALUES (?)", (BODY,))
        connection.execute("COMMIT")
    spent = {
        "cpu_ms": (time.process_time() - cpu_s) * 1000 / count,
        "wall_ms": (time.perf_counter() - began_s) * 1000 / count,
    }
    connection.close()
    print(json.dumps(spent))  # noqa: T201 - the bench reads it


if __name__ == "__main__":
    main()
