"""A Modbus meter that misbehaves in the middle of a charge."""

from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from hil.devices.sdm630 import Mood
from tests.fakes.charger_bench import ChargerBench, charger_bench
from tests.fakes.metered_line import FIRST_KWH, IMPORT_KWH
from tests.fakes.running_station import CARD, assert_flawless
from tests.journeys.dialects import Dialect

LATER_THAN_THE_STATION_WAITS_S = 0.2


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.BUSY, Mood.NOT_A_NUMBER])
async def test_a_meter_that_fails_ends_the_charge_at_the_last_register_that_was_read(
    csms: BenchCsms, dialect: Dialect, data_dir: Path, mood: Mood
) -> None:
    async with charger_bench(csms, data_dir) as bench:
        station = bench.station
        await station.charge(more_wh=30)
        bench.meter.misbehave(mood)
        last_wh = station.metered_wh()

        faulted = await dialect.status(station.bench, "Faulted")
        ended = await dialect.ended(station.bench)

        if dialect.is_16:
            assert faulted["errorCode"] == "PowerMeterFailure"
        assert dialect.stopped_reason(ended) == "Other"
        assert not bench.relay.closed
        assert csms.ledger.transactions[0].end_wh == last_wh

        bench.meter.misbehave(Mood.NORMAL)
        await station.until_status(ConnectorStatus.FINISHING)
        await station.leave()
        await _assert_charges_again(bench, csms)
    assert_flawless(csms)


async def test_a_charge_that_may_go_on_without_its_meter_ends_with_the_register_of_the_meter_that_came_back(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    async with charger_bench(csms, data_dir, evse_keys={"meter_failure": "continue"}) as bench:
        station = bench.station
        await station.charge(more_wh=30)

        bench.meter.misbehave(Mood.SILENT)
        await station.until(lambda: bool(station.faults()))
        if dialect.is_16:
            await station.bench.expect(
                "StatusNotification", where=lambda told: told["errorCode"] == "PowerMeterFailure"
            )
        assert station.status() is ConnectorStatus.CHARGING
        assert bench.energy_flows
        bench.meter.misbehave(Mood.NORMAL)
        await station.until(lambda: not station.faults())
        await station.until_metered(20)
        await station.leave()
        await station.until_told()

        (transaction,) = csms.ledger.transactions
        assert (transaction.begin_wh, transaction.end_wh) == (round(FIRST_KWH * 1000), bench.meter.import_wh())
    assert_flawless(csms)


async def test_a_frozen_meter_is_told_as_it_reads_and_the_energy_is_not_lost_once_it_moves_on(
    csms: BenchCsms, data_dir: Path
) -> None:
    async with charger_bench(csms, data_dir) as bench:
        station = bench.station
        await station.charge(more_wh=30)

        bench.meter.misbehave(Mood.FROZEN)
        frozen_wh = bench.meter.import_wh()
        told = len(csms.ledger.transactions[0].readings)
        await station.until(lambda: len(csms.ledger.transactions[0].readings) >= told + 3)
        assert {reading.register_wh for reading in csms.ledger.transactions[0].readings[told + 1 :]} == {frozen_wh}
        bench.meter.misbehave(Mood.NORMAL)
        await station.leave()
        await station.until_told()

        assert csms.ledger.transactions[0].end_wh == bench.meter.import_wh() > frozen_wh
    assert_flawless(csms)


@pytest.mark.parametrize("line", ["tcp", "rtu"])
async def test_answers_that_come_too_late_are_never_taken_for_fresh_ones(
    csms: BenchCsms, dialect: Dialect, data_dir: Path, line: str
) -> None:
    async with charger_bench(csms, data_dir, line=line) as bench:
        station = bench.station
        await station.charge(more_wh=30)

        bench.meter.misbehave(Mood.LATE, late_by_s=LATER_THAN_THE_STATION_WAITS_S)
        await dialect.status(station.bench, "Faulted")
        bench.meter.misbehave(Mood.NORMAL)
        await station.until_status(ConnectorStatus.FINISHING)
        await station.leave()
        await station.until_told()

        (transaction,) = csms.ledger.transactions
        served = {round(answer.registers[IMPORT_KWH] * 1000) for answer in bench.meter.served}
        assert {reading.register_wh for reading in transaction.readings} <= served
        assert transaction.end_wh in served
        await _assert_charges_again(bench, csms)
    assert_flawless(csms)


async def test_a_slow_meter_is_still_a_meter(csms: BenchCsms, data_dir: Path) -> None:
    async with charger_bench(csms, data_dir) as bench:
        bench.meter.misbehave(Mood.LATE, late_by_s=0.04)

        await bench.station.charge(more_wh=30)
        assert not bench.station.faults()
        await bench.station.leave()
        await bench.station.until_told()

        assert csms.ledger.transactions[0].end_wh == bench.meter.import_wh()
    assert_flawless(csms)


async def test_without_a_meter_nobody_begins_to_charge(csms: BenchCsms, dialect: Dialect, data_dir: Path) -> None:
    async with charger_bench(csms, data_dir) as bench:
        bench.meter.misbehave(Mood.SILENT)
        await dialect.status(bench.station.bench, "Faulted")

        bench.station.person.plug_in(1)
        bench.station.person.present_token(CARD)
        await bench.station.until(lambda: bench.station.agent.runner.state.evses[0].plugged)

        assert bench.station.transaction() is None
        assert not bench.relay.is_commanded
    assert csms.ledger.transactions == []
    assert_flawless(csms)


async def _assert_charges_again(bench: ChargerBench, csms: BenchCsms) -> None:
    await bench.station.charge(more_wh=20)
    await bench.station.leave()
    await bench.station.until_told()
    assert csms.ledger.transactions[-1].end_wh == bench.meter.import_wh()
