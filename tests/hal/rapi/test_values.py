"""What the words of RAPI answers mean."""

import pytest

from hal.errors import BadReading
from hal.rapi import values
from hal.rapi.values import EvseState, Status, Usage
from hal.readings import FAULT_NAMES, PilotState


@pytest.mark.parametrize(
    ("words", "pilot", "closed"),
    [
        (("01", "0", "01", "0000"), PilotState.A, False),
        (("02", "0", "02", "0100"), PilotState.B, False),
        (("03", "12", "03", "0140"), PilotState.C, True),
        (("04", "0", "04", "0100"), PilotState.D, False),
        (("05", "0", "02", "0100"), PilotState.F, False),
        (("fe", "0", "03", "0140"), PilotState.C, True),
        (("fe", "0", "01", "0000"), PilotState.A, False),
        (("ff", "0", "03", "0100"), None, False),
        (("00", "0", "02", "0100"), None, False),
        (("06", "0", "02", "0100"), PilotState.B, False),
        (("06", "0", "00", "0100"), PilotState.E, False),
        (("08", "0", "01", "0000"), PilotState.A, True),
    ],
)
def test_a_status_tells_pilot_and_relay(words: tuple[str, ...], pilot: PilotState | None, closed: bool) -> None:
    state = values.status(words).board_state()

    assert (state.pilot, state.closed) == (pilot, closed)


def test_every_fault_state_has_a_name_that_ports_know() -> None:
    for state in EvseState:
        faults = Status(state, EvseState.B, 0).board_state().faults
        is_fault = EvseState.D <= state <= EvseState.EEPROM

        assert bool(faults) is is_fault
        assert set(faults) <= set(FAULT_NAMES)


def test_the_detail_is_put_behind_the_fault() -> None:
    state = Status(EvseState.GFCI_FAULT, EvseState.B, 0).board_state(fault_detail=" (3)")

    assert state.faults == {"GroundFailure": "GFI tripped (3)"}


@pytest.mark.parametrize("words", [(), ("01",), ("01", "0", "01"), ("zz", "0", "01", "0"), ("77", "0", "01", "0000")])
def test_a_status_that_makes_no_sense_is_no_status(words: tuple[str, ...]) -> None:
    with pytest.raises(BadReading):
        values.status(words)


def test_the_counts_of_energy() -> None:
    assert values.usage(("7200", "1500")) == Usage(session_ws=7200, total_wh=1500)


@pytest.mark.parametrize("words", [("7200",), ("-1", "0"), ("0", "-1"), ("x", "0")])
def test_counts_that_make_no_sense_are_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(BadReading):
        values.usage(words)


def test_current_and_voltage_come_in_thousandths() -> None:
    assert values.current_and_voltage(("16010", "229500")) == (16.01, 229.5)


def test_minus_one_is_no_ammeter() -> None:
    assert values.current_and_voltage(("-1", "230000")) == (None, 230.0)


def test_the_hottest_of_the_sensors_that_are_there() -> None:
    assert values.temperature_c(("256", "-2560", "301")) == 30.1
    assert values.temperature_c(("-2560", "-2560", "-2560")) is None


def test_fault_counters_are_hexadecimal() -> None:
    assert values.fault_counts(("0", "1f", "a")) == (0, 31, 10)


def test_the_capacity_is_decimal() -> None:
    assert values.capacity_a(("16", "0020")) == 16
