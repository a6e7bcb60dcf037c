"""What waits for the next commit: gathered, thinned, undone."""

from dataclasses import replace

import pytest

from agent.runtime.unsaved import MAX_FACTS_IN_MEMORY, Unsaved
from agent.station.commands import SendLocalList
from agent.station.effects import CacheToken, Effect, ForgetCache, PermitEnergy, Record, StoreLocalList, StoreVariable
from agent.station.facts import EnergySampled, Fact, IdleMeterSampled
from agent.station.id_token import AuthorizationStatus, IdToken, TokenInfo
from agent.station.standard_variables import HEARTBEAT_INTERVAL
from agent.station.state import StationState
from tests.agent.store.builders import NOW, ended, idle, sampled, started, updated
from tests.fakes.station_rig import Rig

ACCEPTED = TokenInfo(AuthorizationStatus.ACCEPTED)
LIST = StoreLocalList(1, SendLocalList(version=3, full=True))


@pytest.fixture
def state() -> StationState:
    return Rig().start().station.state


def recorded(*facts: Fact) -> list[Effect]:
    return [Record(fact) for fact in facts]


def moved(state: StationState, evse_id: int) -> StationState:
    """The state with one EVSE's record changed."""
    evses = tuple(
        replace(evse, record=replace(evse.record, finished=not evse.record.finished)) if evse.id == evse_id else evse
        for evse in state.evses
    )
    return replace(state, evses=evses)


def test_without_a_change_there_is_nothing_to_store(state: StationState) -> None:
    unsaved = Unsaved(state)

    unsaved.add(state, [PermitEnergy(1, 16.0)], moment=NOW)

    assert unsaved.is_empty
    assert unsaved.changes().is_empty


def test_what_is_only_observed_is_not_stored(state: StationState) -> None:
    unsaved = Unsaved(state)

    unsaved.add(replace(state, online=not state.online, writable=False), [], moment=NOW)

    assert unsaved.is_empty


def test_only_the_records_that_changed_are_stored(state: StationState) -> None:
    unsaved = Unsaved(state)
    after = moved(state, 2)

    unsaved.add(after, [], moment=NOW)

    assert unsaved.changes().records == {"evse/2": after.evses[1].record}


def test_one_commit_holds_all_that_an_event_wants_stored_in_its_order(state: StationState) -> None:
    unsaved = Unsaved(state)
    token = IdToken("CARD-0001")
    effects = [
        *recorded(started(), sampled()),
        StoreVariable(HEARTBEAT_INTERVAL, "60"),
        CacheToken(token, ACCEPTED),
        LIST,
        PermitEnergy(1, 16.0),
    ]

    unsaved.add(moved(state, 1), effects, moment=NOW)

    changes = unsaved.changes()
    assert list(changes.facts) == [started(), sampled()]
    assert list(changes.variables) == [(HEARTBEAT_INTERVAL, "60")]
    assert list(changes.cached_tokens) == [(token, ACCEPTED)]
    assert changes.local_list == LIST.update
    assert changes.moment == NOW
    assert set(changes.records or {}) == {"evse/1"}


def test_a_token_remembered_before_the_cache_was_forgotten_is_forgotten(state: StationState) -> None:
    unsaved = Unsaved(state)
    old, new = CacheToken(IdToken("OLD"), ACCEPTED), CacheToken(IdToken("NEW"), ACCEPTED)

    unsaved.add(state, [old, ForgetCache(), new], moment=NOW)

    assert unsaved.changes().forget_cache
    assert list(unsaved.changes().cached_tokens) == [(new.token, new.info)]


def test_what_was_saved_is_not_stored_again(state: StationState) -> None:
    unsaved = Unsaved(state)
    after = moved(state, 1)
    unsaved.add(after, recorded(started()), moment=NOW)

    unsaved.saved()
    unsaved.add(after, [], moment=NOW)

    assert unsaved.is_empty
    assert not unsaved.is_stuck


def test_an_undone_event_leaves_what_waited_before_it(state: StationState) -> None:
    unsaved = Unsaved(state)
    kept = moved(state, 1)
    unsaved.add(kept, recorded(updated("tx-1")), moment=NOW)
    unsaved.keep()

    unsaved.add(moved(kept, 2), recorded(started("tx-2"), sampled("tx-2")), moment=NOW)
    unsaved.drop_last()

    assert list(unsaved.changes().facts) == [updated("tx-1")]
    assert unsaved.changes().records == {"evse/1": kept.evses[0].record}
    assert unsaved.is_stuck


def test_a_record_that_is_back_as_it_was_stored_needs_no_commit(state: StationState) -> None:
    unsaved = Unsaved(state)
    unsaved.add(moved(state, 1), [], moment=NOW)
    unsaved.keep()

    unsaved.add(state, [], moment=NOW)

    assert unsaved.is_empty


def test_what_is_kept_waits_for_the_next_commit_with_what_comes_after_it(state: StationState) -> None:
    unsaved = Unsaved(state)
    unsaved.add(moved(state, 1), recorded(sampled()), moment=NOW)
    unsaved.keep()

    unsaved.add(moved(state, 1), recorded(ended()), moment=NOW.later(9))

    assert unsaved.is_stuck
    assert unsaved.fact_count == 2
    assert list(unsaved.changes().facts) == [sampled(), ended()]
    assert unsaved.changes().moment == NOW.later(9)


def test_a_local_list_that_was_answered_as_failed_is_not_stored_later(state: StationState) -> None:
    unsaved = Unsaved(state)
    unsaved.add(state, [LIST, *recorded(ended())], moment=NOW)

    unsaved.keep()

    assert unsaved.changes().local_list is None
    assert list(unsaved.changes().facts) == [ended()]


def test_up_to_the_limit_no_fact_is_dropped(state: StationState) -> None:
    unsaved = Unsaved(state)
    unsaved.add(state, recorded(*[sampled(seq_no=number) for number in range(MAX_FACTS_IN_MEMORY)]), moment=NOW)

    unsaved.keep()

    assert unsaved.fact_count == MAX_FACTS_IN_MEMORY


@pytest.mark.parametrize("sort", [EnergySampled, IdleMeterSampled])
def test_beyond_the_limit_every_second_reading_goes_and_never_a_begin_or_an_end(
    state: StationState, sort: type[Fact]
) -> None:
    unsaved = Unsaved(state)
    readings: list[Fact] = (
        [sampled(seq_no=number) for number in range(1, MAX_FACTS_IN_MEMORY)]
        if sort is EnergySampled
        else [idle(1)] * (MAX_FACTS_IN_MEMORY - 1)
    )
    unsaved.add(state, recorded(started(), *readings, ended(seq_no=MAX_FACTS_IN_MEMORY)), moment=NOW)

    unsaved.keep()

    facts = list(unsaved.changes().facts)
    assert (facts[0], facts[-1]) == (started(), ended(seq_no=MAX_FACTS_IN_MEMORY))
    assert facts[1:-1] == readings[1::2]


def test_each_series_of_readings_is_thinned_by_itself(state: StationState) -> None:
    unsaved = Unsaved(state)
    pairs = [(sampled(seq_no=number), idle(2)) for number in range(MAX_FACTS_IN_MEMORY)]
    unsaved.add(state, recorded(*[fact for pair in pairs for fact in pair]), moment=NOW)

    unsaved.keep()

    kinds = [type(fact) for fact in unsaved.changes().facts]
    assert kinds.count(EnergySampled) == kinds.count(IdleMeterSampled) == MAX_FACTS_IN_MEMORY / 2


def test_weeks_without_a_store_do_not_fill_the_memory(state: StationState) -> None:
    unsaved = Unsaved(state)

    for number in range(5 * MAX_FACTS_IN_MEMORY):
        unsaved.add(state, recorded(sampled(seq_no=number), idle(2)), moment=NOW)
        unsaved.keep()

    assert unsaved.fact_count <= MAX_FACTS_IN_MEMORY


def test_changes_are_asked_for_only_after_something_was_added(state: StationState) -> None:
    with pytest.raises(ValueError, match="nothing was added"):
        Unsaved(state).changes()
