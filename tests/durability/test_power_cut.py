"""Ends that a plain kill does not show: SIGTERM before a silent CSMS, a damaged database, storage that is full."""

import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.store.database import Budget
from agent.store.store import DATABASE
from hil.csms.versions import V16, V201
from tests.durability.judge import POWER_LOSS, born_at, problems, read_trace, went_on
from tests.durability.life import CARDS, Life, LifePlan, Network, life

STOPS_WITHIN_S = 5.0
WITHIN_S = 20.0
SMALL_MB = 4

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


@pytest.fixture(params=[V16, V201])
def subprotocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def ending(subprotocol: str, tmp_path: Path) -> AsyncIterator[Life]:
    """A station that ends what was interrupted."""
    async with life(LifePlan(1, subprotocol, Network.ONLINE, resumes=False, kills=0), tmp_path) as lived:
        yield lived


@pytest.fixture
async def resuming(subprotocol: str, tmp_path: Path) -> AsyncIterator[Life]:
    """A station with little storage that goes on with what was interrupted."""
    plan = LifePlan(1, subprotocol, Network.ONLINE, resumes=True, kills=0, storage_mb=SMALL_MB)
    async with life(plan, tmp_path) as lived:
        yield lived


async def test_sigterm_in_mid_charge_ends_in_time_with_a_silent_csms(ending: Life) -> None:
    await _wake(ending)
    await _charge(ending)
    ending.bench.silence()

    began_s = time.monotonic()
    code = await ending.charger.stop()
    took_s = time.monotonic() - began_s

    assert code == 0
    assert took_s < STOPS_WITHIN_S
    assert [line.values["closed"] for line in read_trace(ending) if line.what == "stopped"] == [False]
    await _leave_and_judge(ending)
    assert [each.stopped_reason for each in ending.csms.ledger.transactions] == [POWER_LOSS]


async def test_a_transaction_goes_on_after_sigterm_where_it_may_be_resumed(resuming: Life) -> None:
    await _wake(resuming)
    await _charge(resuming)
    resuming.bench.silence()

    code = await resuming.charger.stop()
    resuming.bench.drop()
    await _wake(resuming)
    await _until_metered(resuming, more_wh=30)

    assert code == 0
    await _leave_and_judge(resuming, wake=False)
    (transaction,) = resuming.csms.ledger.transactions
    assert went_on(transaction, born_at(read_trace(resuming)))
    assert transaction.stopped_reason == "EVDisconnected"


async def test_a_kill_in_mid_charge_ends_the_transaction_where_nothing_is_resumed(ending: Life) -> None:
    await _wake(ending)
    await _charge(ending)

    await _kill(ending)

    await _leave_and_judge(ending)
    (transaction,) = ending.csms.ledger.transactions
    assert transaction.stopped_reason == POWER_LOSS
    assert not went_on(transaction, born_at(read_trace(ending)))


async def test_a_transaction_goes_on_after_a_double_kill(resuming: Life) -> None:
    await _wake(resuming)
    await _charge(resuming)

    for _ in range(2):
        await _kill(resuming)
        await _wake(resuming)
    await _until_metered(resuming, more_wh=30)

    await _leave_and_judge(resuming, wake=False)
    (transaction,) = resuming.csms.ledger.transactions
    assert went_on(transaction, born_at(read_trace(resuming)))
    assert transaction.stopped_reason == "EVDisconnected"


async def test_a_damaged_database_is_set_aside_and_the_station_works(ending: Life) -> None:
    await _wake(ending)
    await _charge(ending)
    ending.charger.plug(plugged=False)
    await _until_told(ending)
    await ending.charger.stop()
    database = ending.charger.data_dir / DATABASE
    database.write_bytes(b"no database at all, " * 1000)

    await _wake(ending)
    await _charge(ending)

    await _leave_and_judge(ending, wake=False)
    assert len(ending.csms.ledger.transactions) == 2
    (kept, *_) = sorted(ending.charger.data_dir.glob(f"{DATABASE}.damaged-*"))
    assert kept.read_bytes().startswith(b"no database at all")


async def test_full_storage_starts_nothing_new_and_still_ends_what_runs(resuming: Life) -> None:
    await _wake(resuming)
    await _charge(resuming)
    await _kill(resuming)
    _fill(resuming.charger.data_dir / DATABASE)
    await _wake(resuming)

    assert await resuming.charger.until(lambda says: bool(says["closed"]), within_s=WITHIN_S)
    assert await resuming.charger.until(lambda says: not says["writable"], within_s=WITHIN_S)
    resuming.charger.plug(plugged=False)
    await _until_told(resuming)

    assert [each.ended for each in resuming.csms.ledger.transactions] == [True]
    resuming.charger.plug(plugged=True)
    resuming.charger.present_card(CARDS[1])
    assert not await resuming.charger.until(lambda says: bool(says["transaction"] or says["closed"]), within_s=1.5)
    resuming.charger.plug(plugged=False)
    _make_room(resuming.charger.data_dir / DATABASE)
    assert await resuming.charger.until(lambda says: bool(says["writable"]), within_s=WITHIN_S)
    await _charge(resuming)
    await _leave_and_judge(resuming, wake=False)
    assert len(resuming.csms.ledger.transactions) == 2


async def _wake(lived: Life) -> None:
    await lived.charger.start()
    assert await lived.charger.until(lambda says: bool(says["online"]) and not says["interrupted"], within_s=WITHIN_S)


async def _charge(lived: Life) -> None:
    lived.charger.plug(plugged=True)
    assert await lived.charger.until(lambda says: bool(says["plugged"]), within_s=WITHIN_S)
    lived.charger.present_card(CARDS[0])
    assert await lived.charger.until(lambda says: bool(says["closed"]), within_s=WITHIN_S), lived.charger.says
    await _until_metered(lived, more_wh=30)


async def _until_metered(lived: Life, *, more_wh: int) -> None:
    wanted_wh = lived.charger.register_wh() + more_wh
    assert await lived.charger.until(lambda says: bool(says["register_wh"] >= wanted_wh), within_s=WITHIN_S)


async def _until_told(lived: Life) -> None:
    def is_told() -> bool:
        says = lived.charger.says
        return says is not None and says["transaction"] is None and says["online"] and says["queued"] == 0

    assert await lived.charger.until(lambda _: is_told(), within_s=WITHIN_S), lived.charger.says


async def _kill(lived: Life) -> None:
    lived.charger.kill()
    await lived.charger.buried()


async def _leave_and_judge(lived: Life, *, wake: bool = True) -> None:
    if wake:
        lived.bench.drop()
        await _wake(lived)
    lived.charger.plug(plugged=False)
    await _until_told(lived)
    await lived.charger.stop()
    assert problems(lived) == []


def _fill(database: Path) -> None:
    """Leave no page but those reserved for ends, by facts that were given up and may not be dropped."""
    budget = Budget(SMALL_MB)
    with contextlib.closing(sqlite3.connect(database)) as connection:
        number = 1_000_000
        while _pages_used(connection) <= budget.reserved_from:
            number += 1
            connection.execute(
                "INSERT INTO dead_letters (id, message_id, kind, transaction_id, thinnable, attempts, body, why)"
                " VALUES (?, ?, 'TransactionEnded', NULL, 0, 3, ?, 'the test said so')",
                (number, str(number), "x" * 8000),
            )
            connection.commit()


def _make_room(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database, timeout=10)) as connection:
        connection.execute("DELETE FROM dead_letters")
        connection.commit()


def _pages_used(connection: sqlite3.Connection) -> int:
    (count,) = connection.execute("PRAGMA page_count").fetchone()
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    return int(count) - int(free)
