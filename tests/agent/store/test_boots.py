from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from agent.store.boots import KEPT
from agent.store.store import Store
from tests.agent.store.builders import NOW, reopen

BLIND = replace(NOW, wall=datetime(1970, 1, 2, tzinfo=UTC), wall_known=False)
OFFSET_S = NOW.wall.timestamp() - NOW.mono_s


def test_a_stamp_made_with_a_known_clock_is_left_alone(store: Store) -> None:
    assert store.mend(NOW) == NOW.wall


def test_a_stamp_of_a_boot_that_never_learned_the_time_keeps_its_own(store: Store) -> None:
    assert store.mend(BLIND) == BLIND.wall


async def test_a_stamp_is_mended_once_its_boot_knows_the_time_even_after_a_restart(path: Path) -> None:
    store = await Store.open(path)
    await store.remember_boot(NOW.boot, OFFSET_S)
    live = store.mend(BLIND)

    store = await reopen(store, path)
    again = store.mend(BLIND)
    other = store.mend(replace(BLIND, boot="other"))
    await store.close()

    assert abs(live - NOW.wall) < timedelta(milliseconds=1)
    assert again == live
    assert other == BLIND.wall


async def test_a_clock_that_was_set_again_counts(store: Store) -> None:
    await store.remember_boot(NOW.boot, OFFSET_S)

    await store.remember_boot(NOW.boot, OFFSET_S + 60)

    assert abs(store.mend(BLIND) - NOW.later(60).wall) < timedelta(milliseconds=1)


async def test_old_boots_are_forgotten(store: Store) -> None:
    for number in range(KEPT + 1):
        await store.remember_boot(f"boot {number}", OFFSET_S)

    assert store.mend(replace(BLIND, boot="boot 0")) == BLIND.wall
    assert store.mend(replace(BLIND, boot="boot 1")) != BLIND.wall
