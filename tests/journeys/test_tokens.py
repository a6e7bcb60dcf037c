"""Who may charge: the local list, the cache, and a CSMS that changes its mind."""

from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.behaviours import amend
from hil.csms.server import BenchCsms
from tests.fakes.running_station import CARD, RunningStation, StationFile, close_books, running_station
from tests.journeys.dialects import Dialect


async def _offline(station: RunningStation) -> None:
    await station.csms.stop_listening()
    await station.until(lambda: not station.agent.runner.state.online)


async def _online_again(station: RunningStation) -> None:
    await station.csms.listen_again()
    await station.until_online()


async def test_a_card_of_the_local_list_charges_offline_and_others_do_not(
    station: RunningStation, dialect: Dialect
) -> None:
    answer = await dialect.local_list({"LISTED": "Accepted", "BARRED": "Blocked"}).to(station.bench)
    version = await station.bench.call("GetLocalListVersion")
    await _offline(station)

    station.person.plug_in(1)
    await station.until_status(ConnectorStatus.PREPARING)
    for card in ("BARRED", "UNKNOWN"):
        station.person.present_token(card)
        await station.pass_time(5)
        assert station.transaction() is None
    station.person.present_token("LISTED")
    await station.until_status(ConnectorStatus.CHARGING)
    await station.until_metered(50)
    await station.leave()
    await _online_again(station)
    await station.until_told()

    assert answer["status"] == "Accepted"
    assert version == {"listVersion" if dialect.is_16 else "versionNumber": 1}
    assert [transaction.id_token for transaction in station.csms.ledger.transactions] == ["LISTED"]


@pytest.mark.parametrize("cleared", [False, True])
async def test_a_card_of_the_cache_charges_offline_until_the_cache_is_cleared(
    station: RunningStation, dialect: Dialect, cleared: bool
) -> None:
    await station.charge(more_wh=20)
    await station.leave()
    await station.until_told()
    if cleared:
        assert (await station.bench.call("ClearCache"))["status"] == "Accepted"
    await _offline(station)

    station.person.plug_in(1)
    await station.until_status(ConnectorStatus.PREPARING)
    station.person.present_token(CARD)
    if cleared:
        await station.pass_time(5)
        assert station.transaction() is None
    else:
        await station.until_status(ConnectorStatus.CHARGING)
        await station.leave()
    await _online_again(station)


async def test_a_card_that_turns_out_to_be_invalid_stops_the_charge_it_began_offline(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    file = StationFile(variables={"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"})
    async with running_station(csms, data_dir, file=file) as station:
        await _offline(station)
        await station.charge(more_wh=30)
        refusal = {"status": "Invalid"}
        station.bench.script(dialect.start, amend({"idTagInfo" if dialect.is_16 else "idTokenInfo": refusal}))

        await _online_again(station)
        ended = await dialect.ended(station.bench)
        await close_books(station)

    assert dialect.stopped_reason(ended) == "DeAuthorized"


async def test_configuration_is_read_changed_and_obeyed_at_once(station: RunningStation, dialect: Dialect) -> None:
    await dialect.change("MeterValueSampleInterval", "SampledDataCtrlr.TxUpdatedInterval", "0").to(station.bench)
    await station.charge(more_wh=100)
    await station.until_told()
    quiet = len(station.csms.ledger.transactions[0].readings)

    await dialect.change("MeterValueSampleInterval", "SampledDataCtrlr.TxUpdatedInterval", "5").to(station.bench)
    await station.until(lambda: len(station.csms.ledger.transactions[0].readings) >= quiet + 3)
    await station.leave()

    if dialect.is_16:
        told = await station.bench.call("GetConfiguration", {"key": ["MeterValueSampleInterval", "Nonsense"]})
        assert told["configurationKey"] == [{"key": "MeterValueSampleInterval", "readonly": False, "value": "5"}]
        assert told["unknownKey"] == ["Nonsense"]
    else:
        item = {"component": {"name": "SampledDataCtrlr"}, "variable": {"name": "TxUpdatedInterval"}}
        answer = await station.bench.call("GetVariables", {"getVariableData": [item]})
        assert answer["getVariableResult"][0]["attributeValue"] == "5"
