"""Tokens: compared without regard to case, printed masked."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.station.id_token import AuthorizationStatus, IdToken, TokenInfo

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_case_and_type_do_not_tell_tokens_apart() -> None:
    assert IdToken("abcdef12") == IdToken("ABCDEF12", "Central")
    assert len({IdToken("abcdef12"), IdToken("ABCDEF12")}) == 1
    assert IdToken("abcdef12") != IdToken("abcdef13")
    assert IdToken("abcdef12") != "abcdef12"


@pytest.mark.parametrize(("value", "shown"), [("04A2B3C4D5E6F7", "...E6F7"), ("123456", "...6"), ("", "...")])
def test_a_token_is_never_printed_whole(value: str, shown: str) -> None:
    assert IdToken(value).masked() == shown
    assert repr(IdToken(value)) == f"IdToken({shown}, ISO14443)"


def test_an_acceptance_ends_with_its_expiry() -> None:
    info = TokenInfo(AuthorizationStatus.ACCEPTED, expires_at=NOW)

    assert info.is_accepted(at=NOW - timedelta(seconds=1))
    assert not info.is_accepted(at=NOW)
    assert TokenInfo(AuthorizationStatus.ACCEPTED).is_accepted(at=NOW)
    assert not TokenInfo(AuthorizationStatus.BLOCKED).is_accepted(at=NOW)
