import asyncio
from typing import Any

import pytest

from hal.readings import PilotState, TokenReading
from hal.registry import DriverContext, SharedDevices
from hal.sim.board import BoardSettings
from hal.sim.clock import ManualClock
from hal.sim.controls import NotSimulated, SimControls, sim_controls
from hal.sim.evse import SimEvse
from hal.sim.faults import UnknownFault
from hal.sim.reader import SimReader, SimReaderSettings


def station() -> tuple[SimControls, SimEvse, SimReader]:
    shared, clock = SharedDevices(), ManualClock()
    evse = SimEvse(BoardSettings(), DriverContext("EVSE 1", 1, clock, shared=shared))
    reader = SimReader(SimReaderSettings(), DriverContext("reader 1", None, clock, shared=shared))
    controls = sim_controls(shared)
    assert controls is not None
    return controls, evse, reader


def test_a_station_of_iron_has_no_controls() -> None:
    assert sim_controls(SharedDevices()) is None


def test_the_controls_move_the_car_in_and_out() -> None:
    controls, _, _ = station()

    controls.evse(1).plug_in()
    plugged = controls.evse(1).view()
    controls.evse(1).unplug()

    assert controls.evse_ids == (1,)
    assert (plugged.plugged, plugged.pilot) == (True, PilotState.B)
    assert controls.evse(1).view().pilot is PilotState.A


def test_the_car_can_be_changed_while_it_charges() -> None:
    controls, evse, _ = station()
    one = controls.evse(1)
    one.plug_in()
    evse.offer(32.0)
    evse.close()
    evse.board.advance(10.0)

    one.set_ev(max_current_a=10.0, phases=1, battery_kwh=40.0, soc_percent=70.0)
    evse.board.advance(1.0)
    charging = one.view()
    one.set_ev(wants_energy=False)

    assert charging.draw_a == one_phase(10.0)
    assert charging.soc_percent >= 70.0
    assert one.view().pilot is PilotState.B
    assert one.draw_a == one_phase(0.0)


def one_phase(current_a: float) -> tuple[float, float, float]:
    return (current_a, 0.0, 0.0)


@pytest.mark.parametrize(
    "wrong", [{"phases": 4}, {"phases": 0}, {"max_current_a": -1.0}, {"battery_kwh": 0.0}, {"soc_percent": 101.0}]
)
def test_a_car_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    controls, _, _ = station()

    with pytest.raises(ValueError, match=next(iter(wrong))):
        controls.evse(1).set_ev(**wrong)


def test_faults_are_switched_by_their_names_only() -> None:
    controls, _, _ = station()

    controls.evse(1).set_fault("GroundFailure", active=True)

    assert controls.evse(1).view().faults == ("GroundFailure",)
    with pytest.raises(UnknownFault):
        controls.evse(1).set_fault("Gremlin", active=True)


def test_an_evse_of_iron_is_not_to_be_controlled() -> None:
    controls, _, _ = station()

    with pytest.raises(NotSimulated):
        controls.evse(2)


async def test_a_token_reaches_the_reader_of_the_station() -> None:
    controls, _, reader = station()

    async def read() -> TokenReading:
        return await anext(reader.tokens())

    waiting = asyncio.create_task(read(), name="read")
    await ManualClock().settle()

    controls.present_token("04A1B2C3", "ISO14443", evse_id=1)

    assert await waiting == TokenReading("04A1B2C3", "ISO14443")


def test_no_reader_no_token() -> None:
    controls = SimControls()

    with pytest.raises(NotSimulated):
        controls.present_token("04A1B2C3")


def test_a_reader_out_of_order_reads_nothing() -> None:
    controls, _, _ = station()
    controls.evse(1).set_fault("ReaderFailure", active=True)

    with pytest.raises(NotSimulated):
        controls.present_token("04A1B2C3", evse_id=1)
