"""What opens and closes gpiozero's contactor, and what becomes of one that does not follow."""

from pathlib import Path

import pytest

from agent.app import End
from agent.clock import SystemClock
from agent.station.connector import ConnectorStatus
from hil.csms.server import BenchCsms
from tests.fakes.charger_bench import REAL_IO_SPEED, ChargerBench, charger_bench
from tests.fakes.metered_line import FIRST_KWH
from tests.fakes.running_station import CARD, assert_flawless, energy_told_wh
from tests.fakes.wired_relay import Condition
from tests.journeys.dialects import Dialect


def _assert_open(bench: ChargerBench) -> None:
    assert not bench.relay.is_commanded
    assert not bench.relay.closed
    assert not bench.energy_flows


@pytest.mark.parametrize("cause", ["unplug", "card", "remote stop", "emergency stop"])
async def test_the_contactor_opens_and_what_was_metered_is_told(
    csms: BenchCsms, dialect: Dialect, data_dir: Path, cause: str
) -> None:
    async with charger_bench(csms, data_dir) as bench:
        station = bench.station
        await station.charge(more_wh=20)
        assert bench.energy_flows

        match cause:
            case "unplug":
                station.person.unplug(1)
            case "card":
                station.person.present_token(CARD)
            case "remote stop":
                await dialect.remote_stop(csms).to(station.bench)
            case _:
                station.person.set_fault(1, "EmergencyStop", active=True)
        await station.until(lambda: station.transaction() is None)

        _assert_open(bench)
        await station.until_told()
        assert energy_told_wh(csms) == [bench.meter.import_wh() - round(FIRST_KWH * 1000)]
    assert_flawless(csms)


async def test_no_energy_flows_before_the_card(csms: BenchCsms, data_dir: Path) -> None:
    async with charger_bench(csms, data_dir) as bench:
        bench.station.person.plug_in(1)
        await bench.station.until_status(ConnectorStatus.PREPARING)
        asked = len(bench.meter.served)
        await bench.station.until(lambda: len(bench.meter.served) > asked + 10)

        _assert_open(bench)
        assert bench.meter.import_wh() == round(FIRST_KWH * 1000)
    assert_flawless(csms)


async def test_stopping_the_agent_opens_the_contactor_before_it_returns(csms: BenchCsms, data_dir: Path) -> None:
    async with charger_bench(csms, data_dir) as bench:
        await bench.station.charge(more_wh=20)

        bench.station.agent.stop()
        commanded_at_once = bench.relay.is_commanded
        end = await bench.station.ended()

        assert not commanded_at_once
        assert end is End.STOPPED
        await bench.relay.moved()
        _assert_open(bench)


async def test_a_charge_cut_by_a_stop_is_ended_with_the_register_after_the_restart(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    clock = SystemClock(speed=REAL_IO_SPEED)
    async with charger_bench(csms, data_dir, clock=clock) as bench:
        await bench.station.charge(more_wh=60)
        await bench.station.stop()
        await bench.relay.moved()
        stopped_at_wh = bench.meter.import_wh()

    async with charger_bench(csms, data_dir, first_kwh=stopped_at_wh / 1000, clock=clock) as bench:
        await bench.station.until(lambda: bench.station.transaction() is None)
        await bench.station.until_told()
        ended = await dialect.ended(bench.station.bench)

    assert dialect.stopped_reason(ended) == "PowerLoss"
    assert csms.ledger.transactions[-1].end_wh == stopped_at_wh
    assert_flawless(csms)


async def test_a_welded_contactor_is_a_fault_at_the_csms_and_nobody_charges(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    async with charger_bench(csms, data_dir) as bench:
        station = bench.station
        await station.charge(more_wh=20)
        bench.relay.condition = Condition.WELDED

        station.person.present_token(CARD)
        faulted = await dialect.status(station.bench, "Faulted")

        assert not bench.relay.is_commanded
        assert bench.relay.closed
        if dialect.is_16:
            assert faulted["errorCode"] == "PowerSwitchFailure"
        await station.until(lambda: station.transaction() is None)
        station.person.present_token(CARD)
        await station.until(lambda: not station.agent.runner.state.asks)
        assert station.transaction() is None

        station.person.unplug(1)
        bench.relay.repair()
        await dialect.status(station.bench, "Available")
        await station.until_told()
    assert_flawless(csms)


async def test_a_contactor_that_does_not_close_is_a_fault_at_the_csms(
    csms: BenchCsms, dialect: Dialect, data_dir: Path
) -> None:
    async with charger_bench(csms, data_dir) as bench:
        station = bench.station
        bench.relay.condition = Condition.STUCK_OPEN
        station.person.plug_in(1)
        await station.until_status(ConnectorStatus.PREPARING)

        station.person.present_token(CARD)
        faulted = await dialect.status(station.bench, "Faulted")

        if dialect.is_16:
            assert (faulted["errorCode"], faulted["vendorErrorCode"]) == ("PowerSwitchFailure", "CX017")
        await station.until(lambda: station.transaction() is None)
        await station.until_told()
        assert energy_told_wh(csms) == [0]

        bench.relay.repair()
        await station.leave()
        await dialect.status(station.bench, "Available")
    assert_flawless(csms)
