"""Cases of the OCA's test specification for 1.6, by their ids: keys, local list, data transfer.

Covered: 008_1, 008_2, 019, 021, 040_1, 040_2, 042_1, 042_2, 043, 043_1, 043_2, 062.
"""

from pathlib import Path
from typing import Any

import pytest

from agent.clock import SystemClock
from hil.csms.server import BenchCsms
from tests.conformance.ocpp16.words import change, changed, started, status
from tests.fakes.running_station import CARD, SPEED, RunningStation, assert_flawless, running_station

# 1.6 chapter 9.1: keys of the Core profile that are required.
CORE_KEYS = {
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
    "StopTransactionOnInvalidId",
    "StopTxnAlignedData",
    "StopTxnSampledData",
    "SupportedFeatureProfiles",
    "TransactionMessageAttempts",
    "TransactionMessageRetryInterval",
    "UnlockConnectorOnEVSideDisconnect",
}


async def _keys(station: RunningStation, *names: str) -> Any:
    return await station.bench.call("GetConfiguration", {"key": list(names)} if names else {})


async def _value(station: RunningStation, name: str) -> str:
    (row,) = (await _keys(station, name))["configurationKey"]
    return str(row["value"])


async def test_tc_019_cs_retrieve_configuration(station: RunningStation) -> None:
    one = await _keys(station, "SupportedFeatureProfiles")
    everything = await _keys(station)

    (row,) = one["configurationKey"]
    assert row["readonly"] is True
    assert "Core" in row["value"].split(",")
    told = {row["key"] for row in everything["configurationKey"]}
    assert told >= CORE_KEYS
    assert not everything.get("unknownKey")


async def test_tc_021_cs_change_configuration(station: RunningStation) -> None:
    assert await change(station, "MeterValueSampleInterval", "300") == "Accepted"

    assert await _value(station, "MeterValueSampleInterval") == "300"


async def test_tc_021_cs_a_changed_key_outlives_a_restart(csms: BenchCsms, tmp_path: Path) -> None:
    clock = SystemClock(speed=SPEED)
    async with running_station(csms, tmp_path, clock=clock) as station:
        await changed(station, MeterValueSampleInterval="300", StopTxnSampledData="Voltage")
    async with running_station(csms, tmp_path, clock=clock) as station:
        assert await _value(station, "MeterValueSampleInterval") == "300"
        assert await _value(station, "StopTxnSampledData") == "Voltage"
    assert_flawless(csms)


async def test_tc_040_1_cs_configuration_keys_not_supported(station: RunningStation) -> None:
    told = await _keys(station, "NoSuchKey", "HeartbeatInterval")

    assert await change(station, "NoSuchKey", "1") == "NotSupported"
    assert told["unknownKey"] == ["NoSuchKey"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("MeterValueSampleInterval", "-1"),
        ("MeterValueSampleInterval", "abc"),
        ("MeterValuesSampledData", "Energy.Active.Import.Register,Nonsense"),
        ("LocalPreAuthorize", "maybe"),
        ("NumberOfConnectors", "7"),
        ("SupportedFeatureProfiles", "Core"),
    ],
)
async def test_tc_040_2_cs_configuration_keys_invalid_value(station: RunningStation, key: str, value: str) -> None:
    before = await _value(station, key)

    assert await change(station, key, value) == "Rejected"
    assert await _value(station, key) == before


async def test_errata_3_14_5_no_metering_data_in_the_stop_where_none_is_configured(station: RunningStation) -> None:
    await changed(station, StopTxnSampledData="", StopTxnAlignedData="", ClockAlignedDataInterval="60")
    await station.charge(more_wh=50)

    await station.leave()
    stop = await station.bench.expect("StopTransaction")

    assert "transactionData" not in stop


# --- local list ------------------------------------------------------------------------------------------------------


async def _send_list(station: RunningStation, version: int, update: str = "Full", **entries: str | None) -> str:
    listed = [
        {"idTag": tag, **({} if word is None else {"idTagInfo": {"status": word}})} for tag, word in entries.items()
    ]
    answer = await station.bench.call(
        "SendLocalList", {"listVersion": version, "updateType": update, "localAuthorizationList": listed}
    )
    return str(answer["status"])


async def _version(station: RunningStation) -> int:
    return int((await station.bench.call("GetLocalListVersion"))["listVersion"])


async def test_tc_008_1_cs_regular_start_with_a_tag_of_the_list(station: RunningStation) -> None:
    await changed(station, LocalAuthListEnabled="true", LocalPreAuthorize="true")
    assert await _send_list(station, 1, **{CARD: "Accepted"}) == "Accepted"

    station.person.plug_in(1)
    await status(station, "Preparing")
    station.person.present_token(CARD)
    await started(station)

    assert station.bench.messages.calls("Authorize") == []
    await station.leave()


async def test_tc_008_2_cs_a_tag_that_the_list_bars_is_asked_about(station: RunningStation) -> None:
    await changed(station, LocalAuthListEnabled="true", LocalPreAuthorize="true")
    assert await _send_list(station, 1, **{CARD: "Blocked"}) == "Accepted"

    station.person.plug_in(1)
    await status(station, "Preparing")
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await started(station)

    await station.leave()


async def test_tc_042_2_cs_version_of_an_empty_list(station: RunningStation) -> None:
    assert await _version(station) == 0


async def test_tc_043_cs_local_list_full_then_differential(station: RunningStation) -> None:
    assert await _send_list(station, 1, TAG1="Accepted", TAG2="Accepted") == "Accepted"
    assert await _version(station) == 1

    assert await _send_list(station, 2, "Differential", TAG2=None, TAG3="Accepted") == "Accepted"
    assert await _version(station) == 2


async def test_tc_042_1_and_043_1_cs_a_list_that_is_switched_off(station: RunningStation) -> None:
    assert await _send_list(station, 1, TAG1="Accepted") == "Accepted"
    await changed(station, LocalAuthListEnabled="false")

    assert await _version(station) == -1
    assert await _send_list(station, 2, TAG1="Accepted") == "NotSupported"


async def test_tc_043_2_cs_version_mismatch(station: RunningStation) -> None:
    assert await _send_list(station, 5, TAG1="Accepted") == "Accepted"

    assert await _send_list(station, 4, "Differential", TAG2="Accepted") == "VersionMismatch"
    assert await _version(station) == 5


async def test_tc_043_cs_a_full_empty_list_clears_it(station: RunningStation) -> None:
    await _send_list(station, 1, TAG1="Accepted")

    answer = await station.bench.call("SendLocalList", {"listVersion": 2, "updateType": "Full"})

    assert answer["status"] == "Accepted"


# --- data transfer ---------------------------------------------------------------------------------------------------


async def test_tc_062_cs_data_transfer_to_a_charge_point(station: RunningStation) -> None:
    answer = await station.bench.call("DataTransfer", {"vendorId": "org.example", "messageId": "m", "data": "d"})

    assert answer["status"] in ("UnknownVendorId", "UnknownMessageId", "Rejected")
