"""Calls that are wrong get the CALLERROR that the version's text has for them, and change nothing."""

from typing import Any

import pytest

from hil.csms.errors import CallError
from tests.fakes.running_station import RunningStation
from tests.journeys.dialects import Dialect

Payload = dict[str, Any]

# what is wrong -> (1.6: action, payload, code), (2.0.1: action, payload, code)
WRONG: dict[str, tuple[tuple[str, Payload, str], tuple[str, Payload, str]]] = {
    "a member of another type": (
        ("RemoteStopTransaction", {"transactionId": "one"}, "TypeConstraintViolation"),
        ("RequestStopTransaction", {"transactionId": 1}, "TypeConstraintViolation"),
    ),
    "a member that is missing": (
        ("RemoteStartTransaction", {}, "ProtocolError"),
        ("RequestStartTransaction", {"remoteStartId": 1}, "OccurrenceConstraintViolation"),
    ),
    "a member too many": (
        ("Reset", {"type": "Soft", "why": "no reason"}, "FormationViolation"),
        ("Reset", {"type": "OnIdle", "why": "no reason"}, "ProtocolError"),
    ),
    "a word that is none of the list": (
        ("Reset", {"type": "Gentle"}, "PropertyConstraintViolation"),
        ("Reset", {"type": "Gentle"}, "PropertyConstraintViolation"),
    ),
    "a text that is too long": (
        ("RemoteStartTransaction", {"idTag": "T" * 21}, "PropertyConstraintViolation"),
        ("RequestStopTransaction", {"transactionId": "t" * 37}, "PropertyConstraintViolation"),
    ),
    "a list that is none, or empty": (
        ("GetConfiguration", {"key": "HeartbeatInterval"}, "TypeConstraintViolation"),
        ("GetVariables", {"getVariableData": []}, "OccurrenceConstraintViolation"),
    ),
    "an action that is none": (
        ("MakeCoffee", {}, "NotImplemented"),
        ("MakeCoffee", {}, "NotImplemented"),
    ),
    "an action that this station does not support": (
        ("GetDiagnostics", {"location": "ftp://192.0.2.1/"}, "NotSupported"),
        ("GetChargingProfiles", {"requestId": 1, "chargingProfile": {}}, "NotSupported"),
    ),
}


@pytest.mark.parametrize("wrong", list(WRONG))
async def test_a_wrong_call_is_refused_in_the_versions_word(
    station: RunningStation, dialect: Dialect, wrong: str
) -> None:
    action, payload, code = WRONG[wrong][0 if dialect.is_16 else 1]
    before = station.agent.runner.state.record

    with pytest.raises(CallError) as refused:
        await station.bench.call(action, payload, unchecked=True, timeout_s=5)

    assert refused.value.code == code
    assert len(refused.value.description) <= 255
    assert station.agent.runner.state.record == before
    assert await station.bench.call("GetLocalListVersion", timeout_s=5)
    assert station.bench.links == 1


async def test_a_vendor_that_nobody_knows_is_told_so(station: RunningStation) -> None:
    answer = await station.bench.call("DataTransfer", {"vendorId": "org.example.nobody", "data": "hello"})

    assert answer["status"] == "UnknownVendorId"
