from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock import Moment
from agent.ocpp.v16.metering import import_register_wh, meter_value_list, meter_values
from agent.station.samples import Context, Measurand, MeterValue, Quantity

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MOMENT = Moment(wall=NOON, mono_s=1.0, boot="b")
REGISTER = Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, 1234, "Wh")


def wall(moment: Moment) -> datetime:
    return moment.wall


def sample(*quantities: Quantity, context: Context = Context.SAMPLE_PERIODIC) -> MeterValue:
    return MeterValue(at=MOMENT, context=context, quantities=quantities)


def test_a_value_says_what_it_is_and_leaves_out_the_usual_place() -> None:
    told = meter_value_list([sample(REGISTER)], wall=wall)

    assert told == [
        {
            "timestamp": "2026-05-04T12:00:00.000Z",
            "sampledValue": [
                {
                    "value": "1234",
                    "context": "Sample.Periodic",
                    "measurand": "Energy.Active.Import.Register",
                    "unit": "Wh",
                }
            ],
        }
    ]


def test_phase_and_an_unusual_place_are_told() -> None:
    quantity = Quantity(Measurand.CURRENT_IMPORT, 15.9, "A", phase="L2", location="Inlet")

    (told,) = meter_value_list([sample(quantity)], wall=wall)[0]["sampledValue"]

    assert (told["value"], told["phase"], told["location"], told["unit"]) == ("15.9", "L2", "Inlet", "A")


@pytest.mark.parametrize(
    ("measurand", "unit", "spelled"),
    [
        (Measurand.TEMPERATURE, "Celsius", "Celcius"),  # codespell:ignore celcius
        (Measurand.SOC, "Percent", "Percent"),
        (Measurand.FREQUENCY, "Hz", None),
        (Measurand.POWER_FACTOR, "", None),
    ],
)
def test_units_are_spelled_as_the_schemas_know_them(measurand: Measurand, unit: str, spelled: str | None) -> None:
    (told,) = meter_value_list([sample(Quantity(measurand, 1, unit))], wall=wall)[0]["sampledValue"]

    assert told.get("unit") == spelled


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_a_value_is_a_plain_decimal_number(value: float) -> None:
    (told,) = meter_value_list([sample(Quantity(Measurand.VOLTAGE, value, "V"))], wall=wall)[0]["sampledValue"]

    assert "e" not in told["value"].lower()
    assert float(told["value"]) == float(value)


def test_a_value_that_is_no_number_is_left_out() -> None:
    broken = Quantity(Measurand.VOLTAGE, float("nan"), "V")

    assert meter_value_list([sample(broken)], wall=wall) == []
    assert len(meter_value_list([sample(broken, REGISTER)], wall=wall)[0]["sampledValue"]) == 1


def test_without_values_there_is_nothing_to_tell() -> None:
    assert meter_values([], connector=1, transaction=7, wall=wall) is None
    assert meter_values([sample()], connector=1, transaction=7, wall=wall) is None


def test_the_main_meter_belongs_to_no_transaction() -> None:
    call = meter_values([sample(REGISTER)], connector=0, transaction=7, wall=wall)

    assert call is not None
    assert "transactionId" not in call.payload


def test_the_newest_register_that_bills_is_found() -> None:
    one_phase = Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, 9999, "Wh", phase="L1")
    elsewhere = Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, 8888, "Wh", location="Inlet")
    newer = Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, 2000.6, "Wh")

    assert import_register_wh([sample(REGISTER), sample(one_phase, newer), sample(elsewhere)]) == 2001
    assert import_register_wh([sample(one_phase)]) is None
