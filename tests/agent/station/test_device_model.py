"""Reading, judging and reporting variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.station.device_model import DeviceModel, GetStatus, SetStatus, VariableKey, parse_key
from agent.station.standard_variables import (
    AUTH_ENABLED,
    BASIC_AUTH_PASSWORD,
    CLOCK_DATE_TIME,
    HEARTBEAT_INTERVAL,
    IDENTITY,
    SECURITY_PROFILE,
    TX_START_POINT,
    availability_key,
)

TWO_EVSES = ((1, (1,)), (2, (1, 2)))


@pytest.fixture
def model() -> DeviceModel:
    return DeviceModel.build(TWO_EVSES)


def test_defaults_can_be_read_by_type(model: DeviceModel) -> None:
    assert model.integer(HEARTBEAT_INTERVAL) == 300
    assert model.boolean(AUTH_ENABLED) is True
    assert model.members(TX_START_POINT) == ("PowerPathClosed",)
    assert model.text(HEARTBEAT_INTERVAL) == "300"
    assert model.decimal(VariableKey("EVSE", "Power", evse_id=1)) == 0.0


def test_a_getter_of_the_wrong_type_raises(model: DeviceModel) -> None:
    with pytest.raises(TypeError):
        model.integer(AUTH_ENABLED)
    with pytest.raises(TypeError):
        model.decimal(AUTH_ENABLED)
    with pytest.raises(TypeError):
        model.boolean(HEARTBEAT_INTERVAL)
    with pytest.raises(TypeError):
        model.members(HEARTBEAT_INTERVAL)


def test_a_changed_value_leaves_the_old_model_as_it_was(model: DeviceModel) -> None:
    changed = model.with_value(HEARTBEAT_INTERVAL, "60")

    assert changed.integer(HEARTBEAT_INTERVAL) == 60
    assert model.integer(HEARTBEAT_INTERVAL) == 300


def test_overrides_take_keys_written_in_any_case_and_read_only_variables() -> None:
    model = DeviceModel.build(TWO_EVSES, {"ocppcommctrlr.heartbeatINTERVAL": "7", IDENTITY: "CP001"})

    assert model.integer(HEARTBEAT_INTERVAL) == 7
    assert model.text(IDENTITY) == "CP001"


@pytest.mark.parametrize(
    "overrides", [{"Nope.Nothing": "1"}, {"HeartbeatInterval": "1"}, {"OCPPCommCtrlr.HeartbeatInterval": "0"}]
)
def test_an_override_that_cannot_be_used_is_an_error(overrides: dict[VariableKey | str, str]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        DeviceModel.build(TWO_EVSES, overrides)


def test_an_error_does_not_tell_a_secret(model: DeviceModel) -> None:
    with pytest.raises(ValueError, match="this value is not allowed") as raised:
        model.with_value(BASIC_AUTH_PASSWORD, "short-secret")

    assert "short-secret" not in str(raised.value)
    assert "a-long-enough-secret" not in repr(model.with_value(BASIC_AUTH_PASSWORD, "a-long-enough-secret"))


def test_a_limit_can_be_given_for_this_hardware() -> None:
    power = VariableKey("EVSE", "Power", evse_id=2)
    model = DeviceModel.build(TWO_EVSES, limits={power: 11_000})

    assert model.spec(power).maximum == 11_000
    with pytest.raises(ValueError, match="no such variable"):
        DeviceModel.build(TWO_EVSES, limits={VariableKey("EVSE", "Power", evse_id=3): 1})


@pytest.mark.parametrize(
    ("key", "value", "attribute", "status"),
    [
        (HEARTBEAT_INTERVAL, "60", None, SetStatus.ACCEPTED),
        (HEARTBEAT_INTERVAL, "60", "Actual", SetStatus.ACCEPTED),
        (HEARTBEAT_INTERVAL, "60", "MaxSet", SetStatus.NOT_SUPPORTED_ATTRIBUTE_TYPE),
        (HEARTBEAT_INTERVAL, "0", None, SetStatus.REJECTED),
        (HEARTBEAT_INTERVAL, "sixty", None, SetStatus.REJECTED),
        (TX_START_POINT, "", None, SetStatus.REJECTED),
        (SECURITY_PROFILE, "1", None, SetStatus.REJECTED),
        (BASIC_AUTH_PASSWORD, "x" * 16, None, SetStatus.ACCEPTED),
        (BASIC_AUTH_PASSWORD, "x" * 15, None, SetStatus.REJECTED),
        (VariableKey("Nope", "HeartbeatInterval"), "60", None, SetStatus.UNKNOWN_COMPONENT),
        (VariableKey("OCPPCommCtrlr", "Nope"), "60", None, SetStatus.UNKNOWN_VARIABLE),
        (VariableKey("OCPPCommCtrlr", "HeartbeatInterval", evse_id=1), "60", None, SetStatus.UNKNOWN_COMPONENT),
        (VariableKey("OCPPCommCtrlr", "HeartbeatInterval", "x"), "60", None, SetStatus.UNKNOWN_VARIABLE),
    ],
)
def test_a_new_value_is_judged(
    model: DeviceModel, key: VariableKey, value: str, attribute: str | None, status: SetStatus
) -> None:
    assert model.judge(key, value, attribute) is status


@pytest.mark.parametrize(
    ("key", "attribute", "answer"),
    [
        (HEARTBEAT_INTERVAL, None, (GetStatus.ACCEPTED, "300")),
        (VariableKey("ocppcommctrlr", "heartbeatinterval", ""), "Actual", (GetStatus.ACCEPTED, "300")),
        (HEARTBEAT_INTERVAL, "Target", (GetStatus.NOT_SUPPORTED_ATTRIBUTE_TYPE, None)),
        (BASIC_AUTH_PASSWORD, None, (GetStatus.REJECTED, None)),
        (VariableKey("OCPPCommCtrlr", "MessageTimeout"), None, (GetStatus.UNKNOWN_VARIABLE, None)),
        (VariableKey("EVSE", "Available"), None, (GetStatus.UNKNOWN_COMPONENT, None)),
        (VariableKey("EVSE", "Available", evse_id=3), None, (GetStatus.UNKNOWN_COMPONENT, None)),
        (VariableKey("EVSE", "Power", evse_id=2), None, (GetStatus.ACCEPTED, "")),
        (VariableKey("Connector", "Available", evse_id=2, connector_id=2), None, (GetStatus.ACCEPTED, "true")),
    ],
)
def test_a_variable_is_read(
    model: DeviceModel, key: VariableKey, attribute: str | None, answer: tuple[GetStatus, str | None]
) -> None:
    assert model.read(key, attribute) == answer


def test_live_values_come_before_stored_ones(model: DeviceModel) -> None:
    live = {CLOCK_DATE_TIME: "2026-01-01T00:00:00Z", availability_key(1): "Occupied"}

    assert model.read(VariableKey("clockctrlr", "datetime"), None, live) == (
        GetStatus.ACCEPTED,
        "2026-01-01T00:00:00Z",
    )
    summary = model.report("SummaryInventory", live) or ()
    assert {row.key: row.attributes[0].value for row in summary}[availability_key(1)] == "Occupied"


def test_the_full_inventory_lists_every_variable_once_and_no_secret(model: DeviceModel) -> None:
    rows = model.with_value(BASIC_AUTH_PASSWORD, "a-long-enough-secret").report("FullInventory") or ()

    assert len({row.key for row in rows}) == len(rows)
    assert {row.key: row.attributes[0].value for row in rows}[BASIC_AUTH_PASSWORD] is None


def test_the_configuration_inventory_lists_what_can_be_set(model: DeviceModel) -> None:
    rows = model.report("ConfigurationInventory") or ()

    assert HEARTBEAT_INTERVAL in {row.key for row in rows}
    assert SECURITY_PROFILE not in {row.key for row in rows}


def test_an_unknown_report_base_has_no_report(model: DeviceModel) -> None:
    assert model.report("EverythingInventory") is None


def test_a_key_is_read_with_its_instances() -> None:
    assert parse_key("OCPPCommCtrlr.MessageTimeout[Default]") == VariableKey(
        "OCPPCommCtrlr", "MessageTimeout", "Default"
    )
    assert parse_key("A[1].B") == VariableKey("A", "B", component_instance="1")


@pytest.mark.parametrize("written", ["", "A", "A.", ".B", "A.B.C", "A[1.B", "A]1[.B"])
def test_a_key_of_another_form_is_an_error(written: str) -> None:
    with pytest.raises(ValueError, match="not of the form"):
        parse_key(written)


@given(value=st.text(max_size=60))
def test_what_is_judged_acceptable_can_be_set(value: str) -> None:
    model = DeviceModel.build(((1, (1,)),))

    for row in model.report("ConfigurationInventory") or ():
        if model.judge(row.key, value) is SetStatus.ACCEPTED:
            assert model.with_value(row.key, value).text(row.key) == value
