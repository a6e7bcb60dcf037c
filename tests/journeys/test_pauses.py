"""Energy stops for a while, and the transaction goes on."""

from pathlib import Path

from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from tests.fakes.running_station import RunningStation, StationFile, close_books, running_station
from tests.journeys.dialects import Dialect

ONE_CAR_ONLY = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}), grid={"max_current_a": 10})


async def _told(station: RunningStation, dialect: Dialect, state: str, *, evse_id: int) -> None:
    if dialect.is_16:
        await dialect.status(station.bench, state, evse_id=evse_id)
        return

    def fits(told: object) -> bool:
        return bool(
            isinstance(told, dict)
            and told["evse"]["id"] == evse_id
            and told["transactionInfo"].get("chargingState") == state
        )

    await station.bench.expect("TransactionEvent", where=fits)


async def test_the_second_car_waits_while_the_supply_suffices_for_one(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    async with running_station(csms, data_dir, file=ONE_CAR_ONLY) as station:
        await station.charge(evse_id=1, token="CARD-0001", more_wh=20)
        station.person.plug_in(2)
        await station.until_status(ConnectorStatus.PREPARING, evse_id=2)
        station.person.present_token("CARD-0002")

        await _told(station, dialect, "SuspendedEVSE", evse_id=2)
        before_wh = station.evse(2).view().register_wh
        await station.until_metered(20, evse_id=1)
        waited_wh = station.evse(2).view().register_wh - before_wh
        await station.leave(evse_id=1)
        await _told(station, dialect, "Charging", evse_id=2)
        await station.until_metered(20, evse_id=2)
        await station.leave(evse_id=2)
        await close_books(station)

    assert waited_wh == 0
    assert len(csms.ledger.transactions) == 2


async def test_a_car_that_pauses_for_long_is_still_the_same_transaction(
    station: RunningStation, dialect: Dialect
) -> None:
    await station.charge(more_wh=20)
    for _ in range(3):
        station.evse().set_ev(wants_energy=False)
        await _told(station, dialect, "SuspendedEV", evse_id=1)
        await station.pass_time(30)
        station.evse().set_ev(wants_energy=True)
        await _told(station, dialect, "Charging", evse_id=1)
    await station.leave()
    await dialect.ended(station.bench)

    assert len(station.csms.ledger.transactions) == 1


async def test_a_full_car_stops_taking_energy_and_stays_until_it_leaves(
    station: RunningStation, dialect: Dialect
) -> None:
    await station.charge(more_wh=20)

    station.evse().set_ev(soc_percent=100.0)
    await _told(station, dialect, "SuspendedEV", evse_id=1)
    await station.pass_time(60)
    await station.leave()
    ended = await dialect.ended(station.bench)

    assert dialect.stopped_reason(ended) == "EVDisconnected"
