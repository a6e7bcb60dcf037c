"""A charge through the real drivers: gpiozero's contactor and a Modbus meter, told to the CSMS to the watt-hour."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.registers import Reading
from hil.csms.server import BenchCsms
from tests.fakes.charger_bench import charger_bench
from tests.fakes.metered_line import AMPS, FIRST_KWH, IMPORT_KWH, SYSTEM_WATTS, VOLTS, WATTS, RecordingMeter, Served
from tests.fakes.running_station import CARD, assert_flawless
from tests.journeys.dialects import Dialect

MEASURANDS = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage"
PHASES = ("L1", "L2", "L3")


@pytest.fixture(params=["tcp", "rtu"])
def line(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_the_csms_is_told_exactly_what_the_registers_said(
    csms: BenchCsms, dialect: Dialect, data_dir: Path, line: str
) -> None:
    variables = {"SampledDataCtrlr.TxUpdatedMeasurands": MEASURANDS, "SampledDataCtrlr.TxUpdatedInterval": "5"}
    async with charger_bench(csms, data_dir, line=line, variables=variables) as bench:
        station = bench.station

        await station.charge(more_wh=150)
        station.evse().set_ev(max_current_a=13.0)
        await station.until_metered(60)
        station.person.present_token(CARD)
        await station.until_status(ConnectorStatus.FINISHING)
        await station.leave()
        await station.until_told()

        (transaction,) = csms.ledger.transactions
        assert transaction.begin_wh == round(FIRST_KWH * 1000)
        assert transaction.end_wh == bench.meter.import_wh()
        assert transaction.ended_at is not None
        assert transaction.end_wh == _import_wh(bench.meter, transaction.ended_at)
        assert len(transaction.readings) >= 4
        _assert_as_served(bench.meter, transaction.readings)
    assert_flawless(csms)


def _import_wh(meter: RecordingMeter, at: datetime) -> int:
    return round(meter.last_answer_until(at).registers[IMPORT_KWH] * 1000)


def _assert_as_served(meter: RecordingMeter, readings: Iterable[Reading]) -> None:
    """Every value of every reading stood in the registers that the meter gave for it."""
    compared = 0
    for reading in readings:
        assert reading.at is not None
        complaints = [_differences(reading, first, second) for first, second in meter.answers_from(reading.at)]
        assert [] in complaints, f"{reading}: {complaints}"
        compared += len(reading.samples)
    assert compared >= 4 * 9


def _differences(reading: Reading, first: Served, second: Served) -> list[str]:
    """What the CSMS was told otherwise than these two answers say."""
    found = []
    if reading.register_wh not in (None, round(second.registers[IMPORT_KWH] * 1000)):
        found.append(f"{reading.register_wh} Wh and not {second.registers[IMPORT_KWH]} kWh")
    for sample in reading.samples:
        register, decimals, answer = _register_of(sample["measurand"], sample.get("phase"), first, second)
        if register is not None and abs(float(sample["value"]) - answer[register]) > 0.5000001 * 10**-decimals:
            found.append(f"{sample} and not {answer[register]}")
    return found


def _register_of(
    measurand: str, phase: str | None, first: Served, second: Served
) -> tuple[int | None, int, dict[int, float]]:
    """The register, the decimals it is told with, and the answer it came in; None for the import register."""
    if phase is not None:
        table = {"Voltage": VOLTS, "Current.Import": AMPS, "Power.Active.Import": WATTS}
        return table[measurand][PHASES.index(phase[:2])], 2, first.registers
    if measurand == "Power.Active.Import":
        return SYSTEM_WATTS, 1, second.registers
    return None, 0, second.registers
