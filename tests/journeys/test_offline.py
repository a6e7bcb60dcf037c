"""The CSMS is away: charging goes on, and nothing is lost or told twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agent.clock import SystemClock
from agent.station.connector import ConnectorStatus
from hil.csms.behaviours import answer, silent
from hil.csms.books import Transaction
from hil.csms.frame import Call
from hil.csms.record import Direction
from hil.csms.server import BenchCsms
from hil.csms.station import Station
from hil.csms.tokens import stamp
from tests.fakes.running_station import (
    CARD,
    SPEED,
    RunningStation,
    StationFile,
    UnsetClock,
    close_books,
    running_station,
)
from tests.journeys.dialects import Dialect

ANYBODY_OFFLINE = {"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}


async def _go_down(station: RunningStation) -> None:
    await station.csms.stop_listening()
    await station.until(lambda: not station.agent.runner.state.online)


async def _come_back(station: RunningStation) -> None:
    await station.csms.listen_again()
    await station.until_online()


async def test_a_charge_that_happened_while_the_csms_was_down_is_told_afterwards(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    async with running_station(csms, data_dir, file=StationFile(variables=ANYBODY_OFFLINE)) as station:
        await _go_down(station)

        await station.charge()
        await station.leave()
        assert csms.ledger.transactions == []
        await _come_back(station)
        await close_books(station)

        (transaction,) = csms.ledger.transactions
        assert len(transaction.readings) >= 2
        assert len(csms.ledger.resends) == 0
        if not dialect.is_16:
            assert all(event["offline"] for event in station.bench.messages.calls("TransactionEvent"))


async def test_a_charge_during_which_the_csms_went_away_is_one_transaction(
    station: RunningStation, dialect: Dialect
) -> None:
    await station.charge(more_wh=50)

    await _go_down(station)
    await station.until_metered(100)
    await _come_back(station)
    await station.until_metered(50)
    await _go_down(station)
    await station.leave()
    await _come_back(station)
    await dialect.ended(station.bench)

    assert len(station.csms.ledger.transactions) == 1


async def test_a_charge_before_the_first_boot_ever(csms: BenchCsms, dialect: Dialect, data_dir: Path) -> None:
    await csms.stop_listening()
    variables = {**ANYBODY_OFFLINE, "TxCtrlr.TxBeforeAcceptedEnabled": "true"}
    async with running_station(csms, data_dir, file=StationFile(variables=variables), wait_online=False) as station:
        await station.charge()
        await station.leave()
        await _come_back(station)
        await close_books(station)

    assert len(csms.ledger.transactions) == 1


@pytest.mark.parametrize("way", ["silent", "pending"])
async def test_a_charge_while_the_first_boot_waits_for_its_yes(
    csms: BenchCsms, dialect: Dialect, data_dir: Path, way: str
) -> None:
    bench = csms.prepare("CP001")
    pending = answer({"status": "Pending", "currentTime": stamp(csms.desk.now()), "interval": 1})
    bench.always("BootNotification", silent() if way == "silent" else pending)
    variables = {**ANYBODY_OFFLINE, "TxCtrlr.TxBeforeAcceptedEnabled": "true"}
    async with running_station(csms, data_dir, file=StationFile(variables=variables), wait_online=False) as station:
        await bench.expect("BootNotification")
        await station.charge()
        await station.leave()
        assert _actions(bench) == {"BootNotification"}
        bench.always("BootNotification", None)
        if way == "silent":
            bench.drop()
        await station.until_online()
        await close_books(station)

    assert len(csms.ledger.transactions) == 1


def _actions(bench: Station) -> set[str]:
    return {
        message.frame.action
        for _, message in bench.messages.since(0)
        if message.direction is Direction.IN and isinstance(message.frame, Call)
    }


async def test_before_the_first_boot_nobody_charges_unless_that_is_allowed(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    await csms.stop_listening()
    async with running_station(
        csms, data_dir, file=StationFile(variables=ANYBODY_OFFLINE), wait_online=False
    ) as station:
        station.person.plug_in(1)
        await station.until_status(ConnectorStatus.PREPARING)
        station.person.present_token(CARD)
        await station.pass_time(10)
        assert station.transaction() is None
        assert not station.evse().view().contactor_closed

        await _come_back(station)
        station.person.present_token(CARD)
        await station.until_status(ConnectorStatus.CHARGING)
        await station.leave()
        await close_books(station)

    assert len(csms.ledger.transactions) == 1


async def test_stamps_made_before_the_clock_was_known_are_mended(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    await csms.stop_listening()
    began = datetime.now(UTC)
    variables = {**ANYBODY_OFFLINE, "TxCtrlr.TxBeforeAcceptedEnabled": "true"}
    file = StationFile(variables=variables)
    async with running_station(csms, data_dir, file=file, clock=UnsetClock(), wait_online=False) as station:
        await station.charge()
        await station.leave()
        await _come_back(station)
        await close_books(station)

    (transaction,) = csms.ledger.transactions
    # The station's time runs SPEED times as fast: what was seconds ago is minutes ago.
    longest_ago = timedelta(seconds=(datetime.now(UTC) - began).total_seconds() * SPEED)
    for told_at in _stamps(transaction):
        assert began - longest_ago < told_at < datetime.now(UTC) + longest_ago


def _stamps(transaction: Transaction) -> list[datetime]:
    stamps = [transaction.started_at, transaction.ended_at, *(reading.at for reading in transaction.readings)]
    assert None not in stamps
    return [stamp for stamp in stamps if stamp is not None]


async def test_a_charge_cut_by_a_power_failure_is_ended_at_its_register(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    clock, file = SystemClock(speed=SPEED), StationFile(keeps_car=True)
    async with running_station(csms, data_dir, file=file, clock=clock) as station:
        await station.charge()
        await _go_down(station)
        await station.until_metered(50)

    await csms.listen_again()
    async with running_station(csms, data_dir, file=file, clock=clock) as station:
        ended = await dialect.ended(station.bench)
        await close_books(station)

    assert dialect.stopped_reason(ended) == "PowerLoss"


async def test_a_charge_is_resumed_after_a_short_power_failure_where_that_is_configured(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    clock = SystemClock(speed=SPEED)
    file = StationFile(keeps_car=True, variables={"TxCtrlr.ResumptionTimeout": "3600"})
    async with running_station(csms, data_dir, file=file, clock=clock) as station:
        await station.charge()

    async with running_station(csms, data_dir, file=file, clock=clock) as station:
        await station.until_status(ConnectorStatus.CHARGING)
        await station.until_metered(50)
        await station.leave()
        await close_books(station)

    assert len(csms.ledger.transactions) == 1


async def test_the_network_cable_out_and_in(station: RunningStation, dialect: Dialect) -> None:
    await station.charge(more_wh=30)

    station.person.set_network(online=False)
    await station.until(lambda: not station.agent.runner.state.online)
    await station.until_metered(50)
    station.person.set_network(online=True)
    await station.until_online()
    await station.leave()
    await dialect.ended(station.bench)
