import pytest

from hal.readings import FAULT_NAMES, PilotState
from hal.sim.faults import InjectedFaults, UnknownFault


@pytest.mark.parametrize("fault", FAULT_NAMES)
def test_every_fault_name_can_be_switched_on_and_off(fault: str) -> None:
    faults = InjectedFaults()

    switched_on = faults.switch(fault, active=True)
    again = faults.switch(fault, active=True)
    active = faults.active
    switched_off = faults.switch(fault, active=False)

    assert (switched_on, again, switched_off) == (True, False, True)
    assert active == (fault,)
    assert faults.active == ()


def test_a_name_that_is_none_is_refused_with_the_names_that_are() -> None:
    with pytest.raises(UnknownFault, match="GroundFailure"):
        InjectedFaults().switch("Gremlin", active=True)


def test_pilot_faults_show_on_the_wire_and_not_at_the_inputs() -> None:
    faults = InjectedFaults()

    faults.switch("DiodeFault", active=True)

    assert faults.pilot_state() is PilotState.F
    assert faults.readings() == ()


def test_a_voltage_fault_is_seen_by_the_meter_too() -> None:
    faults = InjectedFaults()

    faults.switch("UnderVoltage", active=True)

    assert faults.voltage_factor() < 0.9
    assert [reading.fault for reading in faults.readings()] == ["UnderVoltage"]
