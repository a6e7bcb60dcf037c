"""What all profiles together allow, held against the text second by second."""

import time
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from agent.smart_charging.compose import Running, Wiring, composed, evse_limits, station_limits
from agent.smart_charging.profile import STATION, InstalledProfile, Kind, Period, Purpose, RateUnit, Recurrence
from agent.smart_charging.stack import ProfileSet
from tests.agent.smart_charging.oracle import limit_at
from tests.agent.smart_charging.profiles import NOON, ZONES, installed, periods, random_profile, set_of, tx_default

W = Wiring(voltage_v=230.0, phases=3, most_a=32.0)
TX = Running("TX-1", NOON.timestamp())


@pytest.mark.parametrize("chunk", range(10))
def test_random_profiles_allow_at_every_second_what_the_text_says(chunk: int) -> None:
    random = Random(chunk)
    for _ in range(1000):
        zone = random.choice(ZONES)
        # Every third window lies on a change of the clocks of the last two zones.
        near = random.choice([NOON, datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)])
        profiles = set_of(
            *(random_profile(random, number=number, near=near, within_s=40) for number in range(random.randint(1, 9)))
        )
        since = near + timedelta(seconds=random.randint(-40, 40))
        running = random.choice([None, Running("TX-1", since.timestamp())])
        wiring = Wiring(230.0, random.choice([1, 3]), random.choice([16.0, 32.0]), random.random() < 0.5)
        limits = evse_limits(profiles, evse_id=1, wiring=wiring, running=running, zone=zone, now=since.timestamp())

        schedule = composed(limits, now=near, duration_s=60, unit=RateUnit.AMPERES, voltage_v=230.0, max_periods=1000)
        for second in range(60):
            at = near + timedelta(seconds=second)
            expected_a, phases = limit_at(
                at,
                profiles.profiles,
                evse_id=1,
                transaction=("TX-1", since) if running else None,
                charging_since=since,
                most_a=wiring.most_a,
                voltage_v=230.0,
                phases=wiring.phases,
                can_drop_phases=wiring.can_drop_phases,
                zone=zone,
            )
            told = [period for period in schedule.periods if period.start_s <= second][-1]
            given = limits(at.timestamp())
            assert given.amperes == pytest.approx(expected_a), "\n".join(
                map(str, (*profiles.profiles, at, zone, since, running))
            )
            assert (given.phases, told.phases) == (phases, phases)
            assert 0 <= given.amperes - told.limit < 0.1
            assert given.until > at.timestamp()


def limit_a(*profiles: InstalledProfile, at: datetime = NOON, evse_id: int = 1, running: Running | None = TX) -> float:
    """What EVSE 1 may draw at a time."""
    limits = evse_limits(set_of(*profiles), evse_id=evse_id, wiring=W, running=running, zone=UTC, now=at.timestamp())
    return limits(at.timestamp()).amperes


def test_without_profiles_the_wiring_is_the_limit() -> None:
    assert limit_a() == 32.0


def test_the_least_of_station_and_transaction_counts() -> None:
    station, transaction = (
        installed(Purpose.STATION_MAX, 16.0, number=1),
        installed(Purpose.TX, 20.0, number=2, transaction_id="TX-1"),
    )

    assert limit_a(transaction) == 20.0
    assert limit_a(station, transaction) == 16.0


def test_a_tx_profile_overrules_the_default_even_upwards() -> None:
    assert limit_a(tx_default(10.0), installed(Purpose.TX, 20.0, number=2, transaction_id="TX-1")) == 20.0


def test_where_a_tx_profile_has_run_out_the_default_counts_again() -> None:
    over = installed(Purpose.TX, 20.0, number=2, duration_s=60, transaction_id="TX-1")

    assert limit_a(tx_default(10.0), over, at=NOON + timedelta(seconds=59)) == 20.0
    assert limit_a(tx_default(10.0), over, at=NOON + timedelta(seconds=60)) == 10.0


def test_another_transactions_profile_does_not_count() -> None:
    assert limit_a(installed(Purpose.TX, 8.0, transaction_id="TX-0")) == 32.0


def test_the_station_wide_default_is_replaced_at_one_connector_only() -> None:
    both = (tx_default(8.0, number=1, evse_id=STATION), tx_default(13.0, number=2, evse_id=1))

    assert limit_a(*both, evse_id=1) == 13.0
    assert limit_a(*both, evse_id=2) == 8.0


def test_watts_are_spread_over_three_phases_unless_the_period_says_otherwise() -> None:
    one_phase = Wiring(voltage_v=230.0, phases=1, most_a=32.0)
    whole = set_of(installed(Purpose.TX_DEFAULT, 6900.0, unit=RateUnit.WATTS))
    single = set_of(installed(Purpose.TX_DEFAULT, 3680.0, unit=RateUnit.WATTS, phases=1))

    def amperes(profiles: ProfileSet, wiring: Wiring) -> float:
        limits = evse_limits(profiles, evse_id=1, wiring=wiring, running=None, zone=UTC, now=NOON.timestamp())
        return limits(NOON.timestamp()).amperes

    assert amperes(whole, W) == pytest.approx(10.0)
    assert amperes(whole, one_phase) == pytest.approx(10.0)
    assert amperes(single, one_phase) == pytest.approx(16.0)
    # More phases than the watts were meant for: less on each.
    assert amperes(single, W) == pytest.approx(16.0 / 3)


def test_an_evse_that_can_goes_on_with_one_phase_where_only_one_may_be_used() -> None:
    profiles = set_of(installed(Purpose.TX_DEFAULT, 3680.0, unit=RateUnit.WATTS, phases=1))
    wiring = Wiring(230.0, 3, 32.0, can_drop_phases=True)
    limits = evse_limits(profiles, evse_id=1, wiring=wiring, running=None, zone=UTC, now=NOON.timestamp())

    assert limits(NOON.timestamp()).amperes == pytest.approx(16.0)
    assert limits(NOON.timestamp()).phases == 1


def test_the_same_schedule_is_told_in_either_unit() -> None:
    profiles = set_of(tx_default(steps=periods((0, 16.0), (600, 8.1))))
    limits = evse_limits(profiles, evse_id=1, wiring=W, running=TX, zone=UTC, now=NOON.timestamp())

    def told(unit: RateUnit) -> tuple[Period, ...]:
        return composed(limits, now=NOON, duration_s=900, unit=unit, voltage_v=230.0, max_periods=10).periods

    assert told(RateUnit.AMPERES) == periods((0, 16.0), (600, 8.1), phases=3)
    assert told(RateUnit.WATTS) == periods((0, 11_040.0), (600, 5_589.0), phases=3)


def test_a_schedule_of_too_many_periods_ends_early() -> None:
    profiles = set_of(tx_default(steps=periods(*((60 * n, 6.0 + n % 2) for n in range(10)))))
    limits = evse_limits(profiles, evse_id=1, wiring=W, running=TX, zone=UTC, now=NOON.timestamp())

    told = composed(limits, now=NOON, duration_s=900, unit=RateUnit.AMPERES, voltage_v=230.0, max_periods=4)

    assert (told.duration_s, len(told.periods)) == (240, 4)


def test_the_station_has_its_own_limit() -> None:
    profiles = set_of(installed(Purpose.STATION_MAX, 22_000.0, unit=RateUnit.WATTS), tx_default(6.0, number=2))
    limits = station_limits(profiles, wiring=Wiring(230.0, 3, 63.0), zone=UTC)

    assert limits(NOON.timestamp()).amperes == pytest.approx(31.884, abs=1e-3)


def test_what_limits_is_named() -> None:
    profiles = set_of(tx_default(10.0, number=7), installed(Purpose.STATION_MAX, 20.0, number=8))
    limits = evse_limits(profiles, evse_id=1, wiring=W, running=TX, zone=UTC, now=NOON.timestamp())
    source = limits(NOON.timestamp()).source

    assert source is not None
    assert source.profile.id == 7


def test_two_hundred_periods_are_composed_within_twenty_milliseconds() -> None:
    profiles = set_of(
        *(
            tx_default(
                number=level,
                level=level,
                kind=Kind.RECURRING,
                recurrence=Recurrence.DAILY,
                duration_s=86_000 - 7_000 * level,
                steps=periods(*((3_400 * n, 6.0 + (n * 7 + level) % 26) for n in range(25))),
            )
            for level in range(8)
        )
    )
    zone = ZoneInfo("Europe/Amsterdam")
    took_s = []
    told = None
    for _ in range(5):
        began_s = time.perf_counter()
        limits = evse_limits(profiles, evse_id=1, wiring=W, running=TX, zone=zone, now=NOON.timestamp())
        told = composed(limits, now=NOON, duration_s=7 * 86_400, unit=RateUnit.WATTS, voltage_v=230.0, max_periods=999)
        took_s.append(time.perf_counter() - began_s)

    assert told is not None
    assert len(told.periods) > 150
    assert min(took_s) < 0.02
