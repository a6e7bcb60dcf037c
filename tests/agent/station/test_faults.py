"""What each fault means."""

import pytest

from agent.station.faults import FAULTS, Fault

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


def test_only_a_dead_reader_is_harmless() -> None:
    assert [fault for fault in Fault if not FAULTS[fault].cuts_power] == [Fault.READER]
