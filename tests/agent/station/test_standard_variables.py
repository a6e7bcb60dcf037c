"""The table of variables keeps its own rules."""

import pytest

from agent.station import standard_variables
from agent.station.standard_variables import STANDARD_VARIABLES, availability_key
from agent.station.variable import DataType, VariableKey, VariableSpec

REQUIRED = {
    # 2.0.1 dm_components_vars, required for what this station does
    "AlignedDataCtrlr": {"Interval", "Measurands", "TxEndedInterval", "TxEndedMeasurands"},
    "AuthCtrlr": {"AuthorizeRemoteStart", "LocalAuthorizeOffline", "LocalPreAuthorize"},
    "ChargingStation": {"AvailabilityState", "Available", "SupplyPhases"},
    "ClockCtrlr": {"DateTime", "TimeSource"},
    "Connector": {"Available", "ConnectorType", "SupplyPhases"},
    "DeviceDataCtrlr": {"BytesPerMessage", "ItemsPerMessage"},
    "EVSE": {"AvailabilityState", "Available", "Power", "SupplyPhases"},
    "LocalAuthListCtrlr": {"BytesPerMessage", "Entries", "ItemsPerMessage"},
    "OCPPCommCtrlr": {
        "FileTransferProtocols",
        "MessageTimeout",
        "MessageAttemptInterval",
        "MessageAttempts",
        "NetworkConfigurationPriority",
        "NetworkProfileConnectionAttempts",
        "OfflineThreshold",
        "ResetRetries",
        "UnlockOnEVSideDisconnect",
    },
    "SampledDataCtrlr": {
        "TxEndedInterval",
        "TxEndedMeasurands",
        "TxStartedMeasurands",
        "TxUpdatedInterval",
        "TxUpdatedMeasurands",
    },
    "SecurityCtrlr": {"CertificateEntries", "OrganizationName", "SecurityProfile"},
    "TxCtrlr": {
        "EVConnectionTimeOut",
        "StopTxOnEVSideDisconnect",
        "StopTxOnInvalidId",
        "TxStartPoint",
        "TxStopPoint",
    },
}


def test_every_required_variable_is_there() -> None:
    present = {(spec.key.component, spec.key.variable) for spec in STANDARD_VARIABLES}

    missing = {(component, name) for component, names in REQUIRED.items() for name in names} - present

    assert missing == set()


def test_no_variable_is_there_twice() -> None:
    keys = [spec.key for spec in STANDARD_VARIABLES]

    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("spec", STANDARD_VARIABLES, ids=lambda spec: f"{spec.key.component}.{spec.key.variable}")
def test_a_default_is_unset_or_a_value_the_variable_takes(spec: VariableSpec) -> None:
    assert spec.default == "" or spec.accepts(spec.default)


def test_numbers_and_switches_always_have_a_default() -> None:
    counted = {DataType.INTEGER, DataType.BOOLEAN}

    assert [spec.key for spec in STANDARD_VARIABLES if spec.data_type in counted and not spec.default] == []


def test_every_named_key_is_in_the_table() -> None:
    named = {value for name, value in vars(standard_variables).items() if isinstance(value, VariableKey)}

    assert named <= {spec.key for spec in STANDARD_VARIABLES}


def test_availability_has_a_key_for_each_tier() -> None:
    assert availability_key() == VariableKey("ChargingStation", "AvailabilityState")
    assert availability_key(1) == VariableKey("EVSE", "AvailabilityState", evse_id=1)
    assert availability_key(1, 2) == VariableKey("Connector", "AvailabilityState", evse_id=1, connector_id=2)
