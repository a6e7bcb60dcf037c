"""Registers out of meter values."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hil.csms.registers import moment, readings_2, readings_16

T0 = "2026-01-01T10:00:00Z"


@pytest.mark.parametrize(
    ("sample", "wh"),
    [
        ({"value": "1000"}, 1000),
        ({"value": "1.234", "unit": "kWh", "measurand": "Energy.Active.Import.Register"}, 1234),
        ({"value": "230", "measurand": "Voltage"}, None),
        ({"value": "5", "phase": "L1"}, None),
        ({"value": "5", "location": "Inlet"}, None),
        ({"value": "AF12", "format": "SignedData"}, None),
        ({"value": "none"}, None),
        ({"value": "NaN"}, None),
        ({"value": "1e999"}, None),
        ({"value": "1e999999999999999999999"}, None),
    ],
)
def test_a_16_sample_is_a_register_only_if_it_is_the_outlets_total(sample: dict[str, Any], wh: float | None) -> None:
    readings = readings_16([{"timestamp": T0, "sampledValue": [sample]}])

    assert readings[0].register_wh == wh


@pytest.mark.parametrize(
    ("sample", "wh"),
    [
        ({"value": 1000}, 1000),
        ({"value": 1.234, "unitOfMeasure": {"unit": "kWh"}}, 1234),
        ({"value": 12, "unitOfMeasure": {"unit": "Wh", "multiplier": 2}}, 1200),
        ({"value": 16, "measurand": "Current.Import"}, None),
    ],
)
def test_a_2_sample_is_read_with_unit_and_multiplier(sample: dict[str, Any], wh: float | None) -> None:
    readings = readings_2([{"timestamp": T0, "sampledValue": [{"value": 1, "phase": "L2"}, sample]}])

    assert readings[0].register_wh == wh


def test_a_reading_keeps_time_context_and_all_samples() -> None:
    samples = [{"value": 1, "context": "Transaction.Begin"}, {"value": 2, "measurand": "Voltage"}]

    reading = readings_2([{"timestamp": T0, "sampledValue": samples}])[0]

    assert reading.at == datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert reading.context == "Transaction.Begin"
    assert list(reading.samples) == samples


@pytest.mark.parametrize("text", [None, 5, "yesterday"])
def test_what_is_no_time_is_none(text: object) -> None:
    assert moment(text) is None
