from typing import Any

import pytest

from agent.ocpp.adapter import Topology, WrongPayload
from agent.ocpp.v16.adapter import Adapter16
from agent.ocpp.v16.config_keys import CONFIG_KEYS
from agent.station.commands import (
    Done,
    GetVariables,
    Outcome,
    SetVariables,
    VariableAssignment,
    VariableResult,
    VariableResults,
)
from agent.station.device_model import DeviceModel
from agent.station.variable import VariableKey

HEARTBEAT = VariableKey("OCPPCommCtrlr", "HeartbeatInterval")


@pytest.fixture(scope="module")
def model(topology: Topology) -> DeviceModel:
    return DeviceModel.build(topology.evses)


def answered(model: DeviceModel, command: GetVariables) -> VariableResults:
    """What a station with this model answers."""
    reads = [(key, *model.read(key, attribute)) for key, attribute in command.keys]
    return VariableResults(tuple(VariableResult(key, status.value, value=value) for key, status, value in reads))


def asked(adapter: Adapter16, model: DeviceModel, payload: dict[str, Any]) -> dict[str, Any]:
    command = adapter.command("GetConfiguration", payload)
    assert isinstance(command, GetVariables)
    return adapter.command_answer(command, answered(model, command))


def changed(adapter: Adapter16, model: DeviceModel, key: str, value: str) -> dict[str, Any]:
    command = adapter.command("ChangeConfiguration", {"key": key, "value": value})
    assert isinstance(command, SetVariables)
    results = [
        VariableResult(one.key, model.judge(one.key, one.value, one.attribute).value) for one in command.assignments
    ]
    return adapter.command_answer(command, VariableResults(tuple(results)))


@pytest.mark.parametrize("payload", [{}, {"key": []}])
def test_without_keys_all_are_told(
    adapter: Adapter16, model: DeviceModel, fits_schema: Any, payload: dict[str, Any]
) -> None:
    answer = asked(adapter, model, payload)

    fits_schema("GetConfigurationResponse", answer)
    assert [row["key"] for row in answer["configurationKey"]] == [key.name for key in CONFIG_KEYS]
    assert "unknownKey" not in answer


def test_a_key_is_found_whatever_its_case_and_told_in_ours(adapter: Adapter16, model: DeviceModel) -> None:
    answer = asked(adapter, model, {"key": ["HEARTBEATinterval"]})

    assert answer == {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]}


def test_unknown_keys_come_back_as_they_were_asked(adapter: Adapter16, model: DeviceModel, fits_schema: Any) -> None:
    answer = asked(adapter, model, {"key": ["Foo.Bar", "NumberOfConnectors", "lightINTENSITY"]})

    fits_schema("GetConfigurationResponse", answer)
    assert answer == {
        "configurationKey": [{"key": "NumberOfConnectors", "readonly": True, "value": "3"}],
        "unknownKey": ["Foo.Bar", "lightINTENSITY"],
    }


def test_a_key_whose_variable_is_missing_is_unknown_only_where_it_was_named(adapter: Adapter16) -> None:
    named = adapter.command("GetConfiguration", {"key": ["HeartbeatInterval"]})
    everything = adapter.command("GetConfiguration", {})
    missing = VariableResults((VariableResult(HEARTBEAT, "UnknownVariable"),))

    assert adapter.command_answer(named, missing) == {"configurationKey": [], "unknownKey": ["HeartbeatInterval"]}
    assert adapter.command_answer(everything, missing) == {"configurationKey": []}


def test_a_value_that_must_not_be_told_is_left_out(adapter: Adapter16) -> None:
    command = adapter.command("GetConfiguration", {"key": ["HeartbeatInterval"]})

    answer = adapter.command_answer(command, VariableResults((VariableResult(HEARTBEAT, "Rejected"),)))

    assert answer == {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False}]}


def test_a_station_without_values_is_an_internal_error(adapter: Adapter16) -> None:
    with pytest.raises(WrongPayload) as refused:
        adapter.command_answer(adapter.command("GetConfiguration", {}), Done(Outcome.REJECTED))

    assert refused.value.code == "InternalError"


def test_a_change_is_one_assignment(adapter: Adapter16) -> None:
    command = adapter.command("ChangeConfiguration", {"key": "heartbeatinterval", "value": " 60"})

    assert command == SetVariables((VariableAssignment(HEARTBEAT, "60"),))


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("HeartbeatInterval", "60", "Accepted"),
        ("HeartbeatInterval", "soon", "Rejected"),
        ("WebSocketPingInterval", "-1", "Rejected"),
        ("LocalPreAuthorize", "True", "Accepted"),
        ("LocalPreAuthorize", "yes", "Rejected"),
        ("MeterValuesSampledData", "Voltage.L1,Voltage.L2", "Accepted"),
        ("MeterValuesSampledData", "Voltage,NoSuchMeasurand", "Rejected"),
        ("StopTxnAlignedData", "", "Accepted"),
        ("NumberOfConnectors", "4", "Rejected"),
        ("GetConfigurationMaxKeys", "4", "Rejected"),
        ("NoSuchKey", "1", "NotSupported"),
    ],
)
def test_a_change_is_judged_by_the_device_model(
    adapter: Adapter16, model: DeviceModel, fits_schema: Any, key: str, value: str, status: str
) -> None:
    answer = changed(adapter, model, key, value)

    fits_schema("ChangeConfigurationResponse", answer)
    assert answer == {"status": status}


@pytest.mark.parametrize(
    ("set_status", "status"),
    [
        ("RebootRequired", "RebootRequired"),
        ("NotSupportedAttributeType", "Rejected"),
        ("UnknownVariable", "NotSupported"),
    ],
)
def test_every_word_of_2_x_has_one_in_1_6(adapter: Adapter16, set_status: str, status: str) -> None:
    command = adapter.command("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"})

    answer = adapter.command_answer(command, VariableResults((VariableResult(HEARTBEAT, set_status),)))

    assert answer == {"status": status}


def test_a_station_that_refuses_altogether_changed_nothing(adapter: Adapter16) -> None:
    command = adapter.command("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"})

    assert adapter.command_answer(command, Done(Outcome.REJECTED)) == {"status": "Rejected"}


@pytest.mark.parametrize(
    ("key", "component", "first", "second"),
    [
        ("MeterValueSampleInterval", "SampledDataCtrlr", "TxUpdatedInterval", "TxEndedInterval"),
        ("ClockAlignedDataInterval", "AlignedDataCtrlr", "Interval", "TxEndedInterval"),
    ],
)
def test_one_interval_of_1_6_is_that_of_the_messages_and_of_the_values_in_the_end(
    adapter: Adapter16, model: DeviceModel, key: str, component: str, first: str, second: str
) -> None:
    command = adapter.command("ChangeConfiguration", {"key": key, "value": "120"})

    assert command == SetVariables(
        (
            VariableAssignment(VariableKey(component, first), "120"),
            VariableAssignment(VariableKey(component, second), "120"),
        )
    )
    assert changed(adapter, model, key, "120") == {"status": "Accepted"}
    assert changed(adapter, model, key, "often") == {"status": "Rejected"}
