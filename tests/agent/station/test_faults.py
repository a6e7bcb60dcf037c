"""What each fault means."""

import pytest

from agent.station.fault_texts import FAULT_TEXTS
from agent.station.faults import FAULTS, Fault
from hal.port_faults import HARMLESS
from hal.readings import FAULT_NAMES

# ChargePointErrorCode, 1.6 section 7.6.
CODES_16 = {
    "ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature", "InternalError",
    "LocalListConflict", "NoError", "OtherError", "OverCurrentFailure", "OverVoltage", "PowerMeterFailure",
    "PowerSwitchFailure", "ReaderFailure", "ResetFailure", "UnderVoltage", "WeakSignal",
}  # fmt: skip


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_its_effect_and_a_code_that_1_6_knows(fault: Fault) -> None:
    assert FAULTS[fault].code_16 in CODES_16


@pytest.mark.parametrize("fault", Fault)
def test_what_ends_a_transaction_cuts_its_power(fault: Fault) -> None:
    effect = FAULTS[fault]

    assert effect.cuts_power or not effect.ends_transaction
    assert effect.inoperative or not effect.cuts_power


def test_what_the_station_calls_harmless_the_port_lets_pass_and_nothing_else() -> None:
    assert {fault.value for fault in Fault if not FAULTS[fault].cuts_power} == HARMLESS


def test_drivers_and_station_know_the_same_faults() -> None:
    assert {fault.value for fault in Fault} == set(FAULT_NAMES)


def test_every_code_of_chargex_is_some_fault() -> None:
    assert {effect.mrec for effect in FAULTS.values()} - {""} == {f"CX{number:03}" for number in range(1, 27)}


@pytest.mark.parametrize("fault", Fault)
def test_every_fault_has_words_for_the_driver_and_for_the_technician(fault: Fault) -> None:
    text = FAULT_TEXTS[fault]

    assert text.for_driver.endswith(".")
    assert text.for_technician.endswith(".")
    assert FAULTS[fault].component
    assert FAULTS[fault].variable in ("Problem", "Tripped")
