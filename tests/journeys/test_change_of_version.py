"""The CSMS is replaced by one that speaks another version, while the station's queue is full."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from tests.fakes.running_station import RunningStation, StationFile, assert_flawless, running_station
from tests.journeys.dialects import DIALECTS, Dialect

ANYBODY_OFFLINE = StationFile(variables={"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"})
OTHER = {"ocpp1.6": "ocpp2.0.1", "ocpp2.0.1": "ocpp1.6"}


@pytest.fixture
async def station(csms: BenchCsms, data_dir: Path) -> AsyncIterator[RunningStation]:
    """Online with its first CSMS; nobody closes the books, for they are of two CSMSs."""
    async with running_station(csms, data_dir, file=ANYBODY_OFFLINE) as running:
        yield running


async def _go_offline(station: RunningStation) -> None:
    await station.csms.stop_listening()
    await station.until(lambda: not station.agent.runner.state.online)


def _replacement(csms: BenchCsms, dialect: Dialect) -> tuple[BenchCsms, Dialect]:
    """A CSMS of the other version at the same address."""
    other = DIALECTS[OTHER[dialect.subprotocol]]
    return BenchCsms(port=csms.port, versions=(other.subprotocol,)), other


async def test_a_charge_that_was_queued_is_told_in_the_new_words(
    csms: BenchCsms, station: RunningStation, dialect: Dialect
) -> None:
    await station.charge(more_wh=20)
    await station.leave()
    await station.until_told()
    told_before_wh = station.evse().view().register_wh
    await _go_offline(station)
    await station.charge(more_wh=50)
    await station.leave()

    replacement, other = _replacement(csms, dialect)
    async with replacement as second:
        bench = second.prepare("CP001")
        await bench.expect("BootNotification")
        await other.status(bench, "Available")
        await other.ended(bench)
        await station.until_told()
        await station.until_online()

        (transaction,) = second.ledger.transactions
        assert transaction.begin_wh == told_before_wh
        assert transaction.end_wh == station.evse().view().register_wh
        assert_flawless(second)
        await station.charge(more_wh=20)
        await station.leave()
        await station.until_told()
        assert len(second.ledger.transactions) == 2
        await station.stop()
    assert_flawless(csms)


async def test_a_charge_goes_on_through_the_change(csms: BenchCsms, station: RunningStation, dialect: Dialect) -> None:
    await station.charge(more_wh=20)
    await station.until_told()
    await _go_offline(station)

    replacement, other = _replacement(csms, dialect)
    async with replacement as second:
        bench = second.prepare("CP001")
        await station.until_online()
        await station.until_metered(50)
        still = station.status()
        await station.leave()
        await other.ended(bench)
        await station.until_told()

        assert still is ConnectorStatus.CHARGING
        assert second.violations == []
        assert station.agent.sender.given_up == 0
        await station.stop()
