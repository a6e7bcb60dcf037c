from datetime import UTC, datetime
from typing import Any

import pytest

from agent.ocpp.v16.adapter import Adapter16
from agent.ocpp.v16.authorization import id_tag, token_info
from agent.station.commands import ClearCache, Done, Outcome
from agent.station.id_token import NO_AUTHORIZATION, AuthorizationStatus, IdToken


def test_authorize_carries_the_token_as_id_tag(adapter: Adapter16, fits_schema: Any) -> None:
    call = adapter.authorize(IdToken("04A2B3C4D5E6F7"))

    assert call.payload == {"idTag": "04A2B3C4D5E6F7"}
    fits_schema(call.action, call.payload)


def test_a_token_longer_than_an_id_tag_is_cut() -> None:
    assert id_tag(IdToken("x" * 36, "Central")) == "x" * 20


def test_a_transaction_that_nobody_authorized_still_has_a_name() -> None:
    assert id_tag(IdToken("", NO_AUTHORIZATION)) == "NoAuthorization"


@pytest.mark.parametrize("status", ["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"])
def test_every_status_of_1_6_is_understood(adapter: Adapter16, status: str) -> None:
    info = adapter.authorize_answer({"idTagInfo": {"status": status}})

    assert info.status is AuthorizationStatus(status)
    assert info.expires_at is None
    assert info.group is None


def test_expiry_and_parent_are_kept() -> None:
    info = token_info({"status": "Accepted", "expiryDate": "2030-01-01T01:00:00+01:00", "parentIdTag": "FLEET"})

    assert info.expires_at == datetime(2030, 1, 1, tzinfo=UTC)
    assert info.group == IdToken("fleet")


@pytest.mark.parametrize("written", ["", "never"])
def test_an_expiry_that_cannot_be_read_counts_as_none(written: str) -> None:
    info = token_info({"status": "Accepted", "expiryDate": written, "parentIdTag": ""})

    assert info.expires_at is None
    assert info.group is None


def test_clear_cache_is_answered_with_its_outcome(adapter: Adapter16, fits_schema: Any) -> None:
    command = adapter.command("ClearCache", {})

    assert command == ClearCache()
    for outcome, status in ((Outcome.ACCEPTED, "Accepted"), (Outcome.REJECTED, "Rejected")):
        payload = adapter.command_answer(command, Done(outcome))
        assert payload == {"status": status}
        fits_schema("ClearCacheResponse", payload)
