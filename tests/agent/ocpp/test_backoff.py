"""Reconnect delays."""

from hypothesis import given
from hypothesis import strategies as st

from agent.ocpp.backoff import MAX_DELAY_S, Backoff, BackoffSettings, delay_s

SETTINGS = BackoffSettings(wait_minimum_s=10, random_range_s=4, repeat_times=3)


def test_the_delay_doubles_as_often_as_configured_and_stays() -> None:
    backoff = Backoff(SETTINGS)

    delays = []
    for _ in range(6):
        delays.append(backoff.next_delay_s(dice=0.0))
        backoff.attempt_failed()

    assert delays == [10, 20, 40, 80, 80, 80]


def test_every_delay_has_a_random_part_of_its_own() -> None:
    assert delay_s(0, settings=SETTINGS, dice=0.5) == 12
    assert delay_s(2, settings=SETTINGS, dice=1.0) == 44


def test_an_accepted_link_starts_anew_even_if_it_was_short() -> None:
    backoff = Backoff(SETTINGS)
    backoff.attempt_failed()
    backoff.attempt_failed()

    backoff.link_ended(accepted=True, lived_s=0.1)

    assert backoff.next_delay_s(dice=0.0) == 10


def test_a_link_that_lived_long_starts_anew() -> None:
    backoff = Backoff(SETTINGS)
    backoff.attempt_failed()

    backoff.link_ended(accepted=False, lived_s=3600)

    assert backoff.next_delay_s(dice=0.0) == 10


def test_being_let_in_and_thrown_out_counts_as_a_failure() -> None:
    backoff = Backoff(SETTINGS)

    backoff.link_ended(accepted=False, lived_s=0.1)

    assert backoff.next_delay_s(dice=0.0) == 20


def test_new_settings_hold_from_the_next_delay_on() -> None:
    backoff = Backoff(SETTINGS)

    backoff.settings = BackoffSettings(wait_minimum_s=1, random_range_s=0, repeat_times=0)

    assert backoff.next_delay_s(dice=0.9) == 1


@given(
    failures=st.integers(0, 10**9),
    minimum_s=st.integers(-10, 10**9),
    range_s=st.integers(-10, 1000),
    times=st.integers(-10, 10**9),
    dice=st.floats(0, 1),
)
def test_no_setting_makes_a_delay_negative_or_endless(
    failures: int, minimum_s: int, range_s: int, times: int, dice: float
) -> None:
    settings = BackoffSettings(wait_minimum_s=minimum_s, random_range_s=range_s, repeat_times=times)

    assert 0 <= delay_s(failures, settings=settings, dice=dice) <= MAX_DELAY_S + 1000
