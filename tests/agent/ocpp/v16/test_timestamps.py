from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.ocpp.v16.timestamps import format_time, parse_time

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-05-04T12:00:00Z",
        "2026-05-04T12:00:00.000Z",
        "2026-05-04T12:00:00.0000000Z",
        "2026-05-04T12:00:00,0Z",
        "2026-05-04T14:00:00+02:00",
        "2026-05-04T14:00:00+0200",
        "2026-05-04T14:00:00.0 +02:00",
        "2026-05-04T12:00:00",
        "2026-05-04 12:00:00",
        "2026-05-04 12:00:00 Z",
        "2026-05-04t12:00:00z",
        "2026-05-04T12:00Z",
        "20260504T120000Z",
        " 2026-05-04T12:00:00Z ",
    ],
)
def test_every_form_of_iso_8601_is_read(written: str) -> None:
    assert parse_time(written) == NOON


@pytest.mark.parametrize("written", ["", "noon", "04.05.2026 12:00", "0001-01-01T00:00:00+05:00", "1777896000"])
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_time(written)


def test_times_are_written_in_utc_with_milliseconds() -> None:
    at = datetime(2026, 5, 4, 14, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=2)))

    assert format_time(at) == "2026-05-04T12:00:00.123Z"


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  the bounds are naive by hypothesis's contract
def test_what_is_written_reads_back_to_the_millisecond(at: datetime) -> None:
    assert abs(parse_time(format_time(at)) - at) < timedelta(milliseconds=1)
