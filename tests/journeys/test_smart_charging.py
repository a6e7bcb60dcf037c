"""Charging profiles over the wire: what the CSMS sets is what the car is offered."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from agent.station.connector import ConnectorStatus
from hil.csms.errors import CallError
from hil.csms.server import BenchCsms
from tests.agent.ocpp.v16.profiles import profile
from tests.fakes.running_station import RunningStation, close_books, running_station
from tests.journeys.dialects import DIALECTS, Dialect

CARD = "REMOTE-0001"


@pytest.fixture
def dialect() -> Dialect:
    """1.6 alone sets profiles so far."""
    return DIALECTS["ocpp1.6"]


@pytest.fixture
async def charging(station: RunningStation) -> AsyncIterator[RunningStation]:
    """A car charges, and leaves in the end."""
    await station.charge(more_wh=20)
    yield station
    await station.leave()


def offered_a(station: RunningStation) -> float | None:
    """What the PWM says."""
    return station.agent.ports[1].snapshot().offered_a


async def sets(station: RunningStation, found: dict[str, Any], *, connector: int = 1) -> str:
    payload = {"connectorId": connector, "csChargingProfiles": found}
    return str((await station.bench.call("SetChargingProfile", payload))["status"])


def written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


async def test_a_profile_is_offered_to_the_car_and_given_up_when_it_is_cleared(charging: RunningStation) -> None:
    set_ = await sets(
        charging, profile("TxProfile", transactionId=int(charging.csms.ledger.transactions[0].transaction_id))
    )
    await charging.until(lambda: offered_a(charging) == 10.0)
    cleared = await charging.bench.call("ClearChargingProfile", {"id": 1})
    await charging.until(lambda: offered_a(charging) == 32.0)
    again = await charging.bench.call("ClearChargingProfile", {"id": 1})

    assert (set_, cleared["status"], again["status"]) == ("Accepted", "Accepted", "Unknown")


async def test_a_schedule_is_followed_in_time_and_pauses_below_six_amperes(charging: RunningStation) -> None:
    now = charging.clock.now().wall
    steps = [{"startPeriod": at, "limit": limit} for at, limit in ((0, 16.0), (30, 5.0), (60, 13.5))]
    schedule = {"startSchedule": written(now), "chargingSchedulePeriod": steps}

    await sets(charging, profile("TxDefaultProfile", schedule=schedule), connector=0)
    await charging.until(lambda: offered_a(charging) == 16.0)
    told = await charging.bench.call(
        "GetCompositeSchedule", {"connectorId": 1, "duration": 90, "chargingRateUnit": "A"}
    )
    await charging.until_status(ConnectorStatus.SUSPENDED_EVSE)
    paused_a = offered_a(charging)
    await charging.until_status(ConnectorStatus.CHARGING)

    assert offered_a(charging) == 13.5
    assert paused_a is None
    assert [period["limit"] for period in told["chargingSchedule"]["chargingSchedulePeriod"]] == [16.0, 5.0, 13.5]


async def test_a_remote_start_brings_its_profile(station: RunningStation) -> None:
    station.person.plug_in(1)
    await station.until_status(ConnectorStatus.PREPARING)

    answer = await station.bench.call(
        "RemoteStartTransaction", {"idTag": CARD, "connectorId": 1, "chargingProfile": profile()}
    )
    await station.until_status(ConnectorStatus.CHARGING)

    assert answer["status"] == "Accepted"
    assert offered_a(station) == 10.0
    await station.leave()


async def test_profiles_outlive_a_restart(csms: BenchCsms, data_dir: Path) -> None:
    async with running_station(csms, data_dir) as station:
        await sets(station, profile("ChargePointMaxProfile"), connector=0)
        await sets(station, profile("TxDefaultProfile", chargingProfileId=2), connector=1)
    async with running_station(csms, data_dir) as station:
        await station.charge(more_wh=20)
        limited_a = offered_a(station)
        cleared = await station.bench.call("ClearChargingProfile", {"chargingProfilePurpose": "ChargePointMaxProfile"})
        await station.leave()
        await close_books(station)

    assert limited_a == 10.0
    assert cleared["status"] == "Accepted"


@pytest.mark.parametrize(
    ("connector", "found", "word"),
    [
        (1, profile("TxProfile"), "Rejected"),
        (0, profile("TxProfile"), "Rejected"),
        (1, profile("ChargePointMaxProfile"), "Rejected"),
        (1, profile("TxDefaultProfile", stackLevel=100), "Rejected"),
        (1, profile("TxDefaultProfile", chargingProfileKind="Recurring"), "Rejected"),
        (
            1,
            profile("TxDefaultProfile", schedule={"chargingSchedulePeriod": [{"startPeriod": 5, "limit": 6}]}),
            "Rejected",
        ),
        (2, profile("TxDefaultProfile"), "PropertyConstraintViolation"),
    ],
    ids=["no transaction", "no connector", "one connector", "level", "no recurrency", "late start", "unknown"],
)
async def test_what_cannot_be_obeyed_is_refused(
    station: RunningStation, connector: int, found: dict[str, Any], word: str
) -> None:
    try:
        answer = await sets(station, found, connector=connector)
    except CallError as refused:
        answer = refused.code

    assert answer == word
