"""Who may charge: the pure decision."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from agent.station.authorization import (
    AuthorizationPolicy,
    GrantSource,
    Verdict,
    decide,
    known_group,
    same_group,
)
from agent.station.id_token import UNKNOWN_TOKEN, AuthorizationStatus, IdToken, KnownToken, TokenInfo

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = AuthorizationPolicy(
    enabled=True,
    pre_authorize=False,
    authorize_offline=True,
    unknown_offline=False,
    remote_authorization=True,
    cache_enabled=True,
    list_enabled=True,
)
GOOD = TokenInfo(AuthorizationStatus.ACCEPTED)
BAD = TokenInfo(AuthorizationStatus.BLOCKED)
STALE = TokenInfo(AuthorizationStatus.ACCEPTED, expires_at=NOW)
FRESH = TokenInfo(AuthorizationStatus.ACCEPTED, expires_at=NOW + timedelta(seconds=1))
YES, NO, ASK = Verdict.ACCEPTED, Verdict.REJECTED, Verdict.ASK_CSMS


@pytest.mark.parametrize(
    ("known", "changes", "online", "verdict"),
    [
        (UNKNOWN_TOKEN, {}, True, ASK),
        (KnownToken(listed=GOOD), {}, True, ASK),
        (KnownToken(listed=GOOD), {"pre_authorize": True}, True, YES),
        (KnownToken(cached=GOOD), {"pre_authorize": True}, True, YES),
        (KnownToken(cached=FRESH), {"pre_authorize": True}, True, YES),
        (KnownToken(cached=STALE), {"pre_authorize": True}, True, ASK),
        (KnownToken(cached=BAD), {"pre_authorize": True}, True, ASK),
        (KnownToken(cached=BAD), {"trust_cache": True}, True, NO),
        (KnownToken(cached=BAD), {"trust_list": True}, True, ASK),
        (KnownToken(listed=BAD), {"trust_list": True}, True, NO),
        (KnownToken(listed=BAD, cached=GOOD), {"pre_authorize": True}, True, ASK),
        (KnownToken(listed=BAD, cached=GOOD), {"pre_authorize": True, "list_enabled": False}, True, YES),
        (KnownToken(cached=GOOD), {"pre_authorize": True, "cache_enabled": False}, True, ASK),
        (UNKNOWN_TOKEN, {}, False, NO),
        (UNKNOWN_TOKEN, {"unknown_offline": True}, False, YES),
        (KnownToken(listed=GOOD), {}, False, YES),
        (KnownToken(listed=GOOD), {"authorize_offline": False}, False, NO),
        (KnownToken(listed=BAD, cached=GOOD), {}, False, NO),
        (KnownToken(cached=STALE), {"unknown_offline": True}, False, NO),
        (UNKNOWN_TOKEN, {"enabled": False}, False, YES),
        (KnownToken(listed=BAD), {"enabled": False}, True, YES),
        (UNKNOWN_TOKEN, {"remote_authorization": False, "unknown_offline": True}, True, NO),
        (KnownToken(listed=GOOD), {"remote_authorization": False, "authorize_offline": False}, True, YES),
        (KnownToken(cached=BAD), {"remote_authorization": False}, True, NO),
    ],
)
def test_the_decision(known: KnownToken, changes: dict[str, bool], online: bool, verdict: Verdict) -> None:
    policy = replace(POLICY, **changes)  # type: ignore[arg-type]  # only flags are changed

    assert decide(known, policy=policy, online=online, at=NOW).verdict is verdict


def test_the_decision_names_its_source() -> None:
    policy = replace(POLICY, pre_authorize=True)

    both = decide(KnownToken(listed=GOOD, cached=GOOD), policy=policy, online=True, at=NOW)
    cached = decide(KnownToken(cached=GOOD), policy=policy, online=True, at=NOW)

    assert both.source is GrantSource.LOCAL_LIST
    assert cached.source is GrantSource.CACHE


def test_a_group_is_known_only_of_a_valid_token() -> None:
    fleet = IdToken("FLEET")

    good = known_group(KnownToken(listed=TokenInfo(AuthorizationStatus.ACCEPTED, group=fleet)), policy=POLICY, at=NOW)
    bad = known_group(KnownToken(listed=TokenInfo(AuthorizationStatus.BLOCKED, group=fleet)), policy=POLICY, at=NOW)

    assert good == fleet
    assert bad is None
    assert known_group(UNKNOWN_TOKEN, policy=POLICY, at=NOW) is None


def test_no_group_is_nobodys_group() -> None:
    assert not same_group(None, None)
    assert same_group(IdToken("Fleet"), IdToken("FLEET"))
