"""Schema checks: the same verdicts from both compilers, for every published schema."""

import subprocess
import sys
from typing import Any

import pytest

from agent.ocpp import schema
from agent.ocpp.errors import Version
from agent.ocpp.schema import Checker, UnknownAction, Violation

V16, V201, V21 = Version.V16, Version.V201, Version.V21
BOOT_16 = {"chargePointVendor": "Example", "chargePointModel": "Duo"}
BOOT_ANSWER = {"status": "Accepted", "currentTime": "2025-03-01T12:00:00Z", "interval": 300}


@pytest.fixture(params=[schema.compile_rs, schema.compile_fast], ids=["jsonschema-rs", "fastjsonschema"])
def checker(request: pytest.FixtureRequest) -> Checker:
    return Checker(request.param)


def profile(limit: object) -> dict[str, Any]:
    periods = [{"startPeriod": 0, "limit": 6}, {"startPeriod": 60, "limit": limit}]
    return {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": periods},
        },
    }


@pytest.mark.parametrize(
    ("version", "action", "kind", "payload", "expected"),
    [
        (V16, "BootNotification", "request", BOOT_16, None),
        (V16, "BootNotification", "response", BOOT_ANSWER, None),
        (V201, "BootNotification", "response", BOOT_ANSWER, None),
        (V21, "NotifyPeriodicEventStream", "request", {}, ("/id", "required")),
        (V16, "BootNotification", "request", {"chargePointModel": "Duo"}, ("/chargePointVendor", "required")),
        (V16, "BootNotification", "request", {**BOOT_16, "secret": 1}, ("", "additionalProperties")),
        (V16, "BootNotification", "request", {**BOOT_16, "chargePointModel": 1}, ("/chargePointModel", "type")),
        (V16, "BootNotification", "request", {**BOOT_16, "iccid": "1" * 21}, ("/iccid", "maxLength")),
        (V16, "BootNotification", "response", {**BOOT_ANSWER, "interval": "x"}, ("/interval", "type")),
        (V16, "BootNotification", "response", {**BOOT_ANSWER, "interval": True}, ("/interval", "type")),
        (V16, "BootNotification", "response", {**BOOT_ANSWER, "status": "Maybe"}, ("/status", "enum")),
        (V16, "BootNotification", "response", {**BOOT_ANSWER, "currentTime": "now"}, ("/currentTime", "format")),
        (V201, "GetVariables", "request", {"getVariableData": []}, ("/getVariableData", "minItems")),
        (
            V201,
            "GetVariables",
            "request",
            {"getVariableData": [{"component": {"name": "C"}, "variable": {}}]},
            ("/getVariableData/0/variable/name", "required"),
        ),
        (V201, "NotifyReport", "request", [], ("", "type")),
        (V16, "GetDiagnostics", "request", {"location": "ftp://user@host/logs"}, None),
        (V16, "GetDiagnostics", "request", {"location": "not a uri"}, ("/location", "format")),
        (V16, "ClearChargingProfile", "request", {"id": "x"}, ("/id", "type")),
    ],
)
def test_the_first_broken_rule_is_named(
    checker: Checker,
    version: Version,
    action: str,
    kind: schema.Kind,
    payload: object,
    expected: tuple[str, str] | None,
) -> None:
    problem = checker.check(version, action, kind, payload)

    assert problem == (None if expected is None else Violation(*expected))


@pytest.mark.parametrize("limit", [16, 16.1, 0.3, 3 * 0.1, 0.1 + 0.2, 21.4, 99999.9, 1.1 * 3])
def test_tenths_of_an_ampere_pass_whatever_binary_makes_of_them(checker: Checker, limit: float) -> None:
    assert checker.check(V16, "SetChargingProfile", "request", profile(limit)) is None


def test_hundredths_of_an_ampere_do_not(checker: Checker) -> None:
    problem = checker.check(V16, "SetChargingProfile", "request", profile(16.05))

    pointer = "/csChargingProfiles/chargingSchedule/chargingSchedulePeriod/1/limit"
    assert problem == Violation(pointer, "multipleOf")
    assert problem.code(V16) == "PropertyConstraintViolation"


@pytest.mark.parametrize(
    ("written", "in_16", "in_201"),
    [
        ("2025-03-01T12:00:00Z", True, True),
        ("2025-03-01T12:00:00.123456789+01:00", True, True),
        ("2025-03-01t12:00:00z", True, True),
        ("2025-03-01T12:00:00", True, False),
        ("2025-03-01T12:00:00+0100", True, False),
        ("2025-02-30T12:00:00Z", False, False),
        ("2025-03-01T25:00:00Z", False, False),
        ("2025-03-01", False, False),
        ("\uff12025-03-01T12:00:00Z", False, False),
        ("2025-03-01T12:00:00Z\n2", False, False),
        ("", False, False),
    ],
)
def test_times_are_iso_8601_in_1_6_and_rfc_3339_since(
    checker: Checker, written: str, in_16: bool, in_201: bool
) -> None:
    answer = {"currentTime": written}

    assert (checker.check(V16, "Heartbeat", "response", answer) is None) is in_16
    assert (checker.check(V201, "Heartbeat", "response", answer) is None) is in_201


@pytest.mark.parametrize("version", Version)
@pytest.mark.parametrize(
    "action", ["", "Nope", "../v201/schemas/Reset", "BootNotificationResponse", "reset", "x" * 9999]
)
def test_an_action_outside_the_list_is_unknown_and_leaves_nothing_behind(
    checker: Checker, version: Version, action: str
) -> None:
    problem = checker.check(version, action, "request", {})
    checker.prepare(version, action, "request")

    assert problem == UnknownAction()
    assert problem.code(version) == "NotImplemented"
    assert checker._validators == {}


def test_a_send_has_no_response(checker: Checker) -> None:
    assert checker.check(V21, "NotifyPeriodicEventStream", "response", {}) == UnknownAction()


def test_unknown_properties_can_be_overlooked_but_nothing_else(checker: Checker) -> None:
    answer = {"idTagInfo": {"status": "Accepted", "note": "x"}, "extra": 1}
    wrong = {"idTagInfo": {"status": "Perhaps", "note": "x"}, "extra": 1}

    assert isinstance(checker.check(V16, "Authorize", "response", answer), Violation)
    assert checker.check(V16, "Authorize", "response", answer, extra_allowed=True) is None
    assert checker.check(V16, "Authorize", "response", wrong, extra_allowed=True) == Violation(
        "/idTagInfo/status", "enum"
    )


def test_unknown_properties_can_be_overlooked_inside_a_definition(checker: Checker) -> None:
    answer = {"idTokenInfo": {"status": "Accepted", "note": "x"}}

    assert checker.check(V201, "Authorize", "response", answer) == Violation("/idTokenInfo", "additionalProperties")
    assert checker.check(V201, "Authorize", "response", answer, extra_allowed=True) is None


def test_a_description_holds_a_pointer_and_a_rule_and_never_a_value(checker: Checker) -> None:
    problem = checker.check(V201, "Authorize", "request", {"idToken": {"idToken": "04AABBCC", "type": "Secret"}})

    assert problem is not None
    assert problem.description == "/idToken/type: enum"
    assert Violation("", "type").description == "/: type"
    assert len(Violation("/x" * 300, "type").description) == 255


def test_times_to_come_are_quick_once_prepared() -> None:
    slow = Checker(schema.compile_fast)

    assert not slow.is_ready(V201, "Heartbeat", "response")
    slow.prepare(V201, "Heartbeat", "response")

    assert slow.is_ready(V201, "Heartbeat", "response")
    assert Checker(schema.compile_rs).is_ready(V201, "Heartbeat", "response")


@pytest.mark.parametrize("version", Version)
def test_every_published_schema_compiles(version: Version) -> None:
    quick = Checker(schema.compile_rs)
    known = sorted(schema.actions(version))

    for action in known:
        quick.prepare(version, action, "request")
        quick.prepare(version, action, "response")

    assert len(known) == {V16: 39, V201: 64, V21: 91}[version]
    assert len(quick._validators) == 2 * len(known) - (version is V21)


def test_both_compilers_agree_on_empty_payloads() -> None:
    quick, portable = Checker(schema.compile_rs), Checker(schema.compile_fast)

    for action in sorted(schema.actions(V16)):
        for kind in ("request", "response"):
            first, second = quick.check(V16, action, kind, {}), portable.check(V16, action, kind, {})
            assert (first is None) == (second is None)


def test_the_shared_checker_reads_the_package_without_importing_it() -> None:
    code = (
        "import sys; from agent.ocpp import schema; from agent.ocpp.errors import Version\n"
        "assert 'jsonschema_rs' not in sys.modules and 'fastjsonschema' not in sys.modules\n"
        "assert schema.check(Version.V16, 'Heartbeat', 'request', {}) is None\n"
        "print([name for name in sys.modules if name.split('.')[0] == 'ocpp'])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)

    assert done.stdout.strip() == "[]"
