"""Charging profiles between 1.6's messages and the station's words."""

from datetime import UTC, datetime

import pytest

from agent.ocpp.adapter import WrongPayload
from agent.ocpp.v16.adapter import Adapter16
from agent.ocpp.v16.connectors import NO_SUCH_EVSE
from agent.smart_charging.compose import CompositeSchedule
from agent.smart_charging.profile import STATION, ChargingProfile, Kind, Period, Purpose, RateUnit, Recurrence, Schedule
from agent.smart_charging.stack import ClearFilter
from agent.station.commands import (
    ClearChargingProfile,
    Composed,
    Done,
    GetCompositeSchedule,
    Outcome,
    SetChargingProfile,
)
from tests.agent.ocpp.v16.profiles import profile


def test_every_field_of_a_profile_arrives(adapter: Adapter16) -> None:
    sent = profile(
        "TxDefaultProfile",
        chargingProfileId=7,
        stackLevel=3,
        chargingProfileKind="Recurring",
        recurrencyKind="Weekly",
        validFrom="2026-01-01T00:00:00+01:00",
        validTo="2026-12-31T00:00:00Z",
        schedule={
            "chargingRateUnit": "W",
            "duration": 3600,
            "minChargingRate": 1400.5,
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 11000.0, "numberPhases": 3},
                {"startPeriod": 60, "limit": 4000.1},
            ],
        },
    )

    command = adapter.command("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": sent})

    assert command == SetChargingProfile(
        STATION,
        ChargingProfile(
            id=7,
            purpose=Purpose.TX_DEFAULT,
            stack_level=3,
            kind=Kind.RECURRING,
            recurrence=Recurrence.WEEKLY,
            valid_from=datetime(2025, 12, 31, 23, tzinfo=UTC),
            valid_to=datetime(2026, 12, 31, tzinfo=UTC),
            schedule=Schedule(
                unit=RateUnit.WATTS,
                start=datetime(2026, 1, 1, tzinfo=UTC),
                duration_s=3600,
                min_rate=1400.5,
                periods=(Period(0, 11000.0, 3), Period(60, 4000.1)),
            ),
        ),
    )


def test_a_transaction_is_carried_by_its_number(adapter: Adapter16) -> None:
    command = adapter.command("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": profile(transactionId=0)})

    assert isinstance(command, SetChargingProfile)
    assert (command.id_16, command.profile.transaction_id) == (0, None)


def test_the_charge_points_maximum_is_the_stations(adapter: Adapter16) -> None:
    sent = profile("ChargePointMaxProfile")

    command = adapter.command("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": sent})

    assert isinstance(command, SetChargingProfile)
    assert command.profile.purpose is Purpose.STATION_MAX


def test_a_connector_that_does_not_exist_is_an_error_of_the_call(adapter: Adapter16) -> None:
    with pytest.raises(WrongPayload, match="no connector 9") as wrong:
        adapter.command("SetChargingProfile", {"connectorId": 9, "csChargingProfiles": profile()})

    assert wrong.value.code == "PropertyConstraintViolation"


@pytest.mark.parametrize("field", ["validFrom", "validTo"])
def test_a_time_that_cannot_be_read_is_an_error_of_the_call(adapter: Adapter16, field: str) -> None:
    sent = {**profile(), field: "soon"}

    with pytest.raises(WrongPayload, match=field):
        adapter.command("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": sent})


def test_what_is_not_given_does_not_narrow_what_is_cleared(adapter: Adapter16) -> None:
    everything = adapter.command("ClearChargingProfile", {})
    some = {"id": 4, "connectorId": 3, "chargingProfilePurpose": "TxProfile", "stackLevel": 0}
    one = adapter.command("ClearChargingProfile", some)
    nowhere = adapter.command("ClearChargingProfile", {"connectorId": 9})

    assert everything == ClearChargingProfile(ClearFilter())
    assert one == ClearChargingProfile(ClearFilter(profile_id=4, evse_id=3, purpose=Purpose.TX, stack_level=0))
    assert nowhere == ClearChargingProfile(ClearFilter(evse_id=NO_SUCH_EVSE))


def test_nothing_cleared_is_unknown(adapter: Adapter16) -> None:
    command = ClearChargingProfile(ClearFilter())

    assert adapter.command_answer(command, Done(Outcome.UNKNOWN)) == {"status": "Unknown"}
    assert adapter.command_answer(command, Done(Outcome.ACCEPTED)) == {"status": "Accepted"}


def test_a_composite_schedule_is_asked_for_and_told(adapter: Adapter16) -> None:
    asked = adapter.command("GetCompositeSchedule", {"connectorId": 3, "duration": 300, "chargingRateUnit": "W"})
    schedule = CompositeSchedule(
        start=datetime(2026, 1, 1, 12, tzinfo=UTC),
        duration_s=300,
        unit=RateUnit.WATTS,
        periods=(Period(0, 11040.0, 3), Period(60, 0.0, 3)),
    )

    answer = adapter.command_answer(asked, Composed(3, schedule))

    assert asked == GetCompositeSchedule(3, 300, RateUnit.WATTS)
    assert answer == {
        "status": "Accepted",
        "connectorId": 3,
        "scheduleStart": "2026-01-01T12:00:00.000Z",
        "chargingSchedule": {
            "duration": 300,
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [
                {"startPeriod": 0, "limit": 11040.0, "numberPhases": 3},
                {"startPeriod": 60, "limit": 0.0, "numberPhases": 3},
            ],
        },
    }


def test_a_schedule_that_cannot_be_told_is_rejected(adapter: Adapter16) -> None:
    command = GetCompositeSchedule(NO_SUCH_EVSE, 300)

    assert adapter.command_answer(command, Done(Outcome.REJECTED)) == {"status": "Rejected"}
