"""Cases of the OCA's test specification for 1.6, by their ids: what the central system makes the charge point do.

Covered: 010, 011_1, 011_2, 012, 013 to 016, 017_1, 017_2, 018_1, 018_2, 023_5, 026, 027, 028, 030, 031, 054, 055.
"""

from pathlib import Path

import pytest

from agent.app import End
from agent.clock import SystemClock
from agent.station.connector import ConnectorStatus
from hil.csms.errors import CallError
from hil.csms.server import BenchCsms
from hil.csms.tokens import Token
from tests.conformance.ocpp16.words import (
    changed,
    started,
    status,
    stopped,
    told_status,
    transaction_id,
    undecided,
)
from tests.fakes.running_station import (
    SPEED,
    RunningStation,
    StationFile,
    assert_flawless,
    close_books,
    running_station,
)

APP = "REMOTE-0001"
FIXED_CABLE = StationFile(connector={"lock": False})


async def _remote_start(station: RunningStation, tag: str = APP, *, connector: int | None = 1) -> str:
    where = {} if connector is None else {"connectorId": connector}
    answer = await station.bench.call("RemoteStartTransaction", {"idTag": tag, **where})
    return str(answer["status"])


async def _remote_stop(station: RunningStation, number: int) -> str:
    answer = await station.bench.call("RemoteStopTransaction", {"transactionId": number})
    return str(answer["status"])


async def _unlock(station: RunningStation, connector: int = 1) -> str:
    answer = await station.bench.call("UnlockConnector", {"connectorId": connector})
    return str(answer["status"])


@pytest.mark.parametrize("authorize", ["true", "false"])
async def test_tc_010_cs_remote_start_cable_plugged_in_first(station: RunningStation, authorize: str) -> None:
    await changed(station, AuthorizeRemoteTxRequests=authorize)
    station.person.plug_in(1)
    await status(station, "Preparing")

    answer = await _remote_start(station)
    start = await started(station)
    await station.until_status(ConnectorStatus.CHARGING)

    assert answer == "Accepted"
    assert (start["connectorId"], start["idTag"]) == (1, APP)
    assert len(station.bench.messages.calls("Authorize")) == (1 if authorize == "true" else 0)
    await station.leave()


async def test_tc_011_1_cs_remote_start_first(station: RunningStation) -> None:
    answer = await _remote_start(station)
    await status(station, "Preparing")
    station.person.plug_in(1)
    start = await started(station)
    await station.until_status(ConnectorStatus.CHARGING)

    assert answer == "Accepted"
    assert start["idTag"] == APP
    await station.leave()


async def test_tc_011_2_cs_remote_start_first_time_out(station: RunningStation) -> None:
    await changed(station, ConnectionTimeOut="20")

    answer = await _remote_start(station)
    await status(station, "Preparing")
    await status(station, "Available")

    assert answer == "Accepted"
    assert station.bench.messages.calls("StartTransaction") == []


async def test_tc_012_cs_remote_stop_charging_session(station: RunningStation) -> None:
    await station.charge(more_wh=20)
    await station.until_told()
    since = station.bench.messages.end

    answer = await _remote_stop(station, transaction_id(station))
    stop = await stopped(station)
    await told_status(station, "Finishing", since=since)

    assert answer == "Accepted"
    assert stop["reason"] == "Remote"
    station.person.unplug(1)
    await told_status(station, "Available", since=since)


@pytest.mark.parametrize("kind", ["Hard", "Soft"], ids=["tc_013_cs", "tc_014_cs"])
async def test_reset_without_transaction_keeps_a_connector_unavailable(
    csms: BenchCsms, tmp_path: Path, kind: str
) -> None:
    async with running_station(csms, tmp_path) as station:
        await station.bench.call("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
        await status(station, "Unavailable")
        answer = await station.bench.call("Reset", {"type": kind})
        assert await station.ended() is End.RESTART
    csms.prepare("CP001").skip_to_now()
    async with running_station(csms, tmp_path) as station:
        await station.bench.expect("BootNotification")
        await status(station, "Available", connector=0)
        await status(station, "Unavailable")

    assert answer["status"] == "Accepted"
    assert_flawless(csms)


@pytest.mark.parametrize("kind", ["Hard", "Soft"], ids=["tc_015_cs", "tc_016_cs"])
async def test_reset_with_transaction(csms: BenchCsms, tmp_path: Path, kind: str) -> None:
    clock, file = SystemClock(speed=SPEED), StationFile(keeps_car=True)
    async with running_station(csms, tmp_path, file=file, clock=clock) as station:
        await station.charge(more_wh=20)
        answer = await station.bench.call("Reset", {"type": kind})
        stop = await stopped(station)
        assert await station.ended() is End.RESTART
    csms.prepare("CP001").skip_to_now()
    async with running_station(csms, tmp_path, file=file, clock=clock) as station:
        await station.bench.expect("BootNotification")
        await status(station, "Finishing")
        await station.leave()
        await close_books(station)

    assert answer["status"] == "Accepted"
    assert stop["reason"] == f"{kind}Reset"


async def test_tc_017_1_cs_unlock_connector_no_session_detachable_cable(station: RunningStation) -> None:
    assert await _unlock(station) == "Unlocked"
    assert not station.evse().view().locked


async def test_tc_017_2_cs_unlock_connector_no_session_fixed_cable(csms: BenchCsms, tmp_path: Path) -> None:
    async with running_station(csms, tmp_path, file=FIXED_CABLE) as station:
        assert await _unlock(station) == "NotSupported"


async def test_tc_018_1_cs_unlock_connector_with_session_detachable_cable(station: RunningStation) -> None:
    await station.charge(more_wh=20)

    answer = await _unlock(station)
    stop = await stopped(station)

    assert answer == "Unlocked"
    assert stop["reason"] == "UnlockCommand"
    assert not station.evse().view().locked
    station.person.unplug(1)


async def test_tc_018_2_cs_unlock_connector_with_session_fixed_cable(csms: BenchCsms, tmp_path: Path) -> None:
    async with running_station(csms, tmp_path, file=FIXED_CABLE) as station:
        await station.charge(more_wh=20)

        answer = await _unlock(station)
        await station.until_metered(20)

        assert answer == "NotSupported"
        assert station.status() is ConnectorStatus.CHARGING
        await station.leave()
        await close_books(station)


async def test_tc_023_5_cs_remote_start_authorize_invalid(station: RunningStation) -> None:
    await changed(station, AuthorizeRemoteTxRequests="true")
    station.csms.desk.tokens.put(APP, Token("Invalid"))
    station.person.plug_in(1)
    await status(station, "Preparing")

    answer = await _remote_start(station)
    await station.bench.expect("Authorize")
    await undecided(station)

    assert answer == "Accepted"
    assert station.bench.messages.calls("StartTransaction") == []
    station.person.unplug(1)


async def test_tc_026_cs_remote_start_rejected_while_charging(station: RunningStation) -> None:
    await station.charge(more_wh=20)

    assert await _remote_start(station) == "Rejected"
    await station.leave()


async def test_tc_027_cs_remote_start_at_connector_0_is_rejected(station: RunningStation) -> None:
    assert await _remote_start(station, connector=0) == "Rejected"


async def test_tc_028_cs_remote_stop_of_another_transaction_is_rejected(station: RunningStation) -> None:
    await station.charge(more_wh=20)
    await station.until_told()

    answer = await _remote_stop(station, transaction_id(station) + 1000)

    assert answer == "Rejected"
    assert station.status() is ConnectorStatus.CHARGING
    await station.leave()


async def test_tc_030_cs_unlock_connector_unlock_failure(station: RunningStation) -> None:
    station.person.set_fault(1, "ConnectorLockFailure", active=True)
    await status(station, "Faulted")

    assert await _unlock(station) == "UnlockFailed"


async def test_tc_031_cs_unlock_connector_unknown_connector(station: RunningStation) -> None:
    assert await _unlock(station, 5) == "NotSupported"


async def test_tc_054_cs_trigger_message(station: RunningStation) -> None:
    bench = station.bench
    await changed(station, MeterValuesSampledData="Voltage,Energy.Active.Import.Register", MeterValuesAlignedData="")
    for message, where in (
        ("MeterValues", {"connectorId": 1}),
        ("Heartbeat", {}),
        ("StatusNotification", {"connectorId": 1}),
        ("StatusNotification", {"connectorId": 0}),
    ):
        bench.skip_to_now()
        answer = await bench.call("TriggerMessage", {"requestedMessage": message, **where})
        told = await bench.expect(message)

        assert answer["status"] == "Accepted"
        assert {name: told.get(name) for name in where} == where
        if message == "MeterValues":  # errata 3.46
            sampled = told["meterValue"][0]["sampledValue"]
            assert {value["context"] for value in sampled} == {"Trigger"}
            assert {value["measurand"] for value in sampled} == {"Voltage", "Energy.Active.Import.Register"}


async def test_tc_054_cs_a_trigger_without_a_connector_means_all_of_them(csms: BenchCsms, tmp_path: Path) -> None:
    file = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}))
    async with running_station(csms, tmp_path, file=file) as station:
        for connector in (0, 1, 2):
            await status(station, "Available", connector=connector)
        station.bench.skip_to_now()

        await station.bench.call("TriggerMessage", {"requestedMessage": "StatusNotification"})
        told = [await station.bench.expect("StatusNotification") for _ in range(3)]

    assert [each["connectorId"] for each in told] == [0, 1, 2]


@pytest.mark.parametrize("message", ["DiagnosticsStatusNotification", "FirmwareStatusNotification"])
async def test_tc_054_cs_a_message_that_is_never_sent(station: RunningStation, message: str) -> None:
    answer = await station.bench.call("TriggerMessage", {"requestedMessage": message})

    assert answer["status"] == "NotImplemented"


async def test_tc_055_cs_trigger_message_rejected(station: RunningStation) -> None:
    answer = await station.bench.call("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 9})

    assert answer["status"] == "Rejected"


async def test_tc_055_cs_a_message_that_is_none(station: RunningStation) -> None:
    with pytest.raises(CallError) as refused:
        await station.bench.call("TriggerMessage", {"requestedMessage": "Weather"}, unchecked=True)

    assert refused.value.code == "PropertyConstraintViolation"
