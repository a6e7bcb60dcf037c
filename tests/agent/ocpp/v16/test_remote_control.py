from typing import Any

import pytest

from agent.ocpp.adapter import WrongPayload
from agent.ocpp.v16.adapter import Adapter16
from agent.ocpp.v16.connectors import NO_SUCH_EVSE
from agent.smart_charging.profile import Purpose
from agent.station.commands import (
    Command,
    Done,
    Outcome,
    RequestStart,
    RequestStop,
    Reset,
    ResetKind,
    TriggeredMessage,
    TriggerMessage,
    UnlockConnector,
)
from agent.station.id_token import IdToken
from tests.agent.ocpp.v16.profiles import profile


def test_a_remote_start_names_token_and_evse(adapter: Adapter16) -> None:
    command = adapter.command("RemoteStartTransaction", {"idTag": "APP1", "connectorId": 3})

    assert isinstance(command, RequestStart)
    assert (command.token.value, command.token.type, command.evse_id) == ("APP1", "Central", 3)


def test_a_remote_start_without_a_connector_leaves_the_choice_to_the_station(adapter: Adapter16) -> None:
    command = adapter.command("RemoteStartTransaction", {"idTag": "APP1"})

    assert command == RequestStart(token=IdToken("APP1"))


def test_a_remote_start_brings_its_charging_profile(adapter: Adapter16) -> None:
    command = adapter.command("RemoteStartTransaction", {"idTag": "APP1", "chargingProfile": profile()})

    assert isinstance(command, RequestStart)
    assert command.profile is not None
    assert command.profile.purpose is Purpose.TX


def test_the_profile_of_a_remote_start_names_no_transaction(adapter: Adapter16) -> None:
    with pytest.raises(WrongPayload, match="transactionId"):
        adapter.command("RemoteStartTransaction", {"idTag": "APP1", "chargingProfile": profile(transactionId=5)})


@pytest.mark.parametrize("number", [0, 4, -1])
def test_a_remote_start_at_no_connector_names_no_evse(adapter: Adapter16, number: int) -> None:
    command = adapter.command("RemoteStartTransaction", {"idTag": "APP1", "connectorId": number})

    assert isinstance(command, RequestStart)
    assert command.evse_id == NO_SUCH_EVSE


def test_a_remote_stop_carries_the_number_of_the_transaction(adapter: Adapter16) -> None:
    command = adapter.command("RemoteStopTransaction", {"transactionId": 7})

    assert command == RequestStop(transaction_id="", id_16=7)


@pytest.mark.parametrize(("kind", "reboot"), [("Soft", False), ("Hard", True)])
def test_only_a_hard_reset_reboots(adapter: Adapter16, kind: str, *, reboot: bool) -> None:
    assert adapter.command("Reset", {"type": kind}) == Reset(kind=ResetKind.IMMEDIATE, reboot=reboot)


def triggered(
    message: TriggeredMessage, *, evse_id: int | None = None, connector_id: int | None = None
) -> TriggerMessage:
    return TriggerMessage(message, evse_id, connector_id, boot_when_accepted=True, sampled_measurands=True)


@pytest.mark.parametrize(
    ("payload", "command"),
    [
        (
            {"requestedMessage": "StatusNotification"},
            triggered(TriggeredMessage.STATUS_NOTIFICATION),
        ),
        (
            {"requestedMessage": "StatusNotification", "connectorId": 0},
            triggered(TriggeredMessage.STATUS_NOTIFICATION, evse_id=0),
        ),
        (
            {"requestedMessage": "MeterValues", "connectorId": 2},
            triggered(TriggeredMessage.METER_VALUES, evse_id=1, connector_id=2),
        ),
        (
            {"requestedMessage": "Heartbeat", "connectorId": 9},
            triggered(TriggeredMessage.HEARTBEAT),
        ),
        (
            {"requestedMessage": "FirmwareStatusNotification"},
            triggered(TriggeredMessage.OTHER),
        ),
    ],
)
def test_a_trigger_says_which_message_and_from_where(
    adapter: Adapter16, payload: dict[str, Any], command: TriggerMessage
) -> None:
    assert adapter.command("TriggerMessage", payload) == command


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_message_that_is_never_sent_is_not_implemented(adapter: Adapter16, outcome: Outcome) -> None:
    command = adapter.command("TriggerMessage", {"requestedMessage": "DiagnosticsStatusNotification"})

    assert adapter.command_answer(command, Done(outcome)) == {"status": "NotImplemented"}


def test_an_unlock_stops_a_transaction_first(adapter: Adapter16) -> None:
    command = adapter.command("UnlockConnector", {"connectorId": 2})

    assert command == UnlockConnector(evse_id=1, connector_id=2, stops_transaction=True)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.UNLOCKED, "Unlocked"),
        (Outcome.UNLOCK_FAILED, "UnlockFailed"),
        (Outcome.UNKNOWN_CONNECTOR, "NotSupported"),
        (Outcome.NOT_SUPPORTED, "NotSupported"),
    ],
)
def test_an_unlock_is_answered_with_what_became_of_the_lock(adapter: Adapter16, outcome: Outcome, status: str) -> None:
    command = UnlockConnector(evse_id=1, connector_id=1)

    assert adapter.command_answer(command, Done(outcome)) == {"status": status}


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("RemoteStartTransaction", RequestStart(IdToken("A"))),
        ("RemoteStopTransaction", RequestStop("")),
        ("Reset", Reset(ResetKind.IMMEDIATE)),
        ("TriggerMessage", TriggerMessage(TriggeredMessage.HEARTBEAT)),
        ("UnlockConnector", UnlockConnector(1, 1)),
    ],
)
def test_every_outcome_fits_the_schema(
    adapter: Adapter16, fits_schema: Any, name: str, command: Command, outcome: Outcome
) -> None:
    payload = adapter.command_answer(command, Done(outcome))

    fits_schema(f"{name}Response", payload)
    if outcome is Outcome.REJECTED and name != "UnlockConnector":
        assert payload == {"status": "Rejected"}
