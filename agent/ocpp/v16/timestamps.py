"""Times as 1.6 writes them: ISO 8601, with or without a fraction and an offset (errata 3.10)."""

import re
from datetime import UTC, datetime

_BLANK_BEFORE_OFFSET = re.compile(r"\s+(?=[+\-zZ][\d:]*$)")


def format_time(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and Z, the form that every CSMS reads."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(written: str) -> datetime:
    """The UTC of any ISO 8601 time; one without an offset is taken as UTC (1.6 section 3.14).

    Raises ValueError for anything else.
    """
    # RFC 3339 allows a small t and z.
    at = datetime.fromisoformat(_BLANK_BEFORE_OFFSET.sub("", written.strip()).upper())
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{written!r} lies outside the calendar") from error
