from dataclasses import replace

import pytest

from hal.port_rules import Conditions, may_close, may_stay_closed, wanted_offer_a
from hal.readings import PilotState

CHARGING = Conditions(
    limit_a=16.0,
    is_leased=True,
    pilot=PilotState.C,
    is_faulty=False,
    is_held_open=False,
    is_pause_over=False,
    offered_a=16.0,
)


def test_energy_is_allowed_when_everything_agrees() -> None:
    assert may_close(CHARGING)
    assert may_close(replace(CHARGING, pilot=PilotState.D))
    assert may_stay_closed(CHARGING)


@pytest.mark.parametrize(
    "missing",
    [
        replace(CHARGING, limit_a=None),
        replace(CHARGING, is_leased=False),
        replace(CHARGING, pilot=None),
        replace(CHARGING, pilot=PilotState.B),
        replace(CHARGING, pilot=PilotState.F),
        replace(CHARGING, is_faulty=True),
    ],
)
def test_one_missing_condition_forbids_energy(missing: Conditions) -> None:
    assert not may_close(missing)
    assert not may_stay_closed(missing)


@pytest.mark.parametrize("missing", [replace(CHARGING, offered_a=None), replace(CHARGING, is_held_open=True)])
def test_closing_needs_the_pwm_and_a_lock_at_rest(missing: Conditions) -> None:
    assert not may_close(missing)


def test_a_pause_leaves_the_contactor_closed_until_its_time_is_over() -> None:
    paused = replace(CHARGING, limit_a=0.0, offered_a=None)

    assert not may_close(paused)
    assert may_stay_closed(paused)
    assert not may_stay_closed(replace(paused, is_pause_over=True))


def test_a_limit_that_is_no_number_is_a_pause() -> None:
    broken = replace(CHARGING, limit_a=float("nan"), is_pause_over=True)

    assert wanted_offer_a(broken) is None
    assert not may_stay_closed(broken)


def test_the_limit_is_offered_to_a_plugged_car_only() -> None:
    assert wanted_offer_a(replace(CHARGING, pilot=PilotState.B)) == 16.0
    assert wanted_offer_a(replace(CHARGING, pilot=PilotState.A)) is None
    assert wanted_offer_a(replace(CHARGING, limit_a=5.9)) is None
    assert wanted_offer_a(replace(CHARGING, is_faulty=True)) is None
