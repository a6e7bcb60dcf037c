from pathlib import Path

import pytest

from agent.errors import StoreError
from agent.store.inspection import inspect_queue
from agent.store.store import Store
from tests.agent.store.builders import changes, ended, started, updated


async def test_the_queue_can_be_read_beside_a_running_agent_and_after_it(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(started(), updated(), ended()))
    head = await store.head()
    assert head is not None
    await store.give_up(head, "refused")
    await store.mark_offline()

    beside = inspect_queue(path, limit=1)
    expected = await store.listing(1)
    await store.close()
    after = inspect_queue(path, limit=1)

    assert beside == after
    assert (beside.depth, list(beside.rows), beside.thinned) == (2, expected, 0)
    assert [letter.fact for letter in beside.dead] == [started()]


def test_a_database_that_is_not_there_is_a_store_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        inspect_queue(tmp_path / "agent.db", limit=1)

    assert not list(tmp_path.iterdir())
