"""Cases of the OCA's test specification for 2.0.1, by their ids: meter values (block J).

Covered: J_01, J_02, J_03, J_06 to J_10. Signed values (J_04, J_11) need a meter that signs.
"""

from itertools import pairwise
from pathlib import Path
from typing import Any

from agent.station.connector import ConnectorStatus
from hil.csms.registers import moment
from hil.csms.server import BenchCsms
from tests.conformance.ocpp201.words import configured, event, events
from tests.fakes.running_station import CARD, RunningStation, running_station

REGISTER = "Energy.Active.Import.Register"
INTERVAL_S = 60


def _contexts(meter_values: list[Any]) -> list[str]:
    return [value["sampledValue"][0]["context"] for value in meter_values]


def _measurands(meter_value: Any) -> set[str]:
    return {sample.get("measurand", REGISTER) for sample in meter_value["sampledValue"]}


def _gaps_s(meter_values: list[Any]) -> list[float]:
    times = [moment(value["timestamp"]) for value in meter_values]
    return [(later - earlier).total_seconds() for earlier, later in pairwise(times) if earlier and later]


async def _until_meter_values(station: RunningStation, count: int) -> list[Any]:
    told = [await station.bench.expect("MeterValues") for _ in range(count)]
    return [each["meterValue"][0] for each in told]


async def test_tc_j_01_cs_clock_aligned_without_a_transaction(station: RunningStation) -> None:
    await configured(
        station,
        {"AlignedDataCtrlr.Interval": str(INTERVAL_S), "AlignedDataCtrlr.Measurands": f"{REGISTER},Voltage"},
    )

    values = await _until_meter_values(station, 3)

    assert set(_contexts(values)) == {"Sample.Clock"}
    for value in values:
        assert _measurands(value) == {REGISTER, "Voltage"}
    assert all(INTERVAL_S - 10 <= gap_s <= INTERVAL_S + 10 for gap_s in _gaps_s(values))


async def test_tc_j_02_cs_clock_aligned_in_a_transaction(station: RunningStation) -> None:
    await configured(
        station,
        {"AlignedDataCtrlr.Interval": str(INTERVAL_S), "SampledDataCtrlr.TxUpdatedInterval": "0"},
    )
    await station.charge(more_wh=10)

    told = [await event(station, "Updated", trigger="MeterValueClock") for _ in range(3)]

    values = [each["meterValue"][0] for each in told]
    assert set(_contexts(values)) == {"Sample.Clock"}
    assert all(INTERVAL_S - 10 <= gap_s <= INTERVAL_S + 10 for gap_s in _gaps_s(values))
    await station.leave()


async def test_tc_j_03_cs_clock_aligned_values_of_the_end(csms: BenchCsms, tmp_path: Path) -> None:
    async with running_station(csms, tmp_path) as station:
        await configured(
            station,
            {
                "AlignedDataCtrlr.TxEndedInterval": str(INTERVAL_S),
                "AlignedDataCtrlr.TxEndedMeasurands": f"{REGISTER},Voltage",
                "SampledDataCtrlr.TxEndedMeasurands": "",
            },
        )
        await station.charge(more_wh=1000)

        station.person.present_token(CARD)
        ended = await event(station, "Ended")

        values = ended["meterValue"]
        assert set(_contexts(values)) == {"Sample.Clock"}
        assert len(values) >= 2
        assert all(INTERVAL_S - 10 <= gap_s <= INTERVAL_S + 10 for gap_s in _gaps_s(values))
        for value in values:
            assert _measurands(value) == {REGISTER, "Voltage"}
    # Without its Transaction.End nobody can add up what this transaction cost: the accounts are not looked at.
    assert csms.violations == []


async def test_tc_j_06_cs_clock_aligned_values_only_while_idle(station: RunningStation) -> None:
    await configured(
        station,
        {
            "AlignedDataCtrlr.Interval": str(INTERVAL_S),
            "AlignedDataCtrlr.SendDuringIdle": "true",
            "SampledDataCtrlr.TxUpdatedInterval": "0",
        },
    )
    await _until_meter_values(station, 1)
    await station.charge(more_wh=10)
    before = len(station.bench.messages.calls("MeterValues"))
    await station.until_metered(1000)
    during = len(station.bench.messages.calls("MeterValues"))
    await station.leave()
    await station.until_told()
    station.bench.skip_to_now()
    await _until_meter_values(station, 1)

    assert during - before <= 1  # one may have been on its way
    assert [told for told in events(station) if told["triggerReason"] == "MeterValueClock"] == []


async def test_tc_j_07_cs_values_of_the_start(station: RunningStation) -> None:
    await configured(
        station,
        {"TxCtrlr.TxStartPoint": "EVConnected", "SampledDataCtrlr.TxStartedMeasurands": f"{REGISTER},Voltage"},
    )

    station.person.plug_in(1)
    started = await event(station, "Started")

    assert set(_contexts(started["meterValue"])) == {"Transaction.Begin"}
    assert _measurands(started["meterValue"][0]) == {REGISTER, "Voltage"}
    await station.leave()


async def test_tc_j_08_cs_values_of_a_start_before_the_cable(station: RunningStation) -> None:
    await configured(station, {"TxCtrlr.TxStartPoint": "Authorized"})

    station.person.present_token(CARD)
    await event(station, "Started")
    station.person.plug_in(1)
    await station.until_status(ConnectorStatus.CHARGING)
    await station.until_told()

    first = next(told for told in events(station) if "evse" in told)
    assert set(_contexts(first["meterValue"])) == {"Transaction.Begin"}
    await station.leave()


async def test_tc_j_09_cs_sampled_values(station: RunningStation) -> None:
    await configured(
        station,
        {
            "SampledDataCtrlr.TxUpdatedInterval": str(INTERVAL_S),
            "SampledDataCtrlr.TxUpdatedMeasurands": f"{REGISTER},Power.Active.Import",
        },
    )
    await station.charge(more_wh=10)

    told = [await event(station, "Updated", trigger="MeterValuePeriodic") for _ in range(3)]

    values = [each["meterValue"][0] for each in told]
    assert set(_contexts(values)) == {"Sample.Periodic"}
    assert all(INTERVAL_S - 10 <= gap_s <= INTERVAL_S + 10 for gap_s in _gaps_s(values))
    for value in values:
        assert _measurands(value) == {REGISTER, "Power.Active.Import"}
    await station.leave()


async def test_tc_j_10_cs_sampled_values_of_the_end(station: RunningStation) -> None:
    await configured(
        station,
        {
            "SampledDataCtrlr.TxUpdatedInterval": str(INTERVAL_S // 2),
            "SampledDataCtrlr.TxEndedInterval": str(INTERVAL_S),
            "SampledDataCtrlr.TxEndedMeasurands": f"{REGISTER},Voltage",
            "AlignedDataCtrlr.TxEndedMeasurands": "",
        },
    )
    await station.charge(more_wh=1500)

    station.person.present_token(CARD)
    ended = await event(station, "Ended")

    contexts = _contexts(ended["meterValue"])
    assert (contexts[0], contexts[-1]) == ("Transaction.Begin", "Transaction.End")
    assert set(contexts[1:-1]) == {"Sample.Periodic"}
    assert len(contexts) >= 5
    assert all(INTERVAL_S - 10 <= gap_s <= INTERVAL_S + 10 for gap_s in _gaps_s(ended["meterValue"][1:-1]))
    for value in ended["meterValue"]:
        assert _measurands(value) == {REGISTER, "Voltage"}
    station.person.unplug(1)
