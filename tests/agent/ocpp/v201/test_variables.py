"""GetVariables, SetVariables and the reports."""

import json
from datetime import datetime

import pytest

from agent.ocpp.v201 import variables
from agent.ocpp.v201.variables import MAX_REPORT_BYTES, MAX_REPORT_ITEMS, notify_reports
from agent.station.commands import (
    Answer,
    Done,
    GetBaseReport,
    GetVariables,
    Outcome,
    Report,
    SetVariables,
    VariableAssignment,
    VariableResult,
    VariableResults,
)
from agent.station.device_model import (
    DeviceModel,
    GetStatus,
    ReportedAttribute,
    ReportedVariable,
    SetStatus,
    VariableKey,
)
from agent.station.variable import DataType
from tests.agent.ocpp.v201.schema_check import Fits, Sent

HEARTBEAT = VariableKey("OCPPCommCtrlr", "HeartbeatInterval")
TIMEOUT = VariableKey("OCPPCommCtrlr", "MessageTimeout", "Default")


def test_variables_are_asked_one_by_one() -> None:
    command = variables.decode_get_variables(
        {
            "getVariableData": [
                {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}},
                {
                    "component": {"name": "EVSE", "evse": {"id": 1}},
                    "variable": {"name": "Power"},
                    "attributeType": "MaxSet",
                },
            ]
        }
    )

    assert command == GetVariables(((HEARTBEAT, None), (VariableKey("EVSE", "Power", evse_id=1), "MaxSet")))


@pytest.mark.parametrize("status", GetStatus)
def test_a_value_is_told_only_where_it_was_accepted(status: GetStatus, fits: Fits) -> None:
    payload = variables.encode_get_variables(VariableResults((VariableResult(TIMEOUT, status, value="30"),)))

    fits("GetVariablesResponse", payload)
    result = payload["getVariableResult"][0]
    assert result["attributeType"] == "Actual"
    assert result["variable"] == {"name": "MessageTimeout", "instance": "Default"}
    assert ("attributeValue" in result) is (status is GetStatus.ACCEPTED)


def test_a_variable_that_is_not_set_is_told_as_the_empty_string() -> None:
    payload = variables.encode_get_variables(VariableResults((VariableResult(TIMEOUT, "Accepted"),)))

    assert payload["getVariableResult"][0]["attributeValue"] == ""


def test_assignments_keep_their_order() -> None:
    item = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}, "attributeValue": "60"}

    command = variables.decode_set_variables({"setVariableData": [item, {**item, "attributeType": "Target"}]})

    assert command == SetVariables((VariableAssignment(HEARTBEAT, "60"), VariableAssignment(HEARTBEAT, "60", "Target")))


@pytest.mark.parametrize("status", SetStatus)
def test_every_verdict_fits(status: SetStatus, fits: Fits) -> None:
    payload = variables.encode_set_variables(VariableResults((VariableResult(HEARTBEAT, status, "Target"),)))

    fits("SetVariablesResponse", payload)
    assert payload["setVariableResult"][0]["attributeStatus"] == status.value
    assert payload["setVariableResult"][0]["attributeType"] == "Target"


def test_a_done_does_not_answer_a_request_for_variables() -> None:
    with pytest.raises(TypeError):
        variables.encode_get_variables(Done(Outcome.REJECTED))


def test_a_report_is_accepted_unless_it_is_empty(fits: Fits) -> None:
    row = ReportedVariable(HEARTBEAT, (ReportedAttribute("300"),), DataType.INTEGER)

    assert variables.decode_get_base_report({"requestId": 7, "reportBase": "FullInventory"}) == GetBaseReport(
        7, "FullInventory"
    )
    answers: tuple[tuple[Answer, str], ...] = (
        (Report(7, (row,)), "Accepted"),
        (Report(7, ()), "EmptyResultSet"),
        (Done(Outcome.NOT_SUPPORTED), "NotSupported"),
        (Done(Outcome.REJECTED), "Rejected"),
    )
    for answer, status in answers:
        payload = variables.encode_get_base_report(answer)
        fits("GetBaseReportResponse", payload)
        assert payload == {"status": status}


@pytest.mark.parametrize("base", ["FullInventory", "ConfigurationInventory", "SummaryInventory"])
def test_a_whole_inventory_is_told_in_parts_that_fit(base: str, at: datetime, sent: Sent) -> None:
    rows = DeviceModel.build(((1, (1,)), (2, (1,)))).report(base) or ()

    payloads = [sent(call) for call in notify_reports(Report(7, rows), at=at)]

    assert [payload["seqNo"] for payload in payloads] == list(range(len(payloads)))
    assert [payload["tbc"] for payload in payloads] == [True] * (len(payloads) - 1) + [False]
    assert sum(len(payload["reportData"]) for payload in payloads) == len(rows)
    for payload in payloads:
        assert payload["requestId"] == 7
        assert len(payload["reportData"]) <= MAX_REPORT_ITEMS
        assert len(json.dumps(payload["reportData"])) <= MAX_REPORT_BYTES + 2


def test_long_values_make_more_parts(at: datetime, sent: Sent) -> None:
    rows = tuple(
        ReportedVariable(VariableKey("C", f"V{number}"), (ReportedAttribute("x" * 2500),), DataType.STRING)
        for number in range(20)
    )

    payloads = [sent(call) for call in notify_reports(Report(1, rows), at=at)]

    assert len(payloads) > 1
    assert all(len(json.dumps(payload)) < MAX_REPORT_BYTES + 200 for payload in payloads)


def test_limits_and_choices_are_reported_and_secrets_are_not(at: datetime, sent: Sent) -> None:
    row = ReportedVariable(
        HEARTBEAT, (ReportedAttribute(None),), DataType.OPTION_LIST, unit="s", minimum=1, maximum=9, values=("A", "B")
    )

    data = sent(notify_reports(Report(1, (row,)), at=at)[0])["reportData"][0]

    assert data["variableCharacteristics"] == {
        "dataType": "OptionList",
        "supportsMonitoring": False,
        "unit": "s",
        "minLimit": 1,
        "maxLimit": 9,
        "valuesList": "A,B",
    }
    assert "value" not in data["variableAttribute"][0]


def test_an_empty_report_has_no_parts(at: datetime) -> None:
    assert notify_reports(Report(1, ()), at=at) == []
