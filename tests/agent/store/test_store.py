import asyncio
from pathlib import Path

import pytest

from agent.errors import StoreError
from agent.station.id_token import AuthorizationStatus, IdToken, TokenInfo
from agent.station.state import EvseRecord
from agent.station.variable import VariableKey
from agent.store.store import Changes, Store
from tests.agent.store.builders import NOW, changes, ended, idle, queued_facts, reopen, sampled, started, updated


async def test_all_of_a_change_is_stored_together(path: Path) -> None:
    store = await Store.open(path)
    key, token = VariableKey("A", "B"), IdToken("card")

    await store.commit(
        Changes(
            records={"evse/1": EvseRecord(evse_id=1)},
            facts=[started(), updated()],
            variables=[(key, "1")],
            cached_tokens=[(token, TokenInfo(AuthorizationStatus.ACCEPTED))],
            moment=NOW,
        )
    )
    store = await reopen(store, path)
    facts, variables = await queued_facts(store), await store.load_variables()
    records, known = await store.load_records({"evse": EvseRecord}), await store.known(token, now=NOW.wall)
    await store.close()

    assert facts == [started(), updated()]
    assert variables == {key: "1"}
    assert records == {"evse/1": EvseRecord(evse_id=1)}
    assert known.cached is not None


async def test_a_change_that_fails_stores_nothing_and_the_store_goes_on(store: Store) -> None:
    # Variables are written after the facts.
    await store._database.run(lambda c: c.execute("DROP TABLE variables").rowcount)

    with pytest.raises(StoreError):
        await store.commit(Changes(facts=[started()], variables=[(VariableKey("A", "B"), "1")], moment=NOW))

    await store.commit(changes(updated()))

    assert await queued_facts(store) == [updated()]
    assert await store.depth() == 1


async def test_an_empty_change_costs_no_commit(store: Store) -> None:
    before = await store._database.run(lambda c: c.total_changes)

    await store.commit(Changes(moment=NOW))

    assert await store._database.run(lambda c: c.total_changes) == before
    assert Changes(moment=NOW).is_empty


async def test_commits_of_several_tasks_keep_the_order_in_which_they_were_asked_for(store: Store) -> None:
    await asyncio.gather(*(store.commit(changes(sampled(seq_no=n))) for n in range(200)))

    assert await queued_facts(store) == [sampled(seq_no=n) for n in range(200)]


@pytest.mark.parametrize(
    ("change", "may"),
    [
        (changes(started()), False),
        (changes(sampled()), False),
        (changes(idle()), False),
        (changes(started(), ended()), False),
        (changes(ended()), True),
        (changes(updated(), sampled()), True),
        (Changes(records={"station": 1}, moment=NOW), True),
    ],
)
def test_only_what_lets_a_transaction_end_may_use_the_reserve(change: Changes, *, may: bool) -> None:
    assert change.may_use_reserve is may


async def test_an_undamaged_store_says_so(store: Store) -> None:
    assert store.damaged is None
    assert store.thinned == 0
