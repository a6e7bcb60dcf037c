"""Events as lines."""

from datetime import UTC, datetime

import pytest

from hil.csms.display import line
from hil.csms.frame import Call
from hil.csms.record import (
    Direction,
    Event,
    Message,
    MessageReceived,
    StationConnected,
    StationDisconnected,
    StationRefused,
    Violation,
    ViolationFound,
)

NOW = datetime(2026, 1, 1, 10, 0, 0, 5000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (StationConnected(NOW, "CP001", "ocpp1.6", 1), "connected, ocpp1.6"),
        (StationDisconnected(NOW, "CP001", 1006, 1), "disconnected (1006)"),
        (StationRefused(NOW, "CP001", 401), "refused with HTTP 401"),
        (
            MessageReceived("CP001", Message(Direction.IN, NOW, 0.0, "[2]", Call("1", "Heartbeat", {}), 1)),
            "-> Heartbeat [2]",
        ),
        (
            ViolationFound(Violation(NOW, "CP001", Direction.IN, None, "no JSON", "x")),
            "VIOLATION (in) frame: no JSON",
        ),
    ],
)
def test_an_event_is_one_line_with_time_and_station(event: Event, text: str) -> None:
    assert line(event) == f"10:00:00.005 CP001 {text}"
