"""Errors of the bench CSMS.

BenchError
├── CallError            the station answered CALLERROR
├── StationGone          no link to the station, or it broke while an answer was awaited
├── NotSeen              an expected message did not come in time
└── UnknownProtocol      a version without schemas was asked for
"""


class BenchError(Exception):
    """Anything the bench CSMS itself reports."""


class CallError(BenchError):
    """The station answered a call with CALLERROR."""

    def __init__(self, code: str, description: str, *, details: object = None) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code
        self.description = description
        self.details = details


class StationGone(BenchError):
    """There is no link to the station, or it broke before the answer came."""


class NotSeen(BenchError):
    """An expected message did not come in time; the text lists what came instead."""


class UnknownProtocol(BenchError):
    """A protocol version was asked for that has no schemas here."""
