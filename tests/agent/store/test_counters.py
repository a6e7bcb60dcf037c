from agent.store.counters import read_counter, write_counter
from agent.store.store import Store


async def test_a_counter_is_zero_until_written_and_the_last_value_counts(store: Store) -> None:
    run = store._database.run

    before = await run(lambda c: read_counter(c, "sheep"))
    for number in (3, 5):
        await run(lambda c, number=number: write_counter(c, "sheep", number))  # type: ignore[misc]  # bound at once

    assert before == 0
    assert await run(lambda c: read_counter(c, "sheep")) == 5
