"""Authorize and ClearCache."""

import pytest

from agent.ocpp.v201 import authorization
from agent.station.commands import ClearCache, Done, Outcome
from agent.station.id_token import AuthorizationStatus, IdToken
from tests.agent.ocpp.v201.schema_check import Fits, Sent


def test_a_token_is_asked_about_with_its_type(sent: Sent) -> None:
    assert sent(authorization.authorize(IdToken("AA", "KeyCode"))) == {"idToken": {"idToken": "AA", "type": "KeyCode"}}


@pytest.mark.parametrize("status", AuthorizationStatus)
def test_every_status_is_understood(status: AuthorizationStatus) -> None:
    assert authorization.authorize_answer({"idTokenInfo": {"status": status.value}}).status is status


def test_clearing_the_cache_is_accepted_or_rejected(fits: Fits) -> None:
    assert authorization.decode_clear_cache({}) == ClearCache()
    for outcome in (Outcome.ACCEPTED, Outcome.REJECTED):
        payload = authorization.encode_clear_cache(Done(outcome))
        fits("ClearCacheResponse", payload)
        assert payload == {"status": outcome.value}
