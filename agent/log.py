"""Logs: an event name with values, coloured on a terminal, one JSON object a line for journald.

    log = get_logger(__name__)
    log.info("transaction started", evse=1, token=token)

Values are rendered by `str`, so types that mask themselves (IdToken, Secret) stay masked.
"""

import json
import logging
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any, TextIO

_VALUES = "evse_values"
_COLOURS = {
    "DEBUG": "\x1b[2m",
    "INFO": "\x1b[36m",
    "WARNING": "\x1b[33m",
    "ERROR": "\x1b[31m",
    "CRITICAL": "\x1b[31;1m",
}
_RESET = "\x1b[0m"
# syslog severities, which journald reads from a <n> prefix (sd-daemon(3))
_SEVERITY = {"DEBUG": 7, "INFO": 6, "WARNING": 4, "ERROR": 3, "CRITICAL": 2}


class Secret(str):
    """A string that never shows itself: not in logs, not in a repr."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def reveal(self) -> str:
        """The value itself, for the one place that needs it."""
        return str.__str__(self)


class EventLogger:
    """Logs events: a constant name and keyword values, never a built sentence."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger

    def debug(self, event: str, **values: object) -> None:
        """What only somebody looking for a fault wants to read."""
        self._log(logging.DEBUG, event, values)

    def info(self, event: str, **values: object) -> None:
        """What an operator wants to read."""
        self._log(logging.INFO, event, values)

    def warning(self, event: str, **values: object) -> None:
        """What somebody should look at."""
        self._log(logging.WARNING, event, values)

    def error(self, event: str, *, cause: BaseException | None = None, **values: object) -> None:
        """What does not work; `cause` adds its traceback."""
        self._log(logging.ERROR, event, values, cause)

    def _log(self, level: int, event: str, values: Mapping[str, object], cause: BaseException | None = None) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", event, extra={_VALUES: dict(values)}, exc_info=cause)


def get_logger(name: str) -> EventLogger:
    """The logger of a module."""
    return EventLogger(logging.getLogger(name))


def configure(*, stream: TextIO | None = None, as_json: bool | None = None, level: str = "INFO") -> None:
    """Send logs to `stream` (stderr); JSON unless it is a terminal, or as told."""
    stream = stream or sys.stderr
    if as_json is None:
        as_json = not stream.isatty()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_JsonFormatter() if as_json else _TerminalFormatter(colours=wants_colours(stream)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # The vendors' own chatter tells an operator nothing that our events do not.
    for vendor in ("websockets", "pymodbus", "asyncio"):
        logging.getLogger(vendor).setLevel(max(logging.WARNING, root.level))
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


def wants_colours(stream: TextIO) -> bool:
    """Whether to colour what is written to `stream`: only on a terminal, and not where NO_COLOR is set."""
    return stream.isatty() and not os.environ.get("NO_COLOR")


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        for key, value in getattr(record, _VALUES, {}).items():
            # JSON has no word for what is not finite.
            is_number = isinstance(value, int) or (isinstance(value, float) and isfinite(value))
            line[key if key not in line else f"{key}_"] = value if is_number else str(value)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return f"<{_SEVERITY.get(record.levelname, 6)}>" + json.dumps(line, ensure_ascii=False)


class _TerminalFormatter(logging.Formatter):
    def __init__(self, *, colours: bool) -> None:
        super().__init__()
        self._colours = colours

    def format(self, record: logging.LogRecord) -> str:
        when = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        values = " ".join(f"{key}={value}" for key, value in getattr(record, _VALUES, {}).items())
        level = record.levelname.lower()
        if self._colours:
            level = f"{_COLOURS.get(record.levelname, '')}{level}{_RESET}"
        line = f"{when} {level:<7} {record.getMessage()} {values}".rstrip()
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line
