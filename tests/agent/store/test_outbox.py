import asyncio
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agent.station.facts import Fact, TransactionFact, Trigger
from agent.store.outbox import AHEAD, MAX_DEAD_SAMPLES, OutboxRow, is_thinnable
from agent.store.store import Store
from tests.agent.store.builders import (
    changes,
    ended,
    idle,
    queued_facts,
    reopen,
    sampled,
    started,
    updated,
)


async def test_facts_leave_in_the_order_of_record_not_of_their_stamps(store: Store) -> None:
    late, early = sampled(seq_no=9), sampled(seq_no=2)

    await store.commit(changes(late))
    await store.commit(changes(early))
    first = await store.head()
    assert first is not None
    second = await store.acknowledge(first)

    assert second is not None
    assert [first.fact, second.fact] == [late, early]
    assert first.id < second.id


async def test_a_row_keeps_its_message_id_over_attempts_and_restarts(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(started()))
    before = await store.head()
    assert before is not None

    attempts = await store.failed(before)
    store = await reopen(store, path)
    after = await store.head()
    await store.close()

    assert attempts == 1
    assert after == replace(before, attempts=1)


async def test_acknowledging_twice_takes_only_one_row(store: Store) -> None:
    await store.commit(changes(started(), updated(), ended()))
    head = await store.head()
    assert head is not None

    await store.acknowledge(head)
    after = await store.acknowledge(head)

    assert after is not None
    assert after.fact == updated()
    assert await store.depth() == 2


def _stored(path: Path) -> list[int]:
    """Which rows another process would find."""
    with closing(sqlite3.connect(path)) as connection:
        return [number for (number,) in connection.execute("SELECT id FROM outbox ORDER BY id")]


async def test_a_told_meter_value_leaves_with_the_next_commit(store: Store, path: Path) -> None:
    await store.commit(changes(sampled(seq_no=1)))
    head = await store.head()
    assert head is not None

    following = await store.acknowledge(head)
    left = _stored(path)
    told = (await store.head(), await store.depth(), await store.listing(10), await store.queued_transactions())
    await store.commit(changes(sampled(seq_no=2)))

    assert following is None
    assert told == (None, 0, [], frozenset())
    assert left == [head.id]
    assert _stored(path) == [head.id + 1]
    assert [row.fact for row in await store.listing(10)] == [sampled(seq_no=2)]


async def test_a_power_cut_before_that_commit_has_it_told_again_word_for_word(store: Store, path: Path) -> None:
    await store.commit(changes(sampled(seq_no=1)))
    head = await store.head()
    assert head is not None

    await store.acknowledge(head)
    after_the_cut = shutil.copytree(path.parent, path.parent.with_name("after"))
    woken = await Store.open(after_the_cut / path.name)
    await woken.mark_offline(head_in_flight=True)
    again = await woken.head()
    await woken.close()

    assert again == head


async def test_what_begins_or_ends_a_transaction_leaves_at_once(store: Store, path: Path) -> None:
    for fact in (started(), updated(), ended()):
        await store.commit(changes(fact))
        head = await store.head()
        assert head is not None
        await store.acknowledge(head, start_answered=fact == started())

        assert _stored(path) == []


async def test_a_meter_value_with_a_fact_behind_it_leaves_at_once(store: Store, path: Path) -> None:
    await store.commit(changes(sampled(seq_no=1), sampled(seq_no=2)))
    head = await store.head()
    assert head is not None

    following = await store.acknowledge(head)

    assert following is not None
    assert _stored(path) == [following.id]


async def test_a_meter_value_told_while_a_commit_is_under_way_leaves_at_once(store: Store, path: Path) -> None:
    await store.commit(changes(sampled(seq_no=1)))
    head = await store.head()
    assert head is not None

    committing = asyncio.create_task(store.commit(changes(sampled(seq_no=2))))
    await asyncio.sleep(0)
    await store.acknowledge(head)
    await committing

    assert _stored(path) == [head.id + 1]


async def test_a_told_meter_value_is_gone_after_an_orderly_end(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(sampled()))
    head = await store.head()
    assert head is not None

    await store.acknowledge(head)
    await store.close()

    assert _stored(path) == []


async def test_a_told_meter_value_does_not_become_offline(store: Store, path: Path) -> None:
    await store.commit(changes(sampled()))
    head = await store.head()
    assert head is not None

    await store.acknowledge(head)
    await store.mark_offline()

    assert _stored(path) == []


async def test_a_long_queue_is_drained_completely_while_it_grows(store: Store) -> None:
    facts: list[Fact] = [sampled(seq_no=n) for n in range(3 * AHEAD)]
    await store.commit(changes(*facts))

    seen = []
    row = await store.head()
    while row is not None:
        seen.append(row.fact)
        if len(seen) % 10 == 0 and len(facts) < 5 * AHEAD:
            facts.append(sampled(seq_no=len(facts)))
            await store.commit(changes(facts[-1]))
        row = await store.acknowledge(row)

    assert seen == facts
    assert await store.depth() == 0


async def test_after_a_lost_link_every_queued_fact_is_told_as_offline(store: Store) -> None:
    await store.commit(changes(started(), sampled(), idle()))

    await store.mark_offline()
    rows = await store.listing(10)

    assert [row.offline for row in rows] == [True, True, True]
    assert [row.fact.offline for row in rows if isinstance(row.fact, TransactionFact)] == [True, True]


async def test_a_head_in_flight_is_not_marked_offline_and_the_mark_survives_a_restart(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(started(), updated()))

    await store.mark_offline(head_in_flight=True)
    store = await reopen(store, path)
    await store.commit(changes(ended()))
    rows = await store.listing(10)
    await store.close()

    assert [row.offline for row in rows] == [False, True, False]


async def test_a_head_that_was_offline_stays_so_when_it_is_in_flight(store: Store) -> None:
    await store.commit(changes(started()))
    await store.mark_offline()

    await store.mark_offline(head_in_flight=True)
    head = await store.head()

    assert head is not None
    assert head.offline


async def test_facts_recorded_after_the_queue_ran_empty_are_not_offline_by_an_old_mark(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(started()))
    await store.mark_offline()
    head = await store.head()
    assert head is not None
    await store.acknowledge(head)

    store = await reopen(store, path)
    await store.commit(changes(updated()))
    row = await store.head()
    await store.close()

    assert row is not None
    assert not row.offline


async def test_what_is_given_up_is_kept_with_the_reason(store: Store) -> None:
    await store.commit(changes(started(), ended()))
    head = await store.head()
    assert head is not None

    following = await store.give_up(head, "InternalError \ud800")
    (letter,) = await store.dead_letters(10)

    assert following is not None
    assert following.fact == ended()
    assert (letter.fact, letter.kind, letter.why) == (started(), "TransactionStarted", "InternalError ?")
    assert letter.message_id == head.message_id


async def test_dead_meter_values_are_bounded_and_starts_and_ends_are_kept(store: Store) -> None:
    await store.commit(
        changes(started(), *(sampled(seq_no=n) for n in range(1, MAX_DEAD_SAMPLES + 20)), ended(seq_no=9999))
    )

    row = await store.head()
    while row is not None:
        row = await store.give_up(row, "refused")
    kinds = [letter.kind for letter in await store.dead_letters(10_000)]

    assert kinds[0] == "TransactionStarted"
    assert kinds[-1] == "TransactionEnded"
    assert kinds.count("EnergySampled") == MAX_DEAD_SAMPLES


async def test_a_row_that_cannot_be_read_does_not_hold_up_the_queue(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(changes(started(), updated(), ended()))
    await store._database.run(lambda c: c.execute("UPDATE outbox SET body = '{}' WHERE id IN (1, 2)"))

    store = await reopen(store, path)
    head = await store.head()
    dead = await store.dead_letters(10)
    depth = await store.depth()
    await store.close()

    assert head is not None
    assert head.fact == ended()
    assert depth == 1
    assert [(letter.kind, letter.fact) for letter in dead] == [
        ("TransactionStarted", None),
        ("TransactionUpdated", None),
    ]


async def test_transactions_with_something_queued_are_known(store: Store) -> None:
    await store.commit(changes(started("a"), started("b"), updated("b"), idle()))
    head = await store.head()
    assert head is not None

    before = await store.queued_transactions()
    await store.acknowledge(head)
    after = await store.queued_transactions()

    assert before == {"a", "b"}
    assert after == {"b"}


def test_only_plain_meter_values_may_be_dropped() -> None:
    assert is_thinnable(sampled())
    assert is_thinnable(idle())
    assert not is_thinnable(sampled(trigger=Trigger.SIGNED_DATA_RECEIVED))
    assert not any(is_thinnable(fact) for fact in (started(), updated(), ended()))


@dataclass(slots=True)
class _Expected:
    fact: Fact
    attempts: int = 0
    offline: bool = False


class OutboxMachine(RuleBasedStateMachine):
    """The outbox against a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "agent.db"
        self.runner = asyncio.Runner()
        self.store: Store = self.run(Store.open(self.path))
        self.expected: list[_Expected] = []
        self.dead: list[Fact] = []
        self.recorded = 0

    def run(self, step: Any) -> Any:
        return self.runner.run(step)

    def head(self) -> OutboxRow:
        row: OutboxRow | None = self.run(self.store.head())
        assert row is not None
        return row

    def teardown(self) -> None:
        self.run(self.store.close())
        self.runner.close()
        self.folder.cleanup()

    @rule(kinds=st.lists(st.sampled_from([started, sampled, updated, ended]), min_size=1, max_size=AHEAD + 5))
    def record(self, kinds: list[Any]) -> None:
        facts = []
        for kind in kinds:
            facts.append(kind(f"tx-{self.recorded % 3}", self.recorded))
            self.recorded += 1
        self.run(self.store.commit(changes(*facts)))
        self.expected += [_Expected(fact) for fact in facts]

    @precondition(lambda self: self.expected)
    @rule(times=st.integers(1, 40))
    def acknowledge(self, times: int) -> None:
        for _ in range(min(times, len(self.expected))):
            self.run(self.store.acknowledge(self.head()))
            self.expected.pop(0)

    @precondition(lambda self: self.expected)
    @rule()
    def fail(self) -> None:
        self.expected[0].attempts += 1
        assert self.run(self.store.failed(self.head())) == self.expected[0].attempts

    @precondition(lambda self: self.expected)
    @rule()
    def give_up(self) -> None:
        self.run(self.store.give_up(self.head(), "refused"))
        gone = self.expected.pop(0)
        self.dead.append(gone.fact)

    @rule(in_flight=st.booleans())
    def lose_link(self, *, in_flight: bool) -> None:
        self.run(self.store.mark_offline(head_in_flight=in_flight))
        for row in self.expected[1 if in_flight else 0 :]:
            row.offline = True

    @rule()
    def restart(self) -> None:
        self.run(self.store.close())
        self.store = self.run(Store.open(self.path))

    @invariant()
    def is_as_expected(self) -> None:
        rows = self.run(self.store.listing(1000))
        got = [(row.fact.seq_no, type(row.fact), row.attempts, row.offline) for row in rows]
        want = [(row.fact.seq_no, type(row.fact), row.attempts, row.offline) for row in self.expected]  # type: ignore[union-attr]  # no idle facts here
        assert got == want
        assert self.run(self.store.head()) == (rows[0] if rows else None)
        assert self.run(self.store.depth()) == len(rows)
        assert self.run(self.store.queued_transactions()) == {row.fact.transaction_id for row in rows}
        dead = self.run(self.store.dead_letters(1000))
        # A mark is not part of the fact that was recorded.
        assert [letter.fact for letter in dead] == self.dead


OutboxMachine.TestCase.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestOutboxAgainstAList = OutboxMachine.TestCase


async def test_listing_an_empty_queue_is_empty(store: Store) -> None:
    assert await queued_facts(store) == []
    assert await store.head() is None
