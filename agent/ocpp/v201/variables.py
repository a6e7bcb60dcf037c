"""Variables: SetVariables (B05), GetVariables (B06) and the reports of GetBaseReport (B07)."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime

from agent.ocpp.adapter import Call, JsonObject
from agent.ocpp.v201.data_types import decode_variable, encode_done, encode_variable, rfc3339
from agent.station.commands import (
    Answer,
    GetBaseReport,
    GetVariables,
    Outcome,
    Report,
    SetVariables,
    VariableAssignment,
    VariableResult,
    VariableResults,
)
from agent.station.device_model import GetStatus, ReportedAttribute, ReportedVariable

MAX_REPORT_ITEMS = 40
MAX_REPORT_BYTES = 16_384
"""Of one NotifyReport: small enough for a CSMS with a modest frame limit, few enough messages for us."""

_ACTUAL = "Actual"
_MAX_VALUES_LIST = 1000  # VariableCharacteristicsType.valuesList
_REPORT_OUTCOMES = frozenset({Outcome.REJECTED, Outcome.NOT_SUPPORTED, Outcome.EMPTY_RESULT_SET})


def decode_get_variables(payload: JsonObject) -> GetVariables:
    """GetVariablesRequest."""
    return GetVariables(
        tuple((decode_variable(item), item.get("attributeType")) for item in payload["getVariableData"])
    )


def encode_get_variables(answer: Answer) -> JsonObject:
    """GetVariablesResponse; a value only where it was Accepted (B06.FR.06 to .10)."""
    return {"getVariableResult": [_get_result(result) for result in _results(answer)]}


def decode_set_variables(payload: JsonObject) -> SetVariables:
    """SetVariablesRequest."""
    return SetVariables(
        tuple(
            VariableAssignment(decode_variable(item), item["attributeValue"], item.get("attributeType"))
            for item in payload["setVariableData"]
        )
    )


def encode_set_variables(answer: Answer) -> JsonObject:
    """SetVariablesResponse."""
    return {
        "setVariableResult": [
            {
                **encode_variable(result.key),
                "attributeType": result.attribute or _ACTUAL,  # B05.FR.03, B05.FR.12
                "attributeStatus": str(result.status),
            }
            for result in _results(answer)
        ]
    }


def decode_get_base_report(payload: JsonObject) -> GetBaseReport:
    """GetBaseReportRequest."""
    return GetBaseReport(payload["requestId"], payload["reportBase"])


def encode_get_base_report(answer: Answer) -> JsonObject:
    """GetBaseReportResponse: a Report is Accepted and follows in NotifyReport (B07.FR.01)."""
    if isinstance(answer, Report):
        return {"status": Outcome.ACCEPTED.value if answer.variables else Outcome.EMPTY_RESULT_SET.value}
    return encode_done(answer, allowed=_REPORT_OUTCOMES)


def notify_reports(report: Report, *, at: datetime) -> Sequence[Call]:
    """NotifyReportRequests that together carry the report, numbered from 0 (B07.FR.03, .04, .10)."""
    parts = list(_parts(report.variables))
    return [
        Call(
            "NotifyReport",
            {
                "requestId": report.request_id,
                "generatedAt": rfc3339(at),
                "seqNo": number,
                "tbc": number < len(parts) - 1,
                "reportData": part,
            },
        )
        for number, part in enumerate(parts)
    ]


def _parts(variables: Sequence[ReportedVariable]) -> Iterator[list[JsonObject]]:
    part: list[JsonObject] = []
    part_bytes = 0
    for variable in variables:
        item = _report_data(variable)
        item_bytes = len(json.dumps(item).encode()) + 1
        if part and (len(part) >= MAX_REPORT_ITEMS or part_bytes + item_bytes > MAX_REPORT_BYTES):
            yield part
            part, part_bytes = [], 0
        part.append(item)
        part_bytes += item_bytes
    if part:
        yield part


def _report_data(reported: ReportedVariable) -> JsonObject:
    characteristics: JsonObject = {
        "dataType": reported.data_type.value,
        "supportsMonitoring": reported.supports_monitoring,
    }
    values_list = ",".join(reported.values)
    optional: tuple[tuple[str, object], ...] = (
        ("unit", reported.unit),
        ("minLimit", reported.minimum),
        ("maxLimit", reported.maximum),
        ("valuesList", values_list if 0 < len(values_list) <= _MAX_VALUES_LIST else None),
    )
    characteristics.update((name, value) for name, value in optional if value is not None)
    return {
        **encode_variable(reported.key),
        "variableAttribute": [_attribute(attribute) for attribute in reported.attributes],
        "variableCharacteristics": characteristics,
    }


def _attribute(attribute: ReportedAttribute) -> JsonObject:
    encoded: JsonObject = {
        "type": attribute.type,
        "mutability": attribute.mutability.value,
        "persistent": attribute.persistent,
        "constant": attribute.constant,
    }
    if attribute.value is not None:
        encoded["value"] = attribute.value
    return encoded


def _get_result(result: VariableResult) -> JsonObject:
    encoded: JsonObject = {
        **encode_variable(result.key),
        "attributeType": result.attribute or _ACTUAL,  # B06.FR.03, B06.FR.11
        "attributeStatus": str(result.status),
    }
    if result.status == GetStatus.ACCEPTED:
        encoded["attributeValue"] = result.value or ""  # B06.FR.13
    return encoded


def _results(answer: Answer) -> Sequence[VariableResult]:
    if not isinstance(answer, VariableResults):
        raise TypeError(f"{type(answer).__name__} does not answer a request for variables")
    return answer.results
