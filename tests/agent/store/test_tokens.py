from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from agent.clock import Moment
from agent.station.commands import SendLocalList
from agent.station.id_token import UNKNOWN_TOKEN, AuthorizationStatus, IdToken, TokenInfo
from agent.store.store import Changes, Store
from tests.agent.store.builders import NOW, changes, reopen, started

ACCEPTED = TokenInfo(AuthorizationStatus.ACCEPTED)
BLOCKED = TokenInfo(AuthorizationStatus.BLOCKED)
CARD = IdToken("04AABBCC")


def _cached(*tokens: tuple[IdToken, TokenInfo], at: Moment = NOW, forget: bool = False) -> Changes:
    return Changes(cached_tokens=tokens, forget_cache=forget, moment=at)


def _list(version: int, *entries: tuple[IdToken, TokenInfo | None], full: bool) -> Changes:
    return Changes(local_list=SendLocalList(version=version, full=full, entries=entries), moment=NOW)


async def _statuses(store: Store, *values: str) -> list[AuthorizationStatus | None]:
    found = [await store.known(IdToken(value), now=NOW.wall) for value in values]
    return [each.cached.status if each.cached is not None else None for each in found]


async def test_a_cached_token_is_known_after_a_restart_whatever_its_case(path: Path) -> None:
    store = await Store.open(path)
    info = TokenInfo(AuthorizationStatus.ACCEPTED, expires_at=NOW.wall, group=IdToken("GROUP", "Central"))
    await store.commit(_cached((CARD, info)))

    store = await reopen(store, path)
    known = await store.known(IdToken("04aabbcc"), now=NOW.wall)
    await store.close()

    assert known.cached == info
    assert known.listed is None


async def test_a_token_that_was_never_seen_is_unknown(store: Store) -> None:
    assert await store.known(CARD, now=NOW.wall) == UNKNOWN_TOKEN


async def test_the_latest_word_on_a_token_counts(store: Store) -> None:
    await store.commit(_cached((CARD, ACCEPTED)))

    await store.commit(_cached((CARD, BLOCKED)))

    assert (await store.known(CARD, now=NOW.wall)).cached == BLOCKED


async def test_an_entry_older_than_the_lifetime_is_removed(store: Store) -> None:
    await store.commit(_cached((CARD, ACCEPTED)))

    in_time = await store.known(CARD, now=NOW.later(60).wall, lifetime_s=60)
    late = await store.known(CARD, now=NOW.later(121).wall, lifetime_s=60)
    afterwards = await store.known(CARD, now=NOW.wall)

    assert in_time.cached == ACCEPTED
    assert late.cached is None
    assert afterwards.cached is None


async def test_a_use_prolongs_the_lifetime_and_is_stored_with_the_next_commit(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(_cached((CARD, ACCEPTED)))
    await store.known(CARD, now=NOW.later(50).wall, lifetime_s=60)
    await store.commit(changes(started()))

    store = await reopen(store, path)
    known = await store.known(CARD, now=NOW.later(100).wall, lifetime_s=60)
    await store.close()

    assert known.cached == ACCEPTED


async def test_an_entry_with_its_own_expiry_outlives_the_lifetime(store: Store) -> None:
    info = replace(ACCEPTED, expires_at=NOW.wall + timedelta(days=9))
    await store.commit(_cached((CARD, info)))

    known = await store.known(CARD, now=NOW.later(1000).wall, lifetime_s=60)

    assert known.cached == info


async def test_a_full_cache_drops_what_is_not_accepted_and_then_the_longest_unused(path: Path) -> None:
    store = await Store.open(path, cache_limit=3)
    for number, (value, info) in enumerate([("a", ACCEPTED), ("b", ACCEPTED), ("c", BLOCKED)]):
        await store.commit(_cached((IdToken(value), info), at=NOW.later(number)))

    await store.known(IdToken("a"), now=NOW.later(10).wall)
    await store.commit(_cached((IdToken("d"), ACCEPTED), at=NOW.later(11)))
    await store.commit(_cached((IdToken("e"), BLOCKED), at=NOW.later(12)))
    statuses = await _statuses(store, "a", "b", "c", "d", "e")
    await store.close()

    accepted, blocked = AuthorizationStatus.ACCEPTED, AuthorizationStatus.BLOCKED
    assert statuses == [accepted, None, None, accepted, blocked]


async def test_a_forgotten_cache_keeps_the_local_list_and_what_comes_with_the_same_change(store: Store) -> None:
    await store.commit(_cached((CARD, ACCEPTED)))
    await store.commit(_list(1, (CARD, BLOCKED), full=True))

    await store.commit(_cached((IdToken("new"), ACCEPTED), forget=True))

    assert await _statuses(store, CARD.value, "new") == [None, AuthorizationStatus.ACCEPTED]
    assert (await store.known(CARD, now=NOW.wall)).listed == BLOCKED


async def test_a_full_list_replaces_and_its_version_survives_a_restart(path: Path) -> None:
    store = await Store.open(path)
    await store.commit(_list(3, (IdToken("old"), ACCEPTED), full=True))
    await store.commit(_list(7, (CARD, ACCEPTED), full=True))

    store = await reopen(store, path)
    version, size = await store.local_list_version(), await store.local_list_size()
    old, card = await store.known(IdToken("OLD"), now=NOW.wall), await store.known(CARD, now=NOW.wall)
    await store.close()

    assert (version, size) == (7, 1)
    assert (old.listed, card.listed) == (None, ACCEPTED)


async def test_a_differential_update_adds_changes_and_removes(store: Store) -> None:
    await store.commit(_list(1, (IdToken("a"), ACCEPTED), (IdToken("b"), ACCEPTED), full=True))

    await store.commit(_list(2, (IdToken("A"), BLOCKED), (IdToken("B"), None), (IdToken("c"), ACCEPTED), full=False))
    listed = [(await store.known(IdToken(value), now=NOW.wall)).listed for value in "abc"]

    assert listed == [BLOCKED, None, ACCEPTED]
    assert await store.local_list_version() == 2


async def test_an_empty_full_list_removes_all_and_an_empty_differential_nothing(store: Store) -> None:
    await store.commit(_list(1, (CARD, ACCEPTED), full=True))

    await store.commit(_list(2, full=False))
    after_differential = await store.local_list_size()
    await store.commit(_list(3, full=True))

    assert (after_differential, await store.local_list_size()) == (1, 0)
    assert await store.local_list_version() == 3


async def test_without_a_list_the_version_is_zero(store: Store) -> None:
    assert await store.local_list_version() == 0


async def test_a_token_with_a_lone_surrogate_can_be_stored(store: Store) -> None:
    strange = IdToken("card \ud800")

    await store.commit(_cached((strange, ACCEPTED)))

    assert (await store.known(strange, now=NOW.wall)).cached == ACCEPTED


async def test_an_entry_that_cannot_be_read_is_as_good_as_unknown(store: Store) -> None:
    await store.commit(_cached((CARD, ACCEPTED)))
    await store.commit(_list(1, (CARD, ACCEPTED), full=True))
    await store._database.run(lambda c: (c.execute("UPDATE auth_cache SET body='x'"), None)[1])
    await store._database.run(lambda c: (c.execute("UPDATE local_list SET body='{}'"), None)[1])

    assert await store.known(CARD, now=NOW.wall) == UNKNOWN_TOKEN
