import pytest

from agent.ocpp.adapter import Topology
from agent.ocpp.v16.config_keys import CONFIG_KEYS, ConfigKey, find, station_key, station_value
from agent.station.device_model import DeviceModel, SetStatus
from agent.station.variable import VariableKey

# 1.6 chapter 9: required by Core and by Local Auth List Management
REQUIRED = (
    "AuthorizeRemoteTxRequests",
    "ClockAlignedDataInterval",
    "ConnectionTimeOut",
    "ConnectorPhaseRotation",
    "GetConfigurationMaxKeys",
    "HeartbeatInterval",
    "LocalAuthorizeOffline",
    "LocalPreAuthorize",
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "MeterValueSampleInterval",
    "NumberOfConnectors",
    "ResetRetries",
    "StopTransactionOnEVSideDisconnect",
    "StopTransactionOnInvalidId",
    "StopTxnAlignedData",
    "StopTxnSampledData",
    "SupportedFeatureProfiles",
    "TransactionMessageAttempts",
    "TransactionMessageRetryInterval",
    "UnlockConnectorOnEVSideDisconnect",
    "LocalAuthListEnabled",
    "LocalAuthListMaxLength",
    "SendLocalListMaxLength",
)


@pytest.fixture(scope="module")
def model(topology: Topology) -> DeviceModel:
    return DeviceModel.build(topology.evses)


@pytest.mark.parametrize("name", REQUIRED)
def test_every_required_key_is_there(name: str) -> None:
    assert find(name) is not None


def test_each_key_stands_for_a_variable_of_its_own() -> None:
    assert len({key.variable for key in CONFIG_KEYS}) == len(CONFIG_KEYS)
    assert len({key.name.lower() for key in CONFIG_KEYS}) == len(CONFIG_KEYS)


@pytest.mark.parametrize("key", [key for key in CONFIG_KEYS if key.computed is None], ids=lambda key: key.name)
def test_every_key_has_its_variable_in_the_device_model(key: ConfigKey, model: DeviceModel) -> None:
    status, value = model.read(key.variable)

    assert (status.value, value is None) == ("Accepted", False)
    assert key.readonly == (model.judge(key.variable, value or "") is SetStatus.REJECTED)


@pytest.mark.parametrize("key", [key for key in CONFIG_KEYS if key.computed is not None], ids=lambda key: key.name)
def test_computed_keys_have_no_variable_and_cannot_be_written(
    key: ConfigKey, model: DeviceModel, topology: Topology
) -> None:
    assert key.computed is not None
    assert key.computed(topology) != ""
    assert key.readonly
    assert model.find(key.variable) is None
    assert station_key(key.name) is None


def test_keys_are_found_whatever_their_case() -> None:
    assert station_key("heartbeatINTERVAL") == VariableKey("OCPPCommCtrlr", "HeartbeatInterval")
    assert station_key("NoSuchKey") is None


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("LocalPreAuthorize", "True", "true"),
        ("LocalPreAuthorize", " FALSE ", "false"),
        ("LocalPreAuthorize", "1", "1"),
        ("HeartbeatInterval", " 60 ", "60"),
        ("MeterValuesSampledData", " Voltage , Current.Import ", "Voltage,Current.Import"),
        ("MeterValuesSampledData", "Voltage.L1,Voltage.L2,Voltage.L3-N", "Voltage"),
        ("MeterValuesSampledData", "Power.Active.Import,NoSuchThing.L1x", "Power.Active.Import,NoSuchThing.L1x"),
        ("StopTxnSampledData", "", ""),
        ("NoSuchKey", " As It Is ", " As It Is "),
    ],
)
def test_values_are_written_as_the_device_model_writes_them(key: str, value: str, expected: str) -> None:
    assert station_value(key, value) == expected


@pytest.mark.parametrize(
    "name", ["MeterValuesAlignedData", "MeterValuesSampledData", "StopTxnAlignedData", "StopTxnSampledData"]
)
def test_a_list_takes_as_many_items_as_its_max_length_says(name: str, model: DeviceModel, topology: Topology) -> None:
    key, max_length = find(name), find(f"{name}MaxLength")
    assert key is not None
    assert max_length is not None
    assert max_length.computed is not None
    everything = model.spec(key.variable).values

    assert max_length.computed(topology) == str(len(everything))
    assert model.judge(key.variable, ",".join(everything)) is SetStatus.ACCEPTED
    assert len(",".join(everything)) <= 500  # 1.6 section 7.29: the value must fit into one answer


def test_an_unsupported_measurand_makes_the_whole_list_refused(model: DeviceModel) -> None:
    key = station_key("MeterValuesSampledData")

    assert key is not None
    assert model.judge(key, station_value("MeterValuesSampledData", "Voltage,RPM")) is SetStatus.REJECTED
