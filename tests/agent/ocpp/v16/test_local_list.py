from typing import Any

import pytest

from agent.ocpp.adapter import WrongPayload
from agent.ocpp.v16.adapter import Adapter16
from agent.station.commands import Done, GetLocalListVersion, LocalListVersion, Outcome, SendLocalList
from agent.station.id_token import AuthorizationStatus, IdToken, TokenInfo

ACCEPTED = {"status": "Accepted"}


def test_a_version_is_told(adapter: Adapter16, fits_schema: Any) -> None:
    command = adapter.command("GetLocalListVersion", {})

    payload = adapter.command_answer(command, LocalListVersion(12))

    assert command == GetLocalListVersion()
    assert payload == {"listVersion": 12}
    fits_schema("GetLocalListVersionResponse", payload)


def test_a_station_without_lists_says_minus_one(adapter: Adapter16) -> None:
    assert adapter.command_answer(GetLocalListVersion(), Done(Outcome.NOT_SUPPORTED)) == {"listVersion": -1}


def test_a_full_list_replaces_everything(adapter: Adapter16) -> None:
    entries = [{"idTag": "A", "idTagInfo": ACCEPTED}, {"idTag": "B", "idTagInfo": {"status": "Blocked"}}]

    command = adapter.command(
        "SendLocalList", {"listVersion": 3, "updateType": "Full", "localAuthorizationList": entries}
    )

    assert command == SendLocalList(
        version=3,
        full=True,
        entries=(
            (IdToken("A"), TokenInfo(AuthorizationStatus.ACCEPTED)),
            (IdToken("B"), TokenInfo(AuthorizationStatus.BLOCKED)),
        ),
    )


def test_an_entry_without_info_is_removed_by_a_differential_update(adapter: Adapter16) -> None:
    command = adapter.command(
        "SendLocalList", {"listVersion": 4, "updateType": "Differential", "localAuthorizationList": [{"idTag": "A"}]}
    )

    assert command == SendLocalList(version=4, full=False, entries=((IdToken("A"), None),))


def test_a_full_update_without_a_list_empties_it(adapter: Adapter16) -> None:
    command = adapter.command("SendLocalList", {"listVersion": 5, "updateType": "Full"})

    assert command == SendLocalList(version=5, full=True)


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"listVersion": 0, "updateType": "Full"}, "PropertyConstraintViolation"),
        ({"listVersion": -1, "updateType": "Full"}, "PropertyConstraintViolation"),
        (
            {"listVersion": 2, "updateType": "Full", "localAuthorizationList": [{"idTag": "A"}]},
            "OccurenceConstraintViolation",
        ),
        (
            {
                "listVersion": 2,
                "updateType": "Differential",
                "localAuthorizationList": [{"idTag": "A"}, {"idTag": "a"}],
            },
            "PropertyConstraintViolation",
        ),
    ],
)
def test_a_list_that_cannot_be_meant_is_refused(adapter: Adapter16, payload: dict[str, Any], code: str) -> None:
    with pytest.raises(WrongPayload) as refused:
        adapter.command("SendLocalList", payload)

    assert refused.value.code == code


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_status(adapter: Adapter16, fits_schema: Any, outcome: Outcome) -> None:
    payload = adapter.command_answer(SendLocalList(version=1, full=True), Done(outcome))

    fits_schema("SendLocalListResponse", payload)
    named = {Outcome.ACCEPTED, Outcome.VERSION_MISMATCH, Outcome.NOT_SUPPORTED}
    assert payload == {"status": outcome.value if outcome in named else "Failed"}
