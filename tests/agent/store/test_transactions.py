from pathlib import Path

from agent.station.facts import Fact
from agent.store.store import Store
from agent.store.transactions import KEPT_FINISHED, LedgerRow
from tests.agent.store.builders import changes, ended, reopen, started, updated


async def _acknowledge(store: Store, fact: Fact, **news: int | bool) -> None:
    await store.commit(changes(fact))
    row = await store.head()
    assert row is not None
    await store.acknowledge(row, **news)  # type: ignore[arg-type]  # tests pass the two keywords by name


async def test_the_number_of_a_1_6_csms_is_found_both_ways_and_survives_a_restart(path: Path) -> None:
    store = await Store.open(path)

    await _acknowledge(store, started("tx-1"), id_16=42, start_answered=True)
    store = await reopen(store, path)
    row, name = await store.ledger("tx-1"), await store.transaction_of(42)
    await store.close()

    assert row == LedgerRow("tx-1", id_16=42, start_answered=True)
    assert name == "tx-1"


async def test_of_an_unheard_transaction_nothing_is_known(store: Store) -> None:
    assert await store.ledger("tx-9") == LedgerRow("tx-9")
    assert await store.transaction_of(9) is None


async def test_later_acknowledgements_do_not_take_back_what_is_known(store: Store) -> None:
    await _acknowledge(store, started("tx-1"), id_16=42, start_answered=True)

    await _acknowledge(store, updated("tx-1"))

    assert await store.ledger("tx-1") == LedgerRow("tx-1", id_16=42, start_answered=True)


async def test_a_start_that_was_given_up_counts_as_answered(store: Store) -> None:
    await store.commit(changes(started("tx-1")))
    row = await store.head()
    assert row is not None

    await store.give_up(row, "refused", start_answered=True)

    assert await store.ledger("tx-1") == LedgerRow("tx-1", start_answered=True)


async def test_the_last_hundred_finished_transactions_and_all_open_ones_still_resolve(path: Path) -> None:
    store = await Store.open(path)
    await _acknowledge(store, started("open"), id_16=1, start_answered=True)

    for number in range(KEPT_FINISHED + 3):
        await _acknowledge(store, started(f"tx-{number}"), id_16=100 + number, start_answered=True)
        await _acknowledge(store, ended(f"tx-{number}"))
    live = [await store.transaction_of(number) for number in (1, 100, 102, 103, 100 + KEPT_FINISHED + 2)]
    store = await reopen(store, path)
    again = [await store.transaction_of(number) for number in (1, 100, 102, 103, 100 + KEPT_FINISHED + 2)]
    await store.close()

    assert live == again == ["open", None, None, "tx-3", f"tx-{KEPT_FINISHED + 2}"]


async def test_a_number_that_is_used_again_means_the_newer_transaction(path: Path) -> None:
    store = await Store.open(path)
    await _acknowledge(store, started("old"), id_16=5, start_answered=True)
    await _acknowledge(store, ended("old"))
    await _acknowledge(store, started("new"), id_16=5, start_answered=True)

    live = await store.transaction_of(5)
    store = await reopen(store, path)
    again = await store.transaction_of(5)
    await store.close()

    assert live == again == "new"
