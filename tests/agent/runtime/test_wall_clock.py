from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.clock import Moment
from agent.errors import StoreError
from agent.runtime.wall_clock import WallClock
from agent.store.store import Store
from tests.agent.store.builders import NOW, started
from tests.fakes.fast_time import FIRST_WALL, LoopClock
from tests.fakes.sick_database import sick


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(tmp_path / "agent.db")
    yield opened
    await opened.close()


def unmended(clock: LoopClock) -> Moment:
    """A stamp of this boot, made before the time was known."""
    moment = clock.now()
    assert not moment.wall_known
    return moment


async def test_the_first_word_of_the_csms_sets_the_clock_and_mends_what_was_stamped_before(store: Store) -> None:
    clock = LoopClock(wall_known=False)
    before = unmended(clock)

    await WallClock(clock, store).set(FIRST_WALL)

    assert clock.now().wall_known
    assert abs(store.mend(before) - FIRST_WALL) < timedelta(seconds=1)


async def test_a_later_process_mends_the_stamps_of_this_boot(store: Store, tmp_path: Path) -> None:
    clock = LoopClock(wall_known=False)
    before = unmended(clock)
    await WallClock(clock, store).set(FIRST_WALL)
    await store.close()

    later = await Store.open(tmp_path / "agent.db")
    mended = later.mend(before)
    await later.close()

    assert abs(mended - FIRST_WALL) < timedelta(seconds=1)


@pytest.mark.parametrize("off_s", [0.0, 0.4, -0.9])
async def test_the_delay_of_the_network_does_not_move_a_clock_that_is_set(store: Store, off_s: float) -> None:
    clock = LoopClock()

    await WallClock(clock, store).set(clock.now().wall + timedelta(seconds=off_s))

    assert clock.steps_s == []


@pytest.mark.parametrize("off_s", [1.5, -30.0, 86_400.0])
async def test_a_clock_that_is_wrong_follows_the_csms_in_either_direction(
    store: Store, off_s: float, caplog: pytest.LogCaptureFixture
) -> None:
    clock = LoopClock()

    await WallClock(clock, store).set(clock.now().wall + timedelta(seconds=off_s))

    (step_s,) = clock.steps_s
    assert step_s == pytest.approx(off_s, abs=0.2)
    (record,) = caplog.records
    assert record.getMessage() == "clock set by the CSMS"
    assert record.__dict__["evse_values"]["was_known"] is True


async def test_a_clock_that_was_never_set_is_set_even_where_it_happens_to_be_right(store: Store) -> None:
    clock = LoopClock(wall_known=False)

    await WallClock(clock, store).set(clock.now().wall)

    assert clock.now().wall_known


async def test_a_known_stamp_stays_as_it_is(store: Store) -> None:
    clock = LoopClock(wall_known=False)

    await WallClock(clock, store).set(FIRST_WALL)

    assert store.mend(started().at) == NOW.wall


async def test_another_boot_is_not_mended_by_this_ones_time(store: Store) -> None:
    clock = LoopClock(wall_known=False)
    stranger = Moment(clock.now().wall, 5.0, "another boot", wall_known=False)

    await WallClock(clock, store).set(FIRST_WALL)

    assert store.mend(stranger) == stranger.wall


async def test_what_the_disk_would_not_keep_is_kept_with_the_next_word_of_the_csms(
    store: Store, tmp_path: Path
) -> None:
    clock = LoopClock(wall_known=False)
    before = unmended(clock)
    wall_clock = WallClock(clock, store)

    with sick(tmp_path / "agent.db", table="boots"), pytest.raises(StoreError):
        await wall_clock.set(FIRST_WALL)
    await wall_clock.set(clock.now().wall)

    assert abs(store.mend(before) - FIRST_WALL) < timedelta(seconds=1)
