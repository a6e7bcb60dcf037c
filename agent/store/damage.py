"""Databases that cannot be trusted: how they are told, and where they go."""

import contextlib
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from agent.log import get_logger

log = get_logger(__name__)

MAX_KEPT = 5
_COMPANIONS = ("", "-wal", "-shm")
_SMALL_BYTES = 4 * 1024 * 1024
"""Up to here a full check costs milliseconds, so it is made at every start."""


def is_damage(error: BaseException) -> bool:
    """Whether this error means the file itself is broken (not the disk full, not the file locked)."""
    if not isinstance(error, sqlite3.DatabaseError):
        return False
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        # Raised by ourselves: a failed check, or a schema that this agent does not know.
        return type(error) is sqlite3.DatabaseError
    # SQLITE_ERROR: our own SQL does not fit the tables, so they are not ours.
    return code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def verify(connection: sqlite3.Connection, path: Path) -> None:
    """Check a file that is small or under suspicion; raises sqlite3.DatabaseError."""
    suspect = _suspicion(path)
    if path.stat().st_size > _SMALL_BYTES and not suspect.exists():
        return
    answer = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != ("ok",):
        raise sqlite3.DatabaseError(f"quick_check: {answer}")
    suspect.unlink(missing_ok=True)


def mark_suspect(path: Path) -> None:
    """Have the whole file checked at the next start."""
    # A disk that cannot hold even this says so to every commit as well.
    with contextlib.suppress(OSError):
        _suspicion(path).touch(mode=0o600)


def set_aside(path: Path) -> Path:
    """Rename the database with its WAL, so that both can still be read together; returns the new name.

    The last MAX_KEPT are kept: a flash that goes on breaking must not fill itself with its own ruins.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_name(f"{path.name}.damaged-{stamp}")
    number = 1
    while kept.exists():
        # The clock may not be set yet, and show the same second at every start.
        number += 1
        kept = path.with_name(f"{path.name}.damaged-{stamp}-{number}")
    # The WAL first: a cut in between must not leave a new database with an old WAL beside it.
    for companion in reversed(_COMPANIONS):
        part = path.with_name(path.name + companion)
        if part.exists():
            part.rename(kept.with_name(kept.name + companion))
    _suspicion(path).unlink(missing_ok=True)
    _forget_oldest(path, newest=kept)
    return kept


def _forget_oldest(path: Path, *, newest: Path) -> None:
    ruins = [
        file
        for file in path.parent.glob(f"{path.name}.damaged-*")
        if file != newest and not file.name.endswith(_COMPANIONS[1:])
    ]
    # By when they were last written: the clock that named them may have been wrong.
    ruins.sort(key=lambda file: (file.stat().st_mtime_ns, file.name))
    for file in ruins[: max(0, len(ruins) + 1 - MAX_KEPT)]:
        for companion in _COMPANIONS:
            file.with_name(file.name + companion).unlink(missing_ok=True)
        log.warning("oldest damaged database deleted", file=file)


def _suspicion(path: Path) -> Path:
    return path.with_name(f"{path.name}.suspect")
