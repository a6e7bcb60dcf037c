"""What the CSMS may make the station do."""

from pathlib import Path

import pytest

from agent.app import End
from agent.clock import SystemClock
from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from tests.fakes.running_station import SPEED, RunningStation, StationFile, close_books, running_station
from tests.journeys.dialects import Dialect

RFID = "REMOTE-0001"


async def test_remote_start_with_the_car_plugged_then_remote_stop(station: RunningStation, dialect: Dialect) -> None:
    station.person.plug_in(1)
    await dialect.status(station.bench, "Preparing")

    answer = await dialect.remote_start(RFID, evse_id=1).to(station.bench)
    started = await dialect.started(station.bench)
    await station.until_status(ConnectorStatus.CHARGING)
    await station.until_metered(100)
    stopped = await dialect.remote_stop(station.csms).to(station.bench)
    ended = await dialect.ended(station.bench)

    assert answer["status"] == stopped["status"] == "Accepted"
    assert dialect.stopped_reason(ended) == "Remote"
    assert station.csms.ledger.transactions[0].id_token == RFID
    if not dialect.is_16:
        assert started["transactionInfo"]["remoteStartId"] == 7
        assert (started["triggerReason"], ended["triggerReason"]) == ("RemoteStart", "RemoteStop")


async def test_remote_start_before_the_car_comes(station: RunningStation, dialect: Dialect) -> None:
    answer = await dialect.remote_start(RFID, evse_id=1).to(station.bench)
    assert answer["status"] == "Accepted"
    await dialect.status(station.bench, "Preparing")

    station.person.plug_in(1)
    await dialect.started(station.bench)
    await station.until_status(ConnectorStatus.CHARGING)
    await station.leave()


async def test_a_remote_start_after_which_nobody_plugs_in_lapses(station: RunningStation, dialect: Dialect) -> None:
    await dialect.change("ConnectionTimeOut", "TxCtrlr.EVConnectionTimeOut", "20").to(station.bench)
    await dialect.remote_start(RFID, evse_id=1).to(station.bench)
    await dialect.status(station.bench, "Preparing")

    await dialect.status(station.bench, "Available")
    station.person.plug_in(1)
    await dialect.status(station.bench, "Preparing")
    await station.pass_time(10)

    assert station.transaction() is None
    again = await dialect.remote_start(RFID, evse_id=1).to(station.bench)
    await dialect.started(station.bench)
    assert again["status"] == "Accepted"
    await station.leave()


async def test_a_remote_start_where_any_evse_will_do_takes_the_one_with_a_car(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    file = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}))
    async with running_station(csms, data_dir, file=file) as station:
        station.person.plug_in(2)
        await dialect.status(station.bench, "Preparing", evse_id=2)

        answer = await dialect.remote_start(RFID).to(station.bench)
        await station.until_status(ConnectorStatus.CHARGING, evse_id=2)

        assert answer["status"] == "Accepted"
        assert station.transaction(1) is None
        await station.leave(evse_id=2)
        await close_books(station)


async def test_a_remote_start_is_authorized_first_where_that_is_configured(
    station: RunningStation, dialect: Dialect
) -> None:
    await dialect.change("AuthorizeRemoteTxRequests", "AuthCtrlr.AuthorizeRemoteStart", "true").to(station.bench)
    station.person.plug_in(1)
    await dialect.status(station.bench, "Preparing")

    await dialect.remote_start(RFID, evse_id=1).to(station.bench)
    asked = await station.bench.expect("Authorize")
    await dialect.started(station.bench)

    assert RFID in str(asked)
    await station.leave()


async def test_stopping_what_does_not_run_and_starting_what_runs_is_rejected(
    station: RunningStation, dialect: Dialect
) -> None:
    await station.charge(more_wh=20)
    again = await dialect.remote_start(RFID, evse_id=1).to(station.bench)
    stop = dialect.remote_stop(station.csms)
    await station.leave()
    await station.until_told()

    late = await stop.to(station.bench)

    assert again["status"] == late["status"] == "Rejected"


async def test_unlocking_without_a_transaction_frees_the_cable(station: RunningStation, dialect: Dialect) -> None:
    answer = await dialect.unlock().to(station.bench)

    assert answer["status"] == "Unlocked"
    assert not station.evse().view().locked


async def test_unlocking_during_a_transaction_is_as_the_version_wants_it(
    station: RunningStation, dialect: Dialect
) -> None:
    await station.charge(more_wh=20)
    assert station.evse().view().locked

    answer = await dialect.unlock().to(station.bench)

    if dialect.is_16:
        assert answer["status"] == "Unlocked"
        ended = await dialect.ended(station.bench)
        assert dialect.stopped_reason(ended) == "UnlockCommand"
        assert not station.evse().view().locked
    else:
        assert answer["status"] == "OngoingAuthorizedTransaction"
        assert station.status() is ConnectorStatus.CHARGING
    await station.leave()


async def test_a_lock_that_does_not_move_is_told(station: RunningStation, dialect: Dialect) -> None:
    station.person.set_fault(1, "ConnectorLockFailure", active=True)
    await station.until(lambda: bool(station.faults()))

    answer = await dialect.unlock().to(station.bench)

    assert answer["status"] == "UnlockFailed"
    station.person.set_fault(1, "ConnectorLockFailure", active=False)


@pytest.mark.parametrize("message", ["Heartbeat", "StatusNotification", "MeterValues"])
async def test_a_triggered_message_comes_after_the_answer(
    station: RunningStation, dialect: Dialect, message: str
) -> None:
    station.bench.skip_to_now()

    answer = await dialect.trigger(message, evse_id=None if message == "Heartbeat" else 1).to(station.bench)
    told = await station.bench.expect(message)

    assert answer["status"] == "Accepted"
    if message == "MeterValues":
        sampled = told["meterValue"][0]["sampledValue"][0]
        assert sampled["context"] == "Trigger"
        assert float(sampled["value"]) == station.evse().view().register_wh


async def test_a_triggered_boot_is_sent_in_1_6_and_refused_in_2_0_1(station: RunningStation, dialect: Dialect) -> None:
    station.bench.skip_to_now()

    answer = await dialect.trigger("BootNotification").to(station.bench)

    if dialect.is_16:
        assert answer["status"] == "Accepted"
        await station.bench.expect("BootNotification")
    else:
        assert answer["status"] == "Rejected"  # F06.FR.17


async def test_a_message_that_is_never_sent_is_not_implemented(station: RunningStation, dialect: Dialect) -> None:
    answer = await dialect.trigger("FirmwareStatusNotification").to(station.bench)

    assert answer["status"] == "NotImplemented"


async def test_meter_values_triggered_during_a_charge_belong_to_it(station: RunningStation, dialect: Dialect) -> None:
    await station.charge(more_wh=20)
    station.bench.skip_to_now()

    await dialect.trigger("MeterValues", evse_id=1).to(station.bench)
    told = await station.bench.expect(
        "MeterValues", where=lambda told: told["meterValue"][0]["sampledValue"][0]["context"] == "Trigger"
    )

    if dialect.is_16:
        assert told["transactionId"] == dialect.transaction_id(station.csms)
    await station.leave()


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_reset_of_an_idle_station_ends_the_process(
    csms: BenchCsms, dialect: Dialect, data_dir: Path, at_once: bool
) -> None:
    async with running_station(csms, data_dir) as station:
        answer = await dialect.reset(at_once=at_once).to(station.bench)
        end = await station.ended()

    assert answer["status"] == "Accepted"
    assert end is End.RESTART


async def test_a_reset_at_once_ends_the_charge_first_and_tells_it(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    async with running_station(csms, data_dir) as station:
        await station.charge()

        answer = await dialect.reset(at_once=True).to(station.bench)
        ended = await dialect.ended(station.bench)
        metered = station.evse().view().register_wh
        assert await station.ended() is End.RESTART

    assert answer["status"] == "Accepted"
    assert dialect.stopped_reason(ended) == dialect.reason("HardReset")
    assert csms.ledger.transactions[0].end_wh == metered
    assert csms.ledger.findings() == []


async def test_a_gentle_reset_stops_the_charge_in_1_6_and_waits_for_its_end_in_2_0_1(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    clock, file = SystemClock(speed=SPEED), StationFile(keeps_car=True)
    async with running_station(csms, data_dir, file=file, clock=clock) as station:
        await station.charge()

        answer = await dialect.reset(at_once=False).to(station.bench)
        if not dialect.is_16:
            assert answer["status"] == "Scheduled"
            await station.until_metered(50)
            station.person.unplug(1)
        ended = await dialect.ended(station.bench)
        assert await station.ended() is End.RESTART

    assert dialect.stopped_reason(ended) == ("SoftReset" if dialect.is_16 else "EVDisconnected")
    async with running_station(csms, data_dir, file=file, clock=clock) as station:
        await station.bench.expect("BootNotification")
        if dialect.is_16:
            await station.leave()
        await station.charge()
        await station.leave()
        await close_books(station)
