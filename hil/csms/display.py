"""Events as single lines, for the command line and the demo."""

from datetime import datetime
from typing import assert_never

from hil.csms.record import (
    Event,
    MessageReceived,
    MessageSent,
    StationConnected,
    StationDisconnected,
    StationRefused,
    ViolationFound,
    one_line,
)


def line(event: Event) -> str:
    """One event in one line: time, station, what happened."""
    match event:
        case StationConnected(subprotocol=subprotocol):
            return _line(event.at, event.identity, f"connected, {subprotocol or 'no sub-protocol'}")
        case StationDisconnected(code=code):
            return _line(event.at, event.identity, f"disconnected ({code})")
        case StationRefused(status=status):
            return _line(event.at, event.identity, f"refused with HTTP {status}")
        case MessageReceived(message=message) | MessageSent(message=message):
            return _line(message.at, event.identity, one_line(message))
        case ViolationFound(violation=violation):
            where = f"({violation.direction}) {violation.action or 'frame'}"
            return _line(violation.at, violation.identity, f"VIOLATION {where}: {violation.problem}")
        case _:
            assert_never(event)


def _line(at: datetime, identity: str, text: str) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03} {identity} {text}"
