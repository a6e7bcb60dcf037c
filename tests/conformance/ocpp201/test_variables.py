"""Cases of the OCA's test specification for 2.0.1, by their ids: variables and base reports (block B).

Covered: B_06, B_07, B_09, B_10, B_11, B_12, B_13, B_14, B_32 to B_37, B_39, B_53.
GetReport, which B_16 to B_18 and B_54 to B_56 need, is not supported.
"""

from typing import Any

import pytest

from tests.conformance.ocpp201.words import get_variable, named, set_variable
from tests.fakes.running_station import RunningStation

Payload = dict[str, Any]

OFFLINE_THRESHOLD = named("OCPPCommCtrlr", "OfflineThreshold")
LOCAL_AUTHORIZE_OFFLINE = named("AuthCtrlr", "LocalAuthorizeOffline")
LISTS = ("OptionList", "SequenceList", "MemberList")

# Part 2, chapter "Referenced Components and Variables": required whatever the station is.
REQUIRED = {
    "AlignedDataCtrlr.Interval",
    "AlignedDataCtrlr.Measurands",
    "AlignedDataCtrlr.TxEndedInterval",
    "AlignedDataCtrlr.TxEndedMeasurands",
    "AuthCtrlr.AuthorizeRemoteStart",
    "AuthCtrlr.LocalAuthorizeOffline",
    "AuthCtrlr.LocalPreAuthorize",
    "ChargingStation.AvailabilityState",
    "ChargingStation.Model",
    "ChargingStation.SupplyPhases",
    "ChargingStation.VendorName",
    "ClockCtrlr.DateTime",
    "ClockCtrlr.TimeSource",
    "Connector.AvailabilityState",
    "Connector.ConnectorType",
    "DeviceDataCtrlr.BytesPerMessage",
    "DeviceDataCtrlr.ItemsPerMessage",
    "EVSE.AvailabilityState",
    "EVSE.Power",
    "EVSE.SupplyPhases",
    "OCPPCommCtrlr.FileTransferProtocols",
    "OCPPCommCtrlr.MessageAttemptInterval",
    "OCPPCommCtrlr.MessageAttempts",
    "OCPPCommCtrlr.MessageTimeout",
    "OCPPCommCtrlr.NetworkConfigurationPriority",
    "OCPPCommCtrlr.NetworkProfileConnectionAttempts",
    "OCPPCommCtrlr.OfflineThreshold",
    "OCPPCommCtrlr.ResetRetries",
    "OCPPCommCtrlr.RetryBackOffRandomRange",
    "OCPPCommCtrlr.RetryBackOffRepeatTimes",
    "OCPPCommCtrlr.RetryBackOffWaitMinimum",
    "OCPPCommCtrlr.UnlockOnEVSideDisconnect",
    "OCPPCommCtrlr.WebSocketPingInterval",
    "SampledDataCtrlr.TxEndedInterval",
    "SampledDataCtrlr.TxEndedMeasurands",
    "SampledDataCtrlr.TxStartedMeasurands",
    "SampledDataCtrlr.TxUpdatedInterval",
    "SampledDataCtrlr.TxUpdatedMeasurands",
    "SecurityCtrlr.CertificateEntries",
    "SecurityCtrlr.OrganizationName",
    "SecurityCtrlr.SecurityProfile",
    "TxCtrlr.EVConnectionTimeOut",
    "TxCtrlr.StopTxOnEVSideDisconnect",
    "TxCtrlr.StopTxOnInvalidId",
    "TxCtrlr.TxStartPoint",
    "TxCtrlr.TxStopPoint",
}


async def _report(station: RunningStation, base: str) -> list[Payload]:
    answer = await station.bench.call("GetBaseReport", {"requestId": 31, "reportBase": base})
    assert answer["status"] == "Accepted"
    parts = [await station.bench.expect("NotifyReport")]
    while parts[-1].get("tbc", False):
        parts.append(await station.bench.expect("NotifyReport"))
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert {part["requestId"] for part in parts} == {31}
    return [variable for part in parts for variable in part["reportData"]]


def _names(variables: list[Payload]) -> set[str]:
    return {f"{variable['component']['name']}.{variable['variable']['name']}" for variable in variables}


async def test_tc_b_06_cs_get_variables_single_value(station: RunningStation) -> None:
    await set_variable(station, OFFLINE_THRESHOLD, "300")

    wanted = {**OFFLINE_THRESHOLD, "attributeType": "Actual"}

    assert await get_variable(station, wanted) == {**wanted, "attributeStatus": "Accepted", "attributeValue": "300"}


async def test_tc_b_07_cs_get_variables_multiple_values(station: RunningStation) -> None:
    answer = await station.bench.call("GetVariables", {"getVariableData": [OFFLINE_THRESHOLD, LOCAL_AUTHORIZE_OFFLINE]})

    results = {result["variable"]["name"]: result for result in answer["getVariableResult"]}
    assert {result["attributeStatus"] for result in results.values()} == {"Accepted"}
    assert results["OfflineThreshold"]["attributeValue"] == "60"
    assert results["LocalAuthorizeOffline"]["attributeValue"] == "true"


@pytest.mark.parametrize(
    ("item", "word"),
    [
        (named("UnknownComponent", "OfflineThreshold"), "UnknownComponent"),
        (named("OCPPCommCtrlr", "UnknownVariable"), "UnknownVariable"),
        ({**OFFLINE_THRESHOLD, "attributeType": "Target"}, "NotSupportedAttributeType"),
        (named("SecurityCtrlr", "BasicAuthPassword"), "Rejected"),
    ],
    ids=["tc_b_32_cs", "tc_b_33_cs", "tc_b_34_cs", "write-only"],
)
async def test_get_variables_of_what_cannot_be_read(station: RunningStation, item: Payload, word: str) -> None:
    result = await get_variable(station, item)

    assert result == {"attributeType": "Actual", **item, "attributeStatus": word}


async def test_tc_b_09_cs_set_variables_single_value(station: RunningStation) -> None:
    item = {**OFFLINE_THRESHOLD, "attributeType": "Actual"}

    assert await set_variable(station, item, "123") == {**item, "attributeStatus": "Accepted"}
    assert (await get_variable(station, item))["attributeValue"] == "123"


async def test_tc_b_10_cs_set_variables_multiple_values(station: RunningStation) -> None:
    items = [
        {**OFFLINE_THRESHOLD, "attributeValue": "300"},
        {**LOCAL_AUTHORIZE_OFFLINE, "attributeValue": "true"},
    ]

    answer = await station.bench.call("SetVariables", {"setVariableData": items})

    assert [result["attributeStatus"] for result in answer["setVariableResult"]] == ["Accepted", "Accepted"]


@pytest.mark.parametrize(
    ("item", "word"),
    [
        (named("UnknownComponent", "OfflineThreshold"), "UnknownComponent"),
        (named("OCPPCommCtrlr", "UnknownVariable"), "UnknownVariable"),
        ({**OFFLINE_THRESHOLD, "attributeType": "Target"}, "NotSupportedAttributeType"),
        (named("OCPPCommCtrlr", "MessageTimeout", instance="Default"), "Rejected"),
    ],
    ids=["tc_b_35_cs", "tc_b_36_cs", "tc_b_37_cs", "tc_b_39_cs"],
)
async def test_set_variables_of_what_cannot_be_set(station: RunningStation, item: Payload, word: str) -> None:
    result = await set_variable(station, item, "30")

    assert result == {"attributeType": "Actual", **item, "attributeStatus": word}


@pytest.mark.parametrize(
    ("item", "value"),
    [
        (OFFLINE_THRESHOLD, "60.1"),
        (OFFLINE_THRESHOLD, "true"),
        (OFFLINE_THRESHOLD, "2026-01-01T00:00:00Z"),
        (OFFLINE_THRESHOLD, "abc"),
        (OFFLINE_THRESHOLD, "-1"),
        (OFFLINE_THRESHOLD, "99999999"),
        (named("AuthCtrlr", "AuthorizeRemoteStart"), "60"),
        (named("AuthCtrlr", "AuthorizeRemoteStart"), "abc"),
        (named("TxCtrlr", "TxStartPoint"), "EVConnected,Nonsense"),
        (named("TxCtrlr", "TxStopPoint"), ""),
    ],
)
async def test_tc_b_11_cs_set_variables_invalidly_formatted_values(
    station: RunningStation, item: Payload, value: str
) -> None:
    before = await get_variable(station, item)

    assert (await set_variable(station, item, value))["attributeStatus"] == "Rejected"
    assert await get_variable(station, item) == before


async def test_more_variables_than_a_message_may_hold(station: RunningStation) -> None:
    limit = await get_variable(station, named("DeviceDataCtrlr", "ItemsPerMessage", instance="GetVariables"))
    items = [OFFLINE_THRESHOLD] * (int(limit["attributeValue"]) + 1)

    # B06.FR.16 lets a station refuse; this one answers each by itself.
    answer = await station.bench.call("GetVariables", {"getVariableData": items})

    assert len(answer["getVariableResult"]) == len(items)


async def test_tc_b_12_cs_get_base_report_configuration_inventory(station: RunningStation) -> None:
    variables = await _report(station, "ConfigurationInventory")

    assert len(variables) > 30
    for variable in variables:
        if variable["variableCharacteristics"]["dataType"] in LISTS:
            assert variable["variableCharacteristics"]["valuesList"]
        assert {attribute["mutability"] for attribute in variable["variableAttribute"]} <= {"ReadWrite", "WriteOnly"}


async def test_tc_b_13_and_53_cs_get_base_report_full_inventory(station: RunningStation) -> None:
    variables = await _report(station, "FullInventory")

    assert _names(variables) >= REQUIRED
    for variable in variables:
        characteristics, (attribute,) = variable["variableCharacteristics"], variable["variableAttribute"]
        if attribute.get("mutability") == "WriteOnly":
            assert "value" not in attribute
        elif characteristics["dataType"] in LISTS:
            members = [member for member in attribute["value"].split(",") if member]
            assert set(members) <= set(characteristics["valuesList"].split(","))


async def test_tc_b_14_cs_get_base_report_summary_inventory(station: RunningStation) -> None:
    variables = await _report(station, "SummaryInventory")

    assert _names(variables) >= {f"{name}.AvailabilityState" for name in ("ChargingStation", "EVSE", "Connector")}
    for variable in variables:
        if variable["variable"]["name"] == "AvailabilityState":
            assert variable["variableAttribute"][0]["value"] == "Available"
