import sqlite3
from pathlib import Path

import pytest

from agent.errors import StoreFull
from agent.station.facts import EnergySampled, Fact, TransactionFact, Trigger
from agent.station.state import EvseRecord
from agent.store.outbox import is_thinnable
from agent.store.store import Changes, Store
from tests.agent.store.builders import NOW, changes, ended, idle, queued_facts, reopen, sampled, started, updated


async def _thin(store: Store) -> bool:
    database = store._database
    return await database.run(lambda c: store._thinning.make_room(c, store._outbox, database.budget))


def _seq_nos(facts: list[Fact]) -> list[int]:
    return [fact.seq_no for fact in facts if isinstance(fact, TransactionFact)]


async def test_the_first_third_fifth_meter_value_goes_and_the_last_stays(store: Store) -> None:
    await store.commit(changes(started(), *(sampled(seq_no=n) for n in range(1, 8)), ended(seq_no=8)))

    made = await _thin(store)

    assert made
    # Samples 1, 3 and 5 go; 7 is the last one and stays.
    assert _seq_nos(await queued_facts(store)) == [0, 2, 4, 6, 7, 8]
    assert store.thinned == 3


async def test_started_updated_ended_and_signed_values_are_never_dropped(store: Store) -> None:
    kept: list[Fact] = [
        started(),
        updated(seq_no=1),
        *(sampled(seq_no=n, trigger=Trigger.SIGNED_DATA_RECEIVED) for n in range(2, 6)),
        ended(seq_no=6),
    ]
    await store.commit(changes(*kept))

    made = await _thin(store)

    assert not made
    assert await queued_facts(store) == kept
    assert store.thinned == 0


async def test_the_head_stays_because_it_may_be_on_the_wire(store: Store) -> None:
    await store.commit(changes(*(sampled(seq_no=n) for n in range(4))))
    before = await store.head()

    while await _thin(store):
        pass

    assert await store.head() == before
    assert _seq_nos(await queued_facts(store)) == [0, 3]


async def test_values_of_no_transaction_are_thinned_too(store: Store) -> None:
    await store.commit(changes(started(), *(idle(n) for n in range(5))))

    while await _thin(store):
        pass

    assert await store.depth() == 2


async def test_dead_meter_values_go_first_and_dead_ends_stay(store: Store) -> None:
    await store.commit(changes(sampled(), ended(), *(sampled("tx-2", n) for n in range(5))))
    for _ in range(2):
        head = await store.head()
        assert head is not None
        await store.give_up(head, "refused")

    await _thin(store)

    assert [letter.kind for letter in await store.dead_letters(10)] == ["TransactionEnded"]


async def test_what_is_counted_survives_a_restart(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(*(sampled(seq_no=n) for n in range(10))))
    await _thin(store)
    counted = store.thinned

    store = await reopen(store, path)
    await store.close()

    assert store.thinned == counted > 0


async def _fill(store: Store) -> list[Fact]:
    """Transactions with many samples until a new one is refused; what was committed."""
    committed: list[Fact] = []
    for number in range(1000):
        name = f"tx-{number}"
        batch: list[Fact] = [started(name), *(sampled(name, seq_no) for seq_no in range(1, 60)), ended(name, 60)]
        try:
            await store.commit(changes(*batch))
        except StoreFull:
            return committed
        committed += batch
    pytest.fail("never full")


async def test_a_used_up_budget_is_thinned_and_then_refused_with_nothing_else_lost(path: Path) -> None:
    store = await Store.open(path, max_mb=1)

    committed = await _fill(store)
    left = await queued_facts(store)
    size = sum(each.stat().st_size for each in path.parent.iterdir() if not each.name.endswith("-shm"))
    rows = {(fact.transaction_id, getattr(fact, "seq_no", None)) for fact in left}
    lost = [fact for fact in committed if (fact.transaction_id, getattr(fact, "seq_no", None)) not in rows]
    await store.close()

    # A refused commit may have made room before it failed, never dropped more than is counted.
    assert store.thinned == len(lost)
    assert lost
    assert all(isinstance(fact, EnergySampled) for fact in lost)
    assert size <= 1024 * 1024 * 1.1
    order = [committed.index(fact) for fact in left]
    assert order == sorted(order)


async def test_what_is_left_of_the_budget_still_takes_an_end_and_an_acknowledgement(path: Path) -> None:
    store = await Store.open(path, max_mb=1)
    await _fill(store)
    before = await store.depth()

    await store.commit(changes(ended("tx-running", 5)))
    await store.commit(Changes(records={"evse/1": EvseRecord(evse_id=1)}, moment=NOW))
    head = await store.head()
    assert head is not None
    await store.acknowledge(head, id_16=7, start_answered=True)
    facts = await queued_facts(store)
    await store.close()

    assert len(facts) == before
    assert facts[-1] == ended("tx-running", 5)


async def test_a_full_disk_refuses_the_commit_and_loses_nothing(store: Store) -> None:
    kept: list[Fact] = [started(), updated(), ended()]
    await store.commit(changes(*kept))

    def no_more_pages(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count=1")

    await store._database.run(no_more_pages)
    with pytest.raises(StoreFull):
        await store.commit(changes(*(started(f"tx-{n}") for n in range(1000))))

    assert await queued_facts(store) == kept
    assert (await store.head()) == (await store.listing(1))[0]


async def test_a_full_disk_gets_room_by_thinning(store: Store) -> None:
    samples = [sampled(seq_no=n) for n in range(2000)]
    await store.commit(changes(started(), *samples))
    await store._database.run(lambda c: c.execute("PRAGMA max_page_count=1").fetchall())

    await store.commit(changes(*(ended(f"tx-{n}") for n in range(20))))
    facts = await queued_facts(store)

    assert store.thinned == 2021 - len(facts) > 0
    assert not [fact for fact in samples if fact not in facts and not is_thinnable(fact)]
    assert facts[-20:] == [ended(f"tx-{n}") for n in range(20)]


async def test_a_disk_that_others_filled_is_not_thinned_again_and_again(store: Store) -> None:
    await store.commit(changes(started(), *(sampled(seq_no=n) for n in range(500))))
    await store._database.run(lambda c: c.execute("PRAGMA max_page_count=1").fetchall())
    too_much = changes(*(started(f"tx-{n}") for n in range(3000)))
    with pytest.raises(StoreFull):
        await store.commit(too_much)
    after_one = store.thinned

    with pytest.raises(StoreFull):
        await store.commit(too_much)

    assert store.thinned == after_one > 0
