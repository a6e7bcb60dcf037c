from datetime import UTC, datetime
from typing import Any

import pytest

from agent.ocpp.adapter import BootReason, Registration, StationIdentity, WrongPayload
from agent.ocpp.v16.adapter import Adapter16

FULL = StationIdentity(
    vendor="V" * 60,
    model="M" * 60,
    serial_number="S" * 60,
    firmware_version="F" * 60,
    iccid="8" * 60,
    imsi="2" * 60,
    meter_type="T" * 60,
    meter_serial_number="N" * 60,
)


def test_only_what_is_known_is_told(adapter: Adapter16, fits_schema: Any) -> None:
    call = adapter.boot_notification(StationIdentity(vendor="Example", model="Duo-22"), BootReason.POWER_UP)

    assert call.action == "BootNotification"
    assert call.payload == {"chargePointVendor": "Example", "chargePointModel": "Duo-22"}
    fits_schema(call.action, call.payload)


def test_texts_that_are_too_long_are_cut_to_their_limit(adapter: Adapter16, fits_schema: Any) -> None:
    call = adapter.boot_notification(FULL, BootReason.WATCHDOG)

    fits_schema(call.action, call.payload)
    lengths = {name: len(value) for name, value in call.payload.items()}
    assert lengths == {
        "chargePointVendor": 20,
        "chargePointModel": 20,
        "chargePointSerialNumber": 25,
        "firmwareVersion": 50,
        "iccid": 20,
        "imsi": 20,
        "meterType": 25,
        "meterSerialNumber": 25,
    }


@pytest.mark.parametrize("status", list(Registration))
def test_the_answer_gives_status_interval_and_time(adapter: Adapter16, status: Registration) -> None:
    answer = adapter.boot_answer(
        {"status": status.value, "interval": 300, "currentTime": "2026-05-04T14:00:00.5+02:00"}
    )

    assert answer.status is status
    assert answer.interval_s == 300
    assert answer.current_time == datetime(2026, 5, 4, 12, 0, 0, 500_000, tzinfo=UTC)


def test_a_negative_interval_counts_as_none_given(adapter: Adapter16) -> None:
    answer = adapter.boot_answer({"status": "Pending", "interval": -5, "currentTime": "2026-05-04T12:00:00Z"})

    assert answer.interval_s == 0


def test_an_answer_without_a_readable_time_is_refused(adapter: Adapter16) -> None:
    with pytest.raises(WrongPayload) as refused:
        adapter.boot_answer({"status": "Accepted", "interval": 300, "currentTime": "now"})

    assert refused.value.code == "PropertyConstraintViolation"


def test_a_heartbeat_brings_the_time(adapter: Adapter16, fits_schema: Any) -> None:
    call = adapter.heartbeat()

    fits_schema(call.action, call.payload)
    assert adapter.heartbeat_answer({"currentTime": "2026-05-04T12:00:00"}) == datetime(2026, 5, 4, 12, tzinfo=UTC)
