"""Resolve, decide, commit, act: the order of it, and what becomes of an event that cannot be stored."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.runtime.recovery import RECORD_TYPES
from agent.runtime.station_runner import MAX_WAITING_SAMPLES
from agent.station.commands import (
    ClearCache,
    Done,
    GetLocalListVersion,
    GetTransactionStatus,
    GetVariables,
    LocalListVersion,
    Outcome,
    RequestStart,
    SendLocalList,
    SetVariables,
    TransactionStatus,
    VariableAssignment,
    VariableResults,
)
from agent.station.effects import AskAuthorization, PermitEnergy, WithdrawEnergy
from agent.station.events import (
    ContactorMoved,
    CsmsAsked,
    LocalListStored,
    MeterSampled,
    PilotChanged,
    StorageChanged,
    TokenPresented,
)
from agent.station.facts import EnergySampled, TransactionEnded, TransactionStarted
from agent.station.pilot import PilotState
from agent.station.standard_variables import HEARTBEAT_INTERVAL
from tests.fakes.fast_time import fast_time
from tests.fakes.runner_bench import (
    ACCEPTED,
    CARD,
    OUTBOX,
    RunnerBench,
    rows,
    runner_bench,
    running,
    stored_state,
    until,
)
from tests.fakes.sick_database import fall_ill, recover, sick


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[RunnerBench]:
    async with runner_bench(tmp_path) as made:
        yield made


async def test_a_begin_is_on_the_disk_before_energy_is_permitted(bench: RunnerBench) -> None:
    await bench.take(PilotChanged(1, PilotState.C), bench.card(1))

    assert [type(fact) for fact in await bench.facts()] == [TransactionStarted]
    permitted = bench.deeds.index(bench.done(PermitEnergy)[0])
    assert bench.rows_at[permitted] == 1
    assert "tx-1" in bench.states_at[permitted]


async def test_energy_is_withdrawn_before_the_end_is_on_the_disk(bench: RunnerBench) -> None:
    await bench.charge()
    before = stored_state(bench.path)

    await bench.take(bench.card(1))

    withdrawn = bench.deeds.index(WithdrawEnergy(1))
    assert bench.states_at[withdrawn] == before
    assert stored_state(bench.path) != before


async def test_state_and_facts_are_stored_together_or_not_at_all(bench: RunnerBench) -> None:
    await bench.take(PilotChanged(1, PilotState.C))

    with sick(bench.path, table="station_state"):
        await bench.take(bench.card(1))

    assert rows(bench.path, OUTBOX) == 0
    records = await bench.store.load_records(RECORD_TYPES)
    assert "tx-" not in str(records)


@pytest.mark.parametrize("table", [OUTBOX, "station_state"])
async def test_nothing_begins_that_cannot_be_stored(bench: RunnerBench, table: str) -> None:
    await bench.take(PilotChanged(1, PilotState.C))

    with sick(bench.path, table=table):
        await bench.take(bench.card(1))

    assert bench.done(PermitEnergy) == []
    assert bench.rig.evse(1).record.transaction is None
    assert not bench.runner.state.writable
    assert bench.runner.commit_failures == 1
    assert StorageChanged(writable=False) in bench.events


async def test_nothing_begins_where_the_disk_is_full(bench: RunnerBench) -> None:
    await bench.take(PilotChanged(1, PilotState.C))
    await bench.store._database.run(_fill)

    await bench.take(bench.card(1))

    assert bench.done(PermitEnergy) == []
    assert not bench.runner.state.writable


def _fill(connection: sqlite3.Connection) -> None:
    """Not a page more, and the ones there are taken (SQLITE_FULL)."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count={pages:d}").fetchall()
    for size in (4000, 500, 50):
        with pytest.raises(sqlite3.OperationalError, match="full"):
            _write_letters(connection, size)


def _write_letters(connection: sqlite3.Connection, size: int) -> None:
    for number in range(1000):
        connection.execute(
            "INSERT INTO outbox (message_id, kind, thinnable, attempts, body) VALUES (?, 'filler', 0, 0, ?)",
            (str(number), "x" * size),
        )


async def test_a_car_that_plugs_in_while_nothing_can_be_stored_is_noticed_all_the_same(tmp_path: Path) -> None:
    at_plug = {"AuthCtrlr.LocalPreAuthorize": "true", "TxCtrlr.TxStartPoint": "EVConnected"}
    async with runner_bench(tmp_path, variables=at_plug) as bench:
        with sick(bench.path, table=OUTBOX):
            await bench.take(PilotChanged(1, PilotState.B))
            meanwhile = bench.rig.evse(1)
        await bench.take(StorageChanged(writable=True))

        assert (meanwhile.pilot, meanwhile.record.transaction) == (PilotState.B, None)
        assert [type(fact) for fact in await bench.facts()] == [TransactionStarted]


async def test_a_csms_whose_start_cannot_be_stored_is_answered(bench: RunnerBench) -> None:
    await bench.take(PilotChanged(1, PilotState.C))

    with sick(bench.path, table=OUTBOX):
        async with running(bench):
            answer = await bench.runner.ask(RequestStart(CARD, evse_id=1, remote_start_id=7))

    assert isinstance(answer, Done)
    assert answer.outcome is Outcome.REJECTED
    assert bench.done(PermitEnergy) == []


async def test_a_begin_that_cannot_be_stored_does_not_stop_the_car_beside_it(bench: RunnerBench) -> None:
    await bench.charge(1)
    await bench.take(PilotChanged(2, PilotState.C))
    with sick(bench.path, table=OUTBOX):
        await bench.take(bench.card(2))

    moves = [deed for deed in bench.deeds if isinstance(deed, PermitEnergy | WithdrawEnergy)]
    last_of_1 = [deed for deed in moves if deed.evse_id == 1][-1]
    assert isinstance(last_of_1, PermitEnergy)
    assert [deed for deed in moves if deed.evse_id == 2] == []


async def test_a_stop_that_cannot_be_stored_stops_all_the_same_and_is_stored_later(bench: RunnerBench) -> None:
    await bench.charge()
    fall_ill(bench.path, table=OUTBOX)
    bench.rig.mono_s += 1

    await bench.take(bench.card(1), ContactorMoved(1, closed=False))
    await bench.take(bench.sample(more_wh=500))
    meanwhile = [type(fact) for fact in await bench.facts()]
    recover(bench.path, table=OUTBOX)
    await bench.take(bench.sample())

    assert bench.done(WithdrawEnergy) == [WithdrawEnergy(1)]
    assert TransactionEnded not in meanwhile
    facts = await bench.facts()
    assert [type(fact) for fact in facts] == [*meanwhile, TransactionEnded]
    assert isinstance(facts[-1], TransactionEnded)
    assert facts[-1].register_wh == 1_000_500
    assert bench.runner.state.writable


async def test_samples_of_a_running_charge_wait_in_memory_in_their_order(tmp_path: Path) -> None:
    often = {"AuthCtrlr.LocalPreAuthorize": "true", "SampledDataCtrlr.TxUpdatedInterval": "10"}
    async with runner_bench(tmp_path, variables=often) as bench:
        await bench.charge()
        with sick(bench.path, table=OUTBOX):
            for _ in range(4):
                bench.rig.mono_s += 10
                await bench.take(bench.sample(more_wh=30))
            stored = rows(bench.path, OUTBOX)
        await bench.take(bench.card(1), ContactorMoved(1, closed=False), bench.sample())

        facts = await bench.facts()
        assert stored < len(facts)
        assert [fact.seq_no for fact in facts] == list(range(len(facts)))  # type: ignore[union-attr]  # all of one charge
        assert sum(isinstance(fact, EnergySampled) for fact in facts) == 4
        assert isinstance(facts[-1], TransactionEnded)


async def test_what_waits_is_stored_without_another_event(bench: RunnerBench) -> None:
    await bench.charge()
    fall_ill(bench.path, table=OUTBOX)
    async with running(bench):
        for event in (bench.card(1), ContactorMoved(1, closed=False), bench.sample()):
            bench.runner.post(event)
        await until(lambda: bench.rig.evse(1).record.transaction is None and bench.runner.commit_failures > 0)
        recover(bench.path, table=OUTBOX)
        await until(lambda: rows(bench.path, OUTBOX) == 3)
        await until(lambda: bench.runner.state.writable)


async def test_after_a_begin_that_failed_the_station_comes_back_though_readings_never_pause(
    bench: RunnerBench,
) -> None:
    await bench.take(PilotChanged(1, PilotState.C))
    with sick(bench.path, table=OUTBOX):
        await bench.take(bench.card(1))
    async with running(bench):
        for _ in range(60):
            bench.runner.post(bench.sample())
            await asyncio.sleep(0.5)
            if bench.runner.state.writable:
                break
        bench.runner.post(bench.card(1))
        await until(lambda: bench.done(PermitEnergy) != [])

    assert [type(fact) for fact in await bench.facts()] == [TransactionStarted]


async def test_a_sick_disk_is_complained_of_once(bench: RunnerBench, caplog: pytest.LogCaptureFixture) -> None:
    await bench.charge()
    with sick(bench.path, table=OUTBOX):
        await bench.take(bench.card(1), ContactorMoved(1, closed=False), bench.sample())
        for _ in range(5):
            await bench.take(bench.sample())
        failures = bench.runner.commit_failures
    await bench.take(bench.sample())

    assert failures >= 5
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == ["commit failed"]
    assert "the store takes commits again" in caplog.messages


async def test_a_local_list_is_answered_by_what_became_of_it(bench: RunnerBench) -> None:
    entries = ((CARD, ACCEPTED),)
    async with running(bench):
        stored = await bench.runner.ask(SendLocalList(version=4, full=True, entries=entries))
        with sick(bench.path, table="local_list"):
            failed = await bench.runner.ask(SendLocalList(version=5, full=True, entries=entries))
        version = await bench.runner.ask(GetLocalListVersion())

    assert isinstance(stored, Done)
    assert stored.outcome is Outcome.ACCEPTED
    assert isinstance(failed, Done)
    assert failed.outcome is not Outcome.ACCEPTED
    assert version == LocalListVersion(4)
    assert [event.stored for event in bench.events if isinstance(event, LocalListStored)] == [True, False]


async def test_a_card_comes_to_the_station_with_all_that_is_known_of_it(bench: RunnerBench) -> None:
    async with running(bench):
        await bench.runner.ask(SendLocalList(version=4, full=True, entries=((CARD, ACCEPTED),)))
        bench.runner.post(bench.card(1))
        await until(lambda: any(isinstance(event, TokenPresented) for event in bench.events))

    (presented,) = [event for event in bench.events if isinstance(event, TokenPresented)]
    assert presented.known.cached == ACCEPTED
    assert presented.known.listed == ACCEPTED


async def test_a_card_stops_its_charge_also_where_the_disk_cannot_be_read(bench: RunnerBench) -> None:
    await bench.charge()
    with closing(sqlite3.connect(bench.path)) as connection, connection:
        connection.execute("ALTER TABLE local_list RENAME TO gone")

    await bench.take(TokenPresented(CARD, (1,)))

    assert bench.done(WithdrawEnergy) == [WithdrawEnergy(1)]


async def test_a_disk_that_cannot_be_read_is_complained_of_once_until_it_can(
    bench: RunnerBench, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        _rename(bench, "local_list", to="gone")
        await bench.take(bench.card(1), bench.card(1), bench.card(1))
        _rename(bench, "gone", to="local_list")
        await bench.take(bench.card(1))

    assert caplog.messages.count("the store cannot be read") == 2
    cards = [event for event in bench.events if isinstance(event, TokenPresented)]
    assert [event.known.cached for event in cards] == [None, None, None, ACCEPTED] * 2


def _rename(bench: RunnerBench, table: str, *, to: str) -> None:
    with closing(sqlite3.connect(bench.path)) as connection, connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO {to}")


async def test_a_question_that_only_the_disk_could_answer_gets_no_invented_answer(bench: RunnerBench) -> None:
    with closing(sqlite3.connect(bench.path)) as connection, connection:
        connection.execute("ALTER TABLE counters RENAME TO gone")

    async with running(bench):
        with pytest.raises(TimeoutError):
            await bench.runner.ask(GetLocalListVersion())
        alive = await bench.runner.ask(ClearCache())

    assert isinstance(alive, Done)


async def test_the_csms_is_told_whether_facts_of_a_transaction_wait(bench: RunnerBench) -> None:
    await bench.charge()
    async with running(bench):
        answer = await bench.runner.ask(GetTransactionStatus("tx-1"))

    assert isinstance(answer, TransactionStatus)
    assert answer.messages_in_queue


async def test_variables_are_read_at_once_while_nothing_happens(bench: RunnerBench) -> None:
    async with running(bench):
        await asyncio.sleep(0.5)
        answer = await bench.runner.ask(GetVariables(((HEARTBEAT_INTERVAL, None),)))

    assert isinstance(answer, VariableResults)
    assert answer.results[0].value == "300"
    assert bench.events == []


async def test_variables_asked_for_while_something_waits_are_read_after_it(bench: RunnerBench) -> None:
    sets = SetVariables((VariableAssignment(HEARTBEAT_INTERVAL, "77"),))
    async with running(bench):
        await asyncio.sleep(0.5)
        _, answer = await asyncio.gather(
            bench.runner.ask(sets), bench.runner.ask(GetVariables(((HEARTBEAT_INTERVAL, None),)))
        )

    assert isinstance(answer, VariableResults)
    assert answer.results[0].value == "77"
    assert [type(event.command) for event in bench.events if isinstance(event, CsmsAsked)] == [
        SetVariables,
        GetVariables,
    ]


async def test_a_station_that_does_not_come_to_answer_is_not_waited_for_for_ever(bench: RunnerBench) -> None:
    with fast_time(speed=100), pytest.raises(TimeoutError):
        await bench.runner.ask(ClearCache())


async def test_readings_that_pile_up_are_dropped_and_nothing_else(bench: RunnerBench) -> None:
    for _ in range(3 * MAX_WAITING_SAMPLES):
        bench.runner.post(bench.sample())
    bench.runner.post(PilotChanged(1, PilotState.B))
    waiting = bench.runner._inbox.qsize()

    await bench.settle()

    assert waiting == MAX_WAITING_SAMPLES + 2
    assert bench.runner.samples_dropped == 2 * MAX_WAITING_SAMPLES - 1
    assert sum(isinstance(event, MeterSampled) for event in bench.events) == MAX_WAITING_SAMPLES + 1
    assert bench.rig.evse(1).pilot is PilotState.B


async def test_observers_hear_of_an_event_once_its_deeds_are_done(bench: RunnerBench) -> None:
    deeds_then: list[int] = []
    bench.runner.observe(lambda *_: deeds_then.append(len(bench.deeds)))

    await bench.take(TokenPresented(CARD, ()))

    assert bench.runner.handled.is_set()
    assert deeds_then[0] == len(bench.deeds)
    assert bench.done(AskAuthorization) == []
