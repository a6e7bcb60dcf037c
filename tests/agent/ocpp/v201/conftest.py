"""Checks and times for the tests of this folder."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.clock import Moment
from tests.agent.ocpp.v201.schema_check import Fits, Sent, Wall, check_call, check_fits

AT = datetime(2026, 3, 4, 5, 6, 7, 891_234, tzinfo=UTC)


@pytest.fixture(scope="session")
def fits() -> Fits:
    return check_fits


@pytest.fixture(scope="session")
def sent() -> Sent:
    return check_call


@pytest.fixture(scope="session")
def wall() -> Wall:
    """A mended clock: an hour later than the stamp's own wall time."""
    return lambda moment: moment.wall + timedelta(hours=1)


@pytest.fixture(scope="session")
def at() -> datetime:
    return AT


@pytest.fixture(scope="session")
def moment() -> Moment:
    return Moment(wall=AT, mono_s=1.0, boot="b")
