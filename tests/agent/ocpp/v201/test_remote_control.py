"""Remote start and stop, unlocking, triggers."""

import pytest

from agent.ocpp.adapter import AnsweredAtOnce
from agent.ocpp.v201 import remote_control
from agent.station.commands import (
    Done,
    Outcome,
    RequestStart,
    RequestStop,
    TriggeredMessage,
    TriggerMessage,
    UnlockConnector,
)
from agent.station.id_token import IdToken
from tests.agent.ocpp.v201.schema_check import Fits


def test_a_remote_start_is_understood() -> None:
    command = remote_control.decode_request_start(
        {
            "evseId": 2,
            "remoteStartId": 9,
            "idToken": {"idToken": "AA", "type": "Central"},
            "groupIdToken": {"idToken": "G", "type": "Central"},
        }
    )

    assert command == RequestStart(IdToken("AA", "Central"), 2, 9, IdToken("G", "Central"))
    assert command.token.type == "Central"


def test_a_remote_start_may_leave_the_evse_open() -> None:
    payload = {"remoteStartId": 9, "idToken": {"idToken": "AA", "type": "Central"}}

    assert remote_control.decode_request_start(payload).evse_id is None


def test_a_transaction_that_already_runs_is_named(fits: Fits) -> None:
    payload = remote_control.encode_request_start(Done(Outcome.ACCEPTED, transaction_id="t1"))

    fits("RequestStartTransactionResponse", payload)
    assert payload == {"status": "Accepted", "transactionId": "t1"}


def test_a_refusal_says_why(fits: Fits) -> None:
    payload = remote_control.encode_request_start(Done(Outcome.REJECTED, "TxInProgress"))

    fits("RequestStartTransactionResponse", payload)
    assert payload == {"status": "Rejected", "statusInfo": {"reasonCode": "TxInProgress"}}


def test_a_remote_stop_names_the_transaction(fits: Fits) -> None:
    assert remote_control.decode_request_stop({"transactionId": "t1"}) == RequestStop("t1")
    payload = remote_control.encode_request_stop(Done(Outcome.ACCEPTED))
    fits("RequestStopTransactionResponse", payload)
    assert payload == {"status": "Accepted"}


@pytest.mark.parametrize("outcome", Outcome)
def test_unlocking_never_claims_more_than_it_did(outcome: Outcome, fits: Fits) -> None:
    payload = remote_control.encode_unlock(Done(outcome))

    fits("UnlockConnectorResponse", payload)
    assert (payload["status"] == "Unlocked") is (outcome is Outcome.UNLOCKED)


def test_an_unlock_does_not_stop_a_transaction() -> None:
    assert remote_control.decode_unlock({"evseId": 1, "connectorId": 2}) == UnlockConnector(1, 2)


@pytest.mark.parametrize("message", TriggeredMessage)
def test_every_message_of_ours_can_be_triggered(message: TriggeredMessage) -> None:
    command = remote_control.decode_trigger({"requestedMessage": message.value, "evse": {"id": 1, "connectorId": 1}})

    assert command == TriggerMessage(message, 1, 1)


def test_a_trigger_for_evse_0_means_all_of_them() -> None:
    command = remote_control.decode_trigger({"requestedMessage": "StatusNotification", "evse": {"id": 0}})

    assert command == TriggerMessage(TriggeredMessage.STATUS_NOTIFICATION)


@pytest.mark.parametrize("message", ["LogStatusNotification", "FirmwareStatusNotification", "CustomTrigger"])
def test_a_trigger_for_another_message_is_answered_as_not_implemented(message: str, fits: Fits) -> None:
    with pytest.raises(AnsweredAtOnce) as raised:
        remote_control.decode_trigger({"requestedMessage": message})

    fits("TriggerMessageResponse", raised.value.payload)
    assert raised.value.payload == {"status": "NotImplemented"}


def test_a_trigger_is_answered(fits: Fits) -> None:
    for outcome in (Outcome.ACCEPTED, Outcome.REJECTED, Outcome.NOT_IMPLEMENTED):
        payload = remote_control.encode_trigger(Done(outcome))
        fits("TriggerMessageResponse", payload)
        assert payload == {"status": outcome.value}
