"""A database that refuses what it is told to refuse, by SQLite's own means, until it recovers."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

TRIGGER = "sick_{table}_{verb}"


def fall_ill(path: Path, *, table: str, verb: str = "INSERT") -> None:
    """From now on each INSERT, UPDATE or DELETE in a table fails and takes its whole transaction along."""
    name = TRIGGER.format(table=table, verb=verb)
    _run(path, f"CREATE TRIGGER {name} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'the disk is sick'); END")


def recover(path: Path, *, table: str, verb: str = "INSERT") -> None:
    """It takes everything again."""
    _run(path, f"DROP TRIGGER {TRIGGER.format(table=table, verb=verb)}")


@contextmanager
def sick(path: Path, *, table: str, verb: str = "INSERT") -> Iterator[None]:
    """Ill as long as the block lasts."""
    fall_ill(path, table=table, verb=verb)
    try:
        yield
    finally:
        recover(path, table=table, verb=verb)


def _run(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, timeout=5.0)) as connection, connection:
        connection.execute(statement)
