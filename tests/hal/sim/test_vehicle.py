import pytest

from hal.readings import PilotState
from hal.sim.vehicle import MJ_PER_WH, Vehicle, VehicleTraits, taper


def step(vehicle: Vehicle, seconds: float, *, offer_a: float | None, powered: bool = True) -> None:
    for _ in range(round(seconds * 10)):
        vehicle.advance(0.1, offer_a=offer_a, powered=powered)


def test_a_car_asks_for_energy_a_reaction_time_after_it_is_offered_some() -> None:
    vehicle = Vehicle(VehicleTraits(reaction_s=2.0))

    step(vehicle, 1.5, offer_a=16.0)
    before = vehicle.pilot_state
    step(vehicle, 1.0, offer_a=16.0)

    assert before is PilotState.B
    assert vehicle.pilot_state is PilotState.C


def test_a_car_draws_what_is_offered_on_the_phases_it_uses() -> None:
    vehicle = Vehicle(VehicleTraits(phases=2))

    step(vehicle, 10.0, offer_a=16.0)

    assert vehicle.draw_a == (16.0, 16.0, 0.0)


def test_a_car_draws_no_more_than_it_can() -> None:
    vehicle = Vehicle(VehicleTraits(max_current_a=16.0))

    step(vehicle, 10.0, offer_a=32.0)

    assert vehicle.draw_a == (16.0, 16.0, 16.0)


def test_a_lowered_offer_is_followed_after_the_reaction_time_only() -> None:
    vehicle = Vehicle(VehicleTraits(reaction_s=3.0))
    step(vehicle, 10.0, offer_a=32.0)

    step(vehicle, 2.5, offer_a=10.0)
    meanwhile_a = vehicle.draw_a[0]
    step(vehicle, 1.0, offer_a=10.0)

    assert meanwhile_a == 32.0
    assert vehicle.draw_a[0] == 10.0


def test_less_than_six_amperes_is_no_offer() -> None:
    vehicle = Vehicle(VehicleTraits())

    step(vehicle, 10.0, offer_a=5.9)

    assert vehicle.pilot_state is PilotState.B
    assert vehicle.draw_a == (0.0, 0.0, 0.0)


def test_a_withdrawn_offer_brings_the_car_back_to_b_after_its_reaction_time() -> None:
    vehicle = Vehicle(VehicleTraits(reaction_s=2.0))
    step(vehicle, 10.0, offer_a=16.0)

    step(vehicle, 2.5, offer_a=None)

    assert vehicle.pilot_state is PilotState.B
    assert vehicle.draw_a == (0.0, 0.0, 0.0)


def test_a_car_that_ignores_the_offer_stays_in_c_and_draws_its_maximum() -> None:
    vehicle = Vehicle(VehicleTraits(ignores_offer=True, max_current_a=20.0))

    step(vehicle, 10.0, offer_a=None)

    assert vehicle.pilot_state is PilotState.C
    assert vehicle.draw_a[0] == 20.0


def test_without_mains_nothing_flows_although_the_car_asks() -> None:
    vehicle = Vehicle(VehicleTraits())

    step(vehicle, 10.0, offer_a=16.0, powered=False)

    assert vehicle.pilot_state is PilotState.C
    assert vehicle.draw_a == (0.0, 0.0, 0.0)


def test_a_paused_car_shows_b_and_asks_again_when_resumed() -> None:
    vehicle = Vehicle(VehicleTraits())
    step(vehicle, 10.0, offer_a=16.0)

    vehicle.traits.wants_energy = False
    paused = vehicle.pilot_state
    vehicle.traits.wants_energy = True

    assert paused is PilotState.B
    assert vehicle.pilot_state is PilotState.C


def test_the_battery_stores_what_was_delivered_less_the_losses() -> None:
    vehicle = Vehicle(VehicleTraits(battery_kwh=50.0, charge_efficiency=0.9), soc_percent=20.0)

    vehicle.take(10_000 * MJ_PER_WH)

    assert vehicle.soc_percent == pytest.approx(38.0)


def test_a_full_battery_ends_the_charge() -> None:
    vehicle = Vehicle(VehicleTraits(), soc_percent=99.99)
    step(vehicle, 10.0, offer_a=16.0)

    vehicle.take(1000 * MJ_PER_WH)

    assert vehicle.soc_percent == 100.0
    assert vehicle.pilot_state is PilotState.B


def test_the_current_tapers_above_eighty_percent_down_to_near_nothing() -> None:
    curve = [taper(float(soc_percent)) for soc_percent in range(80, 101)]

    assert taper(30.0) == curve[0] == 1.0
    assert curve == sorted(curve, reverse=True)
    assert 0.0 < curve[-1] < 0.05


def test_an_unplugged_car_forgets_the_last_offer() -> None:
    vehicle = Vehicle(VehicleTraits())
    step(vehicle, 10.0, offer_a=16.0)

    vehicle.unplug()

    assert vehicle.pilot_state is PilotState.B
    assert vehicle.draw_a == (0.0, 0.0, 0.0)
