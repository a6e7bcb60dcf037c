"""Charging profiles as a 1.6 CSMS writes them."""

from typing import Any

JsonObject = dict[str, Any]


def profile(purpose: str = "TxProfile", *, schedule: JsonObject | None = None, **fields: Any) -> JsonObject:
    """Ten amperes for ever, unless `schedule` says otherwise; `fields` are those of the profile."""
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "startSchedule": "2026-01-01T00:00:00Z",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10.0}],
            **(schedule or {}),
        },
        **fields,
    }
