"""The default answers and what the script makes of them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hil.csms import schema
from hil.csms.answering import DEFAULTS, Incoming, reply_to, triggered_by
from hil.csms.behaviours import close, late, silent
from hil.csms.desk import Desk
from hil.csms.frame import Call
from hil.csms.ledger import Ledger
from hil.csms.tokens import TokenTable
from hil.csms.versions import V16, V201, VERSIONS

ID_TOKEN = {"idToken": "T1", "type": "ISO14443"}
# What the defaults look at; the schemas of requests are not what is tested here.
PAYLOAD: dict[str, dict[str, Any]] = {
    V16: {"idTag": "T1", "connectorId": 1, "meterStart": 0, "timestamp": "2026-01-01T10:00:00Z"},
    V201: {"idToken": ID_TOKEN, "certificate": "PEM"},
}


def desk() -> Desk:
    return Desk(lambda: datetime(2026, 1, 1, tzinfo=UTC), TokenTable(), Ledger())


def incoming(action: str, payload: dict[str, Any], *, subprotocol: str = V16, barred: bool = False) -> Incoming:
    return Incoming("CP001", Call("1", action, payload), VERSIONS[subprotocol], [], barred)


@pytest.mark.parametrize(
    ("subprotocol", "action"), [(version, action) for version, answers in DEFAULTS.items() for action in answers]
)
def test_every_default_answer_fits_its_schema(subprotocol: str, action: str) -> None:
    payload = PAYLOAD.get(subprotocol, PAYLOAD[V201])

    reply = reply_to(incoming(action, payload, subprotocol=subprotocol), None, desk=desk())

    assert reply.payload is not None
    found = schema.problems(reply.payload, version=VERSIONS[subprotocol], action=action, response=True)
    assert found == []


def test_silence_and_cutting_still_process_the_call() -> None:
    for behaviour in (silent(), close()):
        reply = reply_to(incoming("StartTransaction", PAYLOAD[V16]), behaviour, desk=desk())

        assert reply.text is None
        assert reply.payload is not None
        assert reply.payload["transactionId"] == 1


def test_a_late_answer_may_bring_its_own_payload() -> None:
    reply = reply_to(incoming("Heartbeat", {}), late(3, {"currentTime": "x"}), desk=desk())

    assert (reply.delay_s, reply.payload) == (3, {"currentTime": "x"})


@pytest.mark.parametrize(("subprotocol", "refused"), [(V16, False), (V201, True)])
def test_a_barred_station_is_refused_in_2(subprotocol: str, refused: bool) -> None:
    reply = reply_to(incoming("Heartbeat", {}, subprotocol=subprotocol, barred=True), None, desk=desk())

    assert ("SecurityError" in str(reply.text)) is refused


@pytest.mark.parametrize(
    ("action", "payload", "expected"),
    [
        ("TriggerMessage", {"requestedMessage": "Heartbeat"}, "Heartbeat"),
        ("GetBaseReport", {}, "NotifyReport"),
        ("Reset", {}, None),
    ],
)
def test_some_calls_allow_an_unaccepted_station_to_speak(
    action: str, payload: dict[str, Any], expected: str | None
) -> None:
    assert triggered_by(action, payload) == expected
