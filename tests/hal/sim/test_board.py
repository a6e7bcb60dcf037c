from dataclasses import replace
from pathlib import Path

import pytest

from hal.errors import DeviceGone, DeviceSilent
from hal.readings import PilotState
from hal.sim.board import BoardSettings, SimBoard
from hal.sim.clock import ManualClock
from hal.sim.vehicle import MJ_PER_WH

SETTINGS = BoardSettings()


def make(settings: BoardSettings = SETTINGS, *, clock: ManualClock | None = None) -> SimBoard:
    return SimBoard(settings, clock=clock or ManualClock())


def charging(settings: BoardSettings = SETTINGS, *, offer_a: float = 16.0) -> SimBoard:
    board = make(settings)
    board.set_plugged(True)
    board.set_offer(offer_a)
    board.contactor.command(closed=True)
    board.advance(30.0)
    return board


def test_the_pilot_tells_of_the_car_and_of_what_it_was_offered() -> None:
    board = make()
    states = [board.pilot.value]

    board.set_plugged(True)
    states.append(board.pilot.value)
    board.set_offer(16.0)
    board.advance(3.0)
    states.append(board.pilot.value)
    board.set_plugged(False)
    states.append(board.pilot.value)

    assert states == [PilotState.A, PilotState.B, PilotState.C, PilotState.A]


def test_the_voltage_sags_with_the_current() -> None:
    idle, busy = make().read_meter(), charging(offer_a=32.0).read_meter()

    assert idle.voltage_v == (230.0, 230.0, 230.0)
    assert busy.voltage_v[0] == pytest.approx(230.0 - 32 * SETTINGS.source_impedance_ohm)


def test_the_meter_measures_each_phase_and_their_sum() -> None:
    reading = charging().read_meter()

    assert reading.current_a == (16.0, 16.0, 16.0)
    assert reading.power_w == pytest.approx(sum(reading.phase_power_w))
    assert reading.phase_power_w[0] == pytest.approx(reading.voltage_v[0] * 16.0)
    assert reading.frequency_hz == 50.0
    assert reading.temperature_c is not None
    assert reading.temperature_c > 25.0


def test_the_register_shows_exactly_what_was_delivered() -> None:
    board = charging()
    before_mj = board.register_mj
    power_w = board.read_meter().power_w

    board.advance(3600.0)

    assert power_w is not None
    assert (board.register_mj - before_mj) / MJ_PER_WH == pytest.approx(power_w, rel=1e-6)
    assert board.register_wh == board.register_mj // MJ_PER_WH


def test_short_and_long_steps_deliver_the_same_energy() -> None:
    short, long = charging(), charging()

    for _ in range(6000):
        short.advance(0.1)
    long.advance(600.0)

    assert short.register_mj == pytest.approx(long.register_mj, abs=MJ_PER_WH / 100)


def test_a_whole_charge_fills_the_battery_and_the_register_by_the_same_amount() -> None:
    board = charging(replace(SETTINGS, battery_kwh=10.0, soc_percent=50.0))
    registers = []

    for _ in range(600):
        board.advance(30.0)
        registers.append(board.read_meter().energy_import_wh)

    stored_kwh = 10.0 * 0.5
    delivered_kwh = (board.register_mj / MJ_PER_WH - SETTINGS.register_wh) / 1000
    assert board.pilot.value is PilotState.B
    assert board.vehicle.soc_percent == 100.0
    assert delivered_kwh == pytest.approx(stored_kwh / board.vehicle.traits.charge_efficiency, rel=1e-3)
    assert registers == sorted(registers)


def test_nothing_flows_through_an_open_contactor() -> None:
    board = charging()

    board.contactor.command(closed=False)
    board.advance(0.1)
    register_mj = board.register_mj
    board.advance(60.0)

    assert board.draw_a == (0.0, 0.0, 0.0)
    assert board.register_mj == register_mj


def test_a_real_contactor_decides_where_the_board_has_none() -> None:
    board = charging()
    board.contactor.command(closed=False)
    board.external_power = True

    board.advance(10.0)
    fed_a = board.draw_a[0]
    board.external_power = False

    assert fed_a == 16.0
    assert board.draw_a[0] == 0.0


@pytest.mark.parametrize(("fault", "state"), [("DiodeFault", PilotState.F), ("PilotFault", PilotState.E)])
def test_pilot_faults_show_on_the_pilot_until_they_end(fault: str, state: PilotState) -> None:
    board = charging()

    board.set_fault(fault, active=True)
    faulty = board.pilot.value
    board.set_fault(fault, active=False)

    assert faulty is state
    assert board.pilot.value is PilotState.C


def test_a_welded_contactor_feeds_the_car_whatever_it_is_told() -> None:
    board = charging()
    board.set_fault("WeldedContactor", active=True)

    board.contactor.command(closed=False)
    board.advance(10.0)

    assert board.position.value is True
    assert board.draw_a[0] == 16.0


def test_a_silent_meter_raises_and_goes_on_counting() -> None:
    board = charging()
    before_wh = board.register_wh
    board.set_fault("PowerMeterFailure", active=True)

    with pytest.raises(DeviceSilent):
        board.read_meter()
    board.advance(600.0)
    board.set_fault("PowerMeterFailure", active=False)

    assert board.read_meter().energy_import_wh > before_wh + 1000


def test_a_lost_board_answers_nothing() -> None:
    board = make()
    board.set_fault("BoardLost", active=True)

    with pytest.raises(DeviceGone):
        board.read_meter()
    with pytest.raises(DeviceGone):
        board.set_offer(16.0)
    with pytest.raises(DeviceGone):
        board.start(object())


def test_voltage_and_heat_faults_are_measured_too() -> None:
    board = make()
    board.set_fault("UnderVoltage", active=True)
    board.set_fault("HighTemperature", active=True)

    reading = board.read_meter()

    assert reading.voltage_v[0] < 190.0
    assert reading.temperature_c == 95.0


async def test_a_started_board_follows_the_clock_until_its_last_user_leaves() -> None:
    clock = ManualClock()
    board = make(clock=clock)
    first, second = object(), object()
    board.start(first)
    board.start(second)
    board.set_plugged(True)
    board.set_offer(16.0)

    await board.stop(first)
    board.set_offer(16.0)
    await clock.advance(3.0)
    ticked = board.pilot.value
    await board.stop(second)
    await clock.advance(3.0)

    assert ticked is PilotState.C
    assert board.pilot.value is PilotState.C
    assert board.offer_a is None


def test_the_register_and_the_car_outlive_the_process(tmp_path: Path) -> None:
    settings = replace(SETTINGS, state_file=str(tmp_path / "evse-1.json"))
    board = charging(settings)
    board.advance(1800.0)
    reading = board.read_meter()

    reborn = make(settings)  # the first one was never stopped

    assert reborn.read_meter().energy_import_wh == reading.energy_import_wh
    assert reborn.pilot.value is PilotState.B
    assert reborn.vehicle.soc_percent == board.vehicle.soc_percent


def test_a_value_that_was_read_is_never_taken_back(tmp_path: Path) -> None:
    settings = replace(SETTINGS, state_file=str(tmp_path / "evse-1.json"))
    board = charging(settings)

    for _ in range(50):
        board.advance(0.7)
        read_wh = board.read_meter().energy_import_wh

        assert make(settings).register_wh == read_wh
