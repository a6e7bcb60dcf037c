import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent import clock
from agent.clock import BOOT_ID_FILE, EARLIEST_CREDIBLE, Moment, SystemClock, kernel_boot_id

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


class Battery(datetime):
    """A controller's clock chip that shows what the test says."""

    shows = NOON

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # only ever asked for UTC
        assert tz is UTC
        return cls.shows


@pytest.fixture
def battery(monkeypatch: pytest.MonkeyPatch) -> type[Battery]:
    monkeypatch.setattr(clock, "datetime", Battery)
    monkeypatch.setattr(Battery, "shows", NOON)
    return Battery


def test_a_later_moment_moves_both_clocks_and_stays_in_its_boot() -> None:
    moment = Moment(NOON, 100.0, "boot-1", wall_known=False)

    later = moment.later(2.5)

    assert later == Moment(NOON + timedelta(seconds=2.5), 102.5, "boot-1", wall_known=False)
    assert later.later(-2.5) == moment


def test_a_credible_time_is_taken_for_known(battery: type[Battery]) -> None:
    now = SystemClock().now()

    assert now.wall_known
    assert timedelta(0) <= now.wall - NOON < timedelta(seconds=5)


@pytest.mark.parametrize("shows", [datetime(1970, 1, 1, 0, 1, tzinfo=UTC), EARLIEST_CREDIBLE - timedelta(days=1)])
def test_a_time_before_the_factory_was_never_set(battery: type[Battery], shows: datetime) -> None:
    battery.shows = shows

    assert not SystemClock().now().wall_known


def test_the_word_of_the_csms_makes_it_known_and_later_moments_follow(battery: type[Battery]) -> None:
    battery.shows = datetime(1970, 1, 1, tzinfo=UTC)
    system = SystemClock()
    before = system.now()

    step_s = system.set_wall(NOON)
    after = system.now()

    assert step_s == pytest.approx((NOON - before.wall).total_seconds(), abs=5)
    assert after.wall_known
    assert timedelta(0) <= after.wall - NOON < timedelta(seconds=5)
    assert after.boot == before.boot
    assert 0 <= after.mono_s - before.mono_s < 5


def test_a_jump_of_the_systems_wall_clock_does_not_move_ours(battery: type[Battery]) -> None:
    system = SystemClock()

    battery.shows = NOON - timedelta(hours=3)

    assert system.now().wall >= NOON


def test_stepping_back_the_wall_clock_leaves_the_monotonic_one(battery: type[Battery]) -> None:
    system = SystemClock()
    mono_s = system.monotonic()

    step_s = system.set_wall(NOON - timedelta(hours=1))

    assert step_s == pytest.approx(-3600, abs=5)
    assert system.monotonic() >= mono_s


def test_two_processes_of_one_boot_share_their_monotonic_time() -> None:
    first, second = SystemClock(), SystemClock()

    assert first.now().boot == second.now().boot == kernel_boot_id()
    assert abs(first.monotonic() - second.monotonic()) < 1
    assert abs(first.monotonic() - time.monotonic()) < 1


def test_an_accelerated_clock_is_a_boot_of_its_own_and_keeps_its_own_time() -> None:
    first, second = SystemClock(speed=100), SystemClock(speed=100)

    assert len({first.now().boot, second.now().boot, kernel_boot_id()}) == 3
    assert first.set_wall(NOON) == 0.0
    assert abs(first.now().wall - datetime.now(UTC)) < timedelta(hours=1)


async def test_an_accelerated_clock_sleeps_so_much_shorter() -> None:
    system = SystemClock(speed=1000)
    began_s, began = time.monotonic(), system.monotonic()

    await system.sleep(20)

    assert system.monotonic() - began >= 20
    assert time.monotonic() - began_s < 5


async def test_a_negative_sleep_is_over_at_once() -> None:
    async with asyncio.timeout(1):
        await SystemClock().sleep(-5)


def test_where_the_kernel_tells_no_boot_id_each_process_is_a_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "BOOT_ID_FILE", tmp_path / "none")

    assert kernel_boot_id() != kernel_boot_id()


def test_the_boot_id_is_the_kernels() -> None:
    assert kernel_boot_id() == BOOT_ID_FILE.read_text().strip()


def test_utc_needs_no_time_zone_database() -> None:
    assert clock.zone_of("UTC") is UTC


def test_a_time_zone_is_found_by_its_name() -> None:
    summer = datetime(2026, 7, 1, 12, tzinfo=clock.zone_of("Europe/Amsterdam"))

    assert summer.utcoffset() == timedelta(hours=2)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../../etc/passwd", "europe\x00"])
def test_a_time_zone_that_nobody_knows_is_a_value_error(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        clock.zone_of(name)
