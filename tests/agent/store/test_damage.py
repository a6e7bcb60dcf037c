import os
import sqlite3
from pathlib import Path

import pytest

from agent.errors import StoreError
from agent.station.facts import Fact
from agent.store.damage import MAX_KEPT, is_damage, mark_suspect, set_aside
from agent.store.store import Store
from tests.agent.store.builders import changes, queued_facts, started


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)


def _scribble_over_all_pages_but_the_first(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    path.write_bytes(content)


async def _fresh(path: Path) -> list[Fact]:
    """Works like new: takes a fact and hands it out."""
    store = await Store.open(path)
    assert store.damaged is not None
    assert store.damaged.exists()
    await store.commit(changes(started()))
    facts = await queued_facts(store)
    await store.close()
    return facts


async def test_a_file_that_is_no_database_is_set_aside_and_a_fresh_one_works(path: Path) -> None:
    _write(path, b"this is no database" * 1000)

    facts = await _fresh(path)

    assert facts == [started()]
    kept = [each for each in path.parent.iterdir() if ".damaged-" in each.name]
    assert [each.read_bytes() for each in kept] == [b"this is no database" * 1000]


async def test_a_malformed_database_is_set_aside(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(*(started(f"tx-{n}") for n in range(200))))
    await store.close()
    _scribble_over_all_pages_but_the_first(path)

    assert await _fresh(path) == [started()]


async def test_a_database_of_somebody_else_is_set_aside(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE outbox (a)")
    connection.close()

    assert await _fresh(path) == [started()]


async def test_a_healthy_database_is_left_alone(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(started()))
    await store.close()

    again = await Store.open(path)
    facts = await queued_facts(again)
    await again.close()

    assert again.damaged is None
    assert facts == [started()]


async def test_a_suspect_database_that_proves_healthy_is_trusted_again(path: Path) -> None:
    store = await Store.open(path)
    await store.close()
    mark_suspect(path)

    again = await Store.open(path)
    await again.close()

    assert again.damaged is None
    assert not path.with_name("agent.db.suspect").exists()


async def test_damage_met_while_running_has_the_file_checked_at_the_next_start(path: Path) -> None:
    store = await Store.open(path)

    def fail(_: sqlite3.Connection) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    with pytest.raises(StoreError):
        await store._database.run(fail)
    await store.close()

    assert path.with_name("agent.db.suspect").exists()


def test_the_wal_goes_with_its_database_and_earlier_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"
    kept = []
    for content in ("one", "two"):
        path.write_text(content)
        (tmp_path / "agent.db-wal").write_text(f"wal {content}")
        kept.append(set_aside(path))

    assert [each.read_text() for each in kept] == ["one", "two"]
    assert [each.with_name(f"{each.name}-wal").read_text() for each in kept] == ["wal one", "wal two"]
    assert not path.exists()


def test_only_the_last_ones_set_aside_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "agent.db"

    for number in range(MAX_KEPT + 2):
        path.write_text(f"ruin {number}")
        path.with_name("agent.db-wal").write_text(f"wal {number}")
        os.utime(path, ns=(number, number))
        set_aside(path)

    said = {file.read_text() for file in tmp_path.iterdir()}
    last = range(2, MAX_KEPT + 2)
    assert said == {f"ruin {number}" for number in last} | {f"wal {number}" for number in last}


def test_a_full_or_locked_database_is_not_damaged() -> None:
    for code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_IOERR):
        error = sqlite3.OperationalError("x")
        error.sqlite_errorcode = code

        assert not is_damage(error)
    assert not is_damage(OSError())
