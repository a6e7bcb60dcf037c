"""BootNotification and Heartbeat."""

from datetime import UTC, datetime

import pytest

from agent.ocpp.adapter import BootReason, Registration, StationIdentity
from agent.ocpp.v201 import boot
from tests.agent.ocpp.v201.schema_check import Sent


@pytest.mark.parametrize("reason", BootReason)
def test_every_reason_fits(reason: BootReason, sent: Sent) -> None:
    payload = sent(boot.boot_notification(StationIdentity("Example", "Duo-22"), reason))

    assert payload == {"reason": reason.value, "chargingStation": {"model": "Duo-22", "vendorName": "Example"}}


def test_texts_that_are_too_long_are_cut(sent: Sent) -> None:
    identity = StationIdentity("V" * 99, "M" * 99, "S" * 99, "F" * 99, "I" * 99, "J" * 99)

    station = sent(boot.boot_notification(identity, BootReason.POWER_UP))["chargingStation"]

    assert station["serialNumber"] == "S" * 25
    assert station["modem"] == {"iccid": "I" * 20, "imsi": "J" * 20}


def test_the_answer_has_status_interval_and_time() -> None:
    answer = boot.boot_answer({"status": "Pending", "interval": 30, "currentTime": "2026-01-01T00:00:00Z"})

    assert answer.status is Registration.PENDING
    assert answer.interval_s == 30
    assert answer.current_time == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_negative_interval_counts_as_none() -> None:
    answer = boot.boot_answer({"status": "Accepted", "interval": -5, "currentTime": "2026-01-01T00:00:00Z"})

    assert answer.interval_s == 0


def test_a_heartbeat_is_empty_and_brings_the_time(sent: Sent) -> None:
    assert sent(boot.heartbeat()) == {}
    assert boot.heartbeat_answer({"currentTime": "2026-01-01T00:00:00Z"}) == datetime(2026, 1, 1, tzinfo=UTC)
