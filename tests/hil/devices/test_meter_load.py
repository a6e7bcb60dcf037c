"""The physics behind an emulated meter."""

import pytest

from hil.devices.meter_load import MeteredLoad


def test_power_over_time_is_energy_in_the_direction_it_flows() -> None:
    load = MeteredLoad(import_kwh=1.0)
    load.set(current_a=(10, 10, 10), voltage_v=(230, 230, 230))
    load.advance(3600)

    load.set(exporting=True)
    load.advance(1800)

    assert load.value("energy_import", None) == pytest.approx(7900)
    assert load.value("energy_export", None) == pytest.approx(3450)
    assert load.value("power", None) == pytest.approx(-6900)


def test_a_clock_lets_energy_flow_by_itself() -> None:
    now_s = 100.0
    load = MeteredLoad(clock=lambda: now_s)
    load.set(current_a=(10, 0, 0))

    now_s = 3700.0
    load.catch_up()

    assert load.value("energy_import", None) == pytest.approx(2300)


def test_values_of_a_phase_are_told_apart() -> None:
    load = MeteredLoad()
    load.set(current_a=(1, 2, 3), voltage_v=(229, 230, 231), power_factor=0.5)

    assert [load.value("current", phase) for phase in ("L1", "L2", "L3")] == [1, 2, 3]
    assert (load.value("voltage", "L3"), load.value("power", "L2")) == (231, 230)
    assert load.value("power_factor", None) == pytest.approx(0.5)


@pytest.mark.parametrize(("quantity", "phase"), [("sunshine", None), ("energy_import", "L1")])
def test_what_it_has_not_is_an_error(quantity: str, phase: str | None) -> None:
    with pytest.raises(KeyError):
        MeteredLoad().value(quantity, phase)
