"""SetChargingProfile, ClearChargingProfile, GetCompositeSchedule (1.6 sections 5.5, 5.7, 5.16, 7.8 to 7.14)."""

from datetime import datetime

from agent.ocpp.adapter import JsonObject, Topology, WrongPayload
from agent.ocpp.v16.action import ACCEPTED_OR_REJECTED, Action, status_encoder
from agent.ocpp.v16.connectors import NO_SUCH_EVSE, located
from agent.ocpp.v16.timestamps import format_time, parse_time
from agent.smart_charging.profile import (
    STATION,
    ChargingProfile,
    Kind,
    Period,
    Purpose,
    RateUnit,
    Recurrence,
    Schedule,
)
from agent.smart_charging.stack import ClearFilter
from agent.station.commands import (
    Answer,
    ClearChargingProfile,
    Command,
    Composed,
    GetCompositeSchedule,
    Outcome,
    SetChargingProfile,
)

_PURPOSES = {
    "ChargePointMaxProfile": Purpose.STATION_MAX,
    "TxDefaultProfile": Purpose.TX_DEFAULT,
    "TxProfile": Purpose.TX,
}


def decode_set(payload: JsonObject, topology: Topology) -> SetChargingProfile:
    """Raises WrongPayload for a connector that does not exist (errata 3.39) and for times that cannot be read."""
    evse_id = _evse_of(int(payload["connectorId"]), topology)
    if evse_id == NO_SUCH_EVSE:
        raise WrongPayload("PropertyConstraintViolation", f"there is no connector {payload['connectorId']}")
    found = payload["csChargingProfiles"]
    number = found.get("transactionId")
    return SetChargingProfile(evse_id, profile_of(found), id_16=None if number is None else int(number))


def profile_of(found: JsonObject) -> ChargingProfile:
    """A ChargingProfile without its transactionId, which is a number here. Raises WrongPayload as `decode_set` does."""
    schedule = found["chargingSchedule"]
    recurrence = found.get("recurrencyKind")
    return ChargingProfile(
        id=int(found["chargingProfileId"]),
        purpose=_PURPOSES[found["chargingProfilePurpose"]],
        stack_level=int(found["stackLevel"]),
        kind=Kind(found["chargingProfileKind"]),
        recurrence=None if recurrence is None else Recurrence(recurrence),
        valid_from=_time(found, "validFrom"),
        valid_to=_time(found, "validTo"),
        schedule=Schedule(
            unit=RateUnit(schedule["chargingRateUnit"]),
            periods=tuple(_period(period) for period in schedule["chargingSchedulePeriod"]),
            start=_time(schedule, "startSchedule"),
            duration_s=_whole(schedule, "duration"),
            min_rate=schedule.get("minChargingRate"),
        ),
    )


def decode_clear(payload: JsonObject, topology: Topology) -> ClearChargingProfile:
    """What is not given does not narrow the choice (errata 3.25); a connector that does not exist has no profiles."""
    number, purpose = payload.get("connectorId"), payload.get("chargingProfilePurpose")
    return ClearChargingProfile(
        ClearFilter(
            profile_id=_whole(payload, "id"),
            evse_id=None if number is None else _evse_of(int(number), topology),
            purpose=None if purpose is None else _PURPOSES[purpose],
            stack_level=_whole(payload, "stackLevel"),
        )
    )


def decode_composite(payload: JsonObject, topology: Topology) -> GetCompositeSchedule:
    """Without a unit the station chooses (5.7)."""
    unit = payload.get("chargingRateUnit")
    return GetCompositeSchedule(
        evse_id=_evse_of(int(payload["connectorId"]), topology),
        duration_s=int(payload["duration"]),
        unit=None if unit is None else RateUnit(unit),
    )


def encode_composite(_command: Command, answer: Answer, topology: Topology) -> JsonObject:
    """The schedule counts from scheduleStart; its own startSchedule is left out (errata 3.57)."""
    if not isinstance(answer, Composed):
        return {"status": "Rejected"}
    composed = answer.schedule
    return {
        "status": "Accepted",
        "connectorId": topology.connector_number(answer.evse_id, None),
        "scheduleStart": format_time(composed.start),
        "chargingSchedule": {
            "duration": composed.duration_s,
            "chargingRateUnit": composed.unit.value,
            "chargingSchedulePeriod": [
                {"startPeriod": period.start_s, "limit": period.limit, "numberPhases": period.phases}
                for period in composed.periods
            ],
        },
    }


def _evse_of(number: int, topology: Topology) -> int:
    return STATION if number == 0 else located(number, topology)[0]


def _period(found: JsonObject) -> Period:
    return Period(int(found["startPeriod"]), float(found["limit"]), _whole(found, "numberPhases"))


def _whole(found: JsonObject, name: str) -> int | None:
    value = found.get(name)
    return None if value is None else int(value)


def _time(found: JsonObject, name: str) -> datetime | None:
    written = found.get(name)
    if written is None:
        return None
    try:
        return parse_time(written)
    except ValueError as error:
        raise WrongPayload("PropertyConstraintViolation", f"{name} is no time: {written!r}") from error


ACTIONS = {
    "SetChargingProfile": Action(SetChargingProfile, decode_set, ACCEPTED_OR_REJECTED),
    "ClearChargingProfile": Action(
        ClearChargingProfile, decode_clear, status_encoder({Outcome.ACCEPTED: "Accepted"}, otherwise="Unknown")
    ),
    "GetCompositeSchedule": Action(GetCompositeSchedule, decode_composite, encode_composite),
}
