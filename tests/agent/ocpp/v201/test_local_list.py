"""SendLocalList and GetLocalListVersion."""

import pytest

from agent.ocpp.adapter import AnsweredAtOnce, JsonObject
from agent.ocpp.v201 import local_list
from agent.station.commands import Done, GetLocalListVersion, LocalListVersion, Outcome, SendLocalList
from agent.station.id_token import AuthorizationStatus, IdToken, TokenInfo
from tests.agent.ocpp.v201.schema_check import Fits


def test_entries_without_info_are_removals() -> None:
    command = local_list.decode_send_local_list(
        {
            "versionNumber": 5,
            "updateType": "Differential",
            "localAuthorizationList": [
                {"idToken": {"idToken": "AA", "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}},
                {"idToken": {"idToken": "BB", "type": "ISO14443"}},
            ],
        }
    )

    accepted = TokenInfo(AuthorizationStatus.ACCEPTED)
    assert command == SendLocalList(5, full=False, entries=((IdToken("AA"), accepted), (IdToken("BB"), None)))


def test_a_full_update_may_be_empty() -> None:
    command = local_list.decode_send_local_list({"versionNumber": 6, "updateType": "Full"})

    assert command == SendLocalList(6, full=True)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.ACCEPTED, "Accepted"),
        (Outcome.FAILED, "Failed"),
        (Outcome.VERSION_MISMATCH, "VersionMismatch"),
        (Outcome.NOT_SUPPORTED, "Failed"),
    ],
)
def test_an_update_is_answered(outcome: Outcome, status: str, fits: Fits) -> None:
    payload = local_list.encode_send_local_list(Done(outcome))

    fits("SendLocalListResponse", payload)
    assert payload == {"status": status}


@pytest.mark.parametrize(("version", "told"), [(3, 3), (0, 0), (-1, 0)])
def test_the_version_is_told(version: int, told: int, fits: Fits) -> None:
    assert local_list.decode_get_local_list_version({}) == GetLocalListVersion()
    payload = local_list.encode_local_list_version(LocalListVersion(version))
    fits("GetLocalListVersionResponse", payload)
    assert payload == {"versionNumber": told}


def test_another_answer_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        local_list.encode_local_list_version(Done(Outcome.ACCEPTED))


AA = {"idToken": {"idToken": "AA", "type": "ISO14443"}, "idTokenInfo": {"status": "Accepted"}}


@pytest.mark.parametrize(
    ("version", "entries"),
    [(0, [AA]), (1, [AA, AA]), (1, [{"idToken": {"idToken": "BB", "type": "ISO14443"}}])],
    ids=["the version of no list", "a token twice", "a bare token in a full list"],
)
def test_a_list_that_cannot_be_is_refused(version: int, entries: list[JsonObject], fits: Fits) -> None:
    with pytest.raises(AnsweredAtOnce) as at_once:
        local_list.decode_send_local_list(
            {"versionNumber": version, "updateType": "Full", "localAuthorizationList": entries}
        )

    fits("SendLocalListResponse", at_once.value.payload)
    assert at_once.value.payload["status"] == "Failed"
