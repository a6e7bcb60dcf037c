"""The main job: a car comes, charges and goes, and the CSMS knows what happened."""

from pathlib import Path

from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from hil.csms.tokens import Token
from tests.fakes.running_station import (
    CARD,
    RunningStation,
    StationFile,
    close_books,
    energy_told_wh,
    running_station,
)
from tests.journeys.dialects import Dialect


async def test_plug_first_then_card_until_the_card_stops_it(station: RunningStation, dialect: Dialect) -> None:
    bench = station.bench
    station.person.plug_in(1)
    await dialect.status(bench, "Preparing")

    station.person.present_token(CARD)
    await bench.expect("Authorize")
    started = await dialect.started(bench)
    await station.until_status(ConnectorStatus.CHARGING)
    await station.until_metered(300)
    station.person.present_token(CARD)
    ended = await dialect.ended(bench)
    await station.leave()
    await dialect.status(bench, "Available")

    token = started["idTag"] if dialect.is_16 else started["idToken"]["idToken"]
    assert token == CARD
    assert dialect.stopped_reason(ended) == "Local"
    assert len(station.csms.ledger.transactions[0].readings) >= 3


async def test_card_first_then_plug(station: RunningStation, dialect: Dialect) -> None:
    station.person.present_token(CARD)
    await dialect.status(station.bench, "Preparing")

    station.person.plug_in(1)
    await dialect.started(station.bench)
    await station.until_status(ConnectorStatus.CHARGING)
    await station.until_metered(100)
    await station.leave()
    ended = await dialect.ended(station.bench)

    assert dialect.stopped_reason(ended) == "EVDisconnected"


async def test_a_card_after_which_nobody_plugs_in_lapses(station: RunningStation, dialect: Dialect) -> None:
    await dialect.change("ConnectionTimeOut", "TxCtrlr.EVConnectionTimeOut", "20").to(station.bench)
    station.person.present_token(CARD)
    await dialect.status(station.bench, "Preparing")

    await dialect.status(station.bench, "Available")
    station.person.plug_in(1)
    await dialect.status(station.bench, "Preparing")

    assert station.transaction() is None
    assert station.csms.ledger.transactions == []


async def test_a_foreign_card_does_not_stop_the_charge(station: RunningStation, dialect: Dialect) -> None:
    await station.charge()

    station.person.present_token("CARD-0002")
    await station.bench.expect("Authorize", where=lambda asked: "CARD-0002" in str(asked))
    await station.until_metered(50)

    assert station.status() is ConnectorStatus.CHARGING
    await station.leave()


async def test_a_card_of_the_same_group_stops_the_charge(station: RunningStation, dialect: Dialect) -> None:
    for card in (CARD, "CARD-0002"):
        station.csms.desk.tokens.put(card, Token(group="FAMILY"))
    await station.charge()

    station.person.present_token("CARD-0002")
    ended = await dialect.ended(station.bench)

    assert dialect.stopped_reason(ended) == "Local"


async def test_a_refused_card_starts_nothing(station: RunningStation, dialect: Dialect) -> None:
    station.csms.desk.tokens.put(CARD, Token("Blocked"))
    station.person.plug_in(1)
    await dialect.status(station.bench, "Preparing")

    station.person.present_token(CARD)
    await station.bench.expect("Authorize")
    await station.until(lambda: not station.agent.runner.state.asks)

    assert station.transaction() is None
    assert station.evse().view().offer_a is None


async def test_a_car_that_pauses_and_resumes_stays_in_one_transaction(
    station: RunningStation, dialect: Dialect
) -> None:
    await station.charge()

    station.evse().set_ev(wants_energy=False)
    await station.until_status(ConnectorStatus.SUSPENDED_EV)
    paused_wh = station.evse().view().register_wh
    told = len(station.csms.ledger.transactions[0].readings)
    await station.until(lambda: len(station.csms.ledger.transactions[0].readings) >= told + 2)
    assert station.evse().view().register_wh == paused_wh
    station.evse().set_ev(wants_energy=True)
    await station.until_status(ConnectorStatus.CHARGING)
    await station.until_metered(50)
    await station.leave()
    await station.until_told()

    assert len(station.csms.ledger.transactions) == 1
    if dialect.is_16:
        for status in ("Charging", "SuspendedEV", "Charging"):
            await dialect.status(station.bench, status)
    else:
        told_states = [
            event["transactionInfo"].get("chargingState") for event in station.bench.messages.calls(dialect.start)
        ]
        changes = [state for state, before in zip(told_states, [None, *told_states], strict=False) if state != before]
        assert changes[-4:-1] == ["Charging", "SuspendedEV", "Charging"]


async def test_two_evses_charge_at_once_and_are_billed_apart(csms: BenchCsms, data_dir: Path) -> None:
    file = StationFile(evses=({"driver": "sim"}, {"driver": "sim"}))
    async with running_station(csms, data_dir, file=file) as station:
        await station.charge(evse_id=1, token="CARD-0001", more_wh=20)
        station.evse(2).set_ev(max_current_a=16.0)
        await station.charge(evse_id=2, token="CARD-0002", more_wh=100)
        station.person.present_token("CARD-0001")
        await station.until(lambda: station.transaction(1) is None)
        await station.until_metered(50, evse_id=2)
        await station.leave(evse_id=2)
        await station.leave(evse_id=1)
        await close_books(station)

        told = energy_told_wh(csms)
        registers = [station.evse(number).view().register_wh for number in (1, 2)]
    assert told == [register - 1_234_567 for register in registers]
    assert [transaction.evse for transaction in csms.ledger.transactions] == [1, 2]
    assert [transaction.id_token for transaction in csms.ledger.transactions] == ["CARD-0001", "CARD-0002"]


async def test_charge_after_charge_each_begins_where_the_last_one_ended(
    station: RunningStation, dialect: Dialect
) -> None:
    for _ in range(4):
        await station.charge(more_wh=30)
        await station.leave()
    await station.until_told()

    transactions = station.csms.ledger.transactions
    assert len(transactions) == 4
    assert [later.begin_wh for later in transactions[1:]] == [earlier.end_wh for earlier in transactions[:-1]]
