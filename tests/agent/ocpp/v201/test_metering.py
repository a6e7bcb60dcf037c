"""Meter values."""

from agent.clock import Moment
from agent.ocpp.v201.metering import encode_meter_values, idle_meter_values
from agent.station.facts import IdleMeterSampled
from agent.station.samples import Context, Measurand, MeterValue, Quantity
from tests.agent.ocpp.v201.schema_check import Sent, Wall


def test_idle_values_carry_the_evse_and_the_mended_time(moment: Moment, wall: Wall, sent: Sent) -> None:
    quantity = Quantity(Measurand.POWER_ACTIVE_IMPORT, 7200.5, "W", phase="L1", location="Inlet")
    fact = IdleMeterSampled(at=moment, evse_id=2, values=(MeterValue(moment, Context.SAMPLE_CLOCK, (quantity,)),))

    payload = sent(idle_meter_values(fact, wall=wall))

    assert payload == {
        "evseId": 2,
        "meterValue": [
            {
                "timestamp": "2026-03-04T06:06:07.891Z",
                "sampledValue": [
                    {
                        "value": 7200.5,
                        "context": "Sample.Clock",
                        "measurand": "Power.Active.Import",
                        "phase": "L1",
                        "location": "Inlet",
                        "unitOfMeasure": {"unit": "W"},
                    }
                ],
            }
        ],
    }


def test_the_unit_and_place_that_are_the_default_are_left_out(moment: Moment, wall: Wall) -> None:
    quantity = Quantity(Measurand.ENERGY_ACTIVE_IMPORT_REGISTER, 1200, "Wh")

    values = encode_meter_values([MeterValue(moment, Context.TRANSACTION_BEGIN, (quantity,))], wall=wall)

    assert values[0]["sampledValue"] == [
        {"value": 1200, "context": "Transaction.Begin", "measurand": "Energy.Active.Import.Register"}
    ]


def test_what_has_no_word_here_is_left_out(moment: Moment, wall: Wall) -> None:
    temperature = Quantity(Measurand.TEMPERATURE, 40, "Celsius")
    fact = IdleMeterSampled(at=moment, evse_id=1, values=(MeterValue(moment, Context.OTHER, (temperature,)),))

    assert idle_meter_values(fact, wall=wall) is None
