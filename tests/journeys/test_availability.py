"""Out of service and back."""

from pathlib import Path

from agent.clock import SystemClock
from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from tests.fakes.running_station import (
    CARD,
    SPEED,
    RunningStation,
    StationFile,
    assert_flawless,
    close_books,
    running_station,
)
from tests.journeys.dialects import Dialect


async def test_an_evse_out_of_service_takes_no_card(station: RunningStation, dialect: Dialect) -> None:
    answer = await dialect.availability(operative=False, evse_id=1).to(station.bench)
    await dialect.status(station.bench, "Unavailable")

    station.person.plug_in(1)
    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await station.until(lambda: not station.agent.runner.state.asks)

    assert answer["status"] == "Accepted"
    assert station.transaction() is None
    station.person.unplug(1)
    await dialect.availability(operative=True, evse_id=1).to(station.bench)
    await dialect.status(station.bench, "Available")
    await station.charge(more_wh=20)
    await station.leave()


async def test_a_change_while_charging_waits_for_the_end_and_outlives_a_restart(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    clock, file = SystemClock(speed=SPEED), StationFile(keeps_car=True)
    async with running_station(csms, data_dir, file=file, clock=clock) as station:
        await station.charge()

        answer = await dialect.availability(operative=False, evse_id=1).to(station.bench)
        await station.until_metered(50)
        assert station.status() is ConnectorStatus.CHARGING
        await station.leave()
        await dialect.status(station.bench, "Unavailable")
        await close_books(station)

    assert answer["status"] == "Scheduled"
    async with running_station(csms, data_dir, file=file, clock=clock) as station:
        await dialect.status(station.bench, "Unavailable")
        await dialect.availability(operative=True, evse_id=1).to(station.bench)
        await dialect.status(station.bench, "Available")
    assert_flawless(csms)


async def test_the_whole_station_out_of_service(csms: BenchCsms, dialect: Dialect, data_dir: Path) -> None:
    file = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}))
    async with running_station(csms, data_dir, file=file) as station:
        answer = await dialect.availability(operative=False).to(station.bench)
        for evse_id in (1, 2):
            await dialect.status(station.bench, "Unavailable", evse_id=evse_id)

        await dialect.availability(operative=True).to(station.bench)
        for evse_id in (1, 2):
            await dialect.status(station.bench, "Available", evse_id=evse_id)

    assert answer["status"] == "Accepted"
    assert_flawless(csms)
