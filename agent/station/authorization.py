"""Who may charge: the decision (pure), and what is remembered of a yes."""

from dataclasses import replace
from datetime import datetime
from enum import Enum, StrEnum

from agent.frozen import dataclass
from agent.smart_charging.profile import ChargingProfile
from agent.station.commands import RequestStart
from agent.station.id_token import AuthorizationStatus, IdToken, KnownToken, TokenInfo


class GrantSource(StrEnum):
    """Who said yes."""

    CSMS = "csms"
    LOCAL_LIST = "local list"
    CACHE = "cache"
    OFFLINE_UNKNOWN = "offline, unknown token"
    REMOTE = "remote start"
    NOT_NEEDED = "authorization disabled"


@dataclass(frozen=True, slots=True)
class Grant:
    """An authorization in force on one EVSE."""

    token: IdToken
    source: GrantSource
    group: IdToken | None = None
    remote_start_id: int | None = None
    profile: ChargingProfile | None = None
    """What a remote start brought for its transaction; gone once it is installed there."""
    plug_by_s: float | None = None
    """Monotonic time by which an EV must be plugged (EVConnectionTimeOut); None once one is."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the CSMS that is under way: whose token, for which EVSEs, or for which remote start."""

    token: IdToken
    evse_ids: tuple[int, ...]
    known: KnownToken
    remote: RequestStart | None = None


@dataclass(frozen=True, slots=True)
class AuthorizationPolicy:
    """The variables that decide, read once per decision (AuthCtrlr, AuthCacheCtrlr, LocalAuthListCtrlr)."""

    enabled: bool
    pre_authorize: bool
    authorize_offline: bool
    unknown_offline: bool
    remote_authorization: bool
    cache_enabled: bool
    list_enabled: bool
    trust_cache: bool = False
    """A cached refusal is not asked about again (DisablePostAuthorize)."""
    trust_list: bool = False
    master_pass_group: str = ""


class Verdict(Enum):
    """What the decision is."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    ASK_CSMS = "ask the CSMS"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict; for ACCEPTED who said so and what is known, for REJECTED why."""

    verdict: Verdict
    source: GrantSource = GrantSource.CSMS
    info: TokenInfo | None = None


ASK = Decision(Verdict.ASK_CSMS)
_FREE = TokenInfo(AuthorizationStatus.ACCEPTED)
_INVALID = TokenInfo(AuthorizationStatus.INVALID)


def decide(known: KnownToken, *, policy: AuthorizationPolicy, online: bool, at: datetime) -> Decision:
    """Accept, reject or ask, by what is known of a token.

    2.0.1 C01, C10 to C15; 1.6 chapters 3.5 and 5 say the same with other names.
    """
    if not policy.enabled:
        return Decision(Verdict.ACCEPTED, GrantSource.NOT_NEEDED, _FREE)
    local = _local_word(known, policy=policy)
    if online and policy.remote_authorization:
        return _decide_online(local, policy=policy, at=at)
    if online:
        # DisableRemoteAuthorization: the list and the cache alone decide; the offline rules are for offline.
        offline_policy = replace(policy, authorize_offline=True, unknown_offline=False)
        return _decide_offline(local, policy=offline_policy, at=at)
    return _decide_offline(local, policy=policy, at=at)


def _local_word(known: KnownToken, *, policy: AuthorizationPolicy) -> tuple[GrantSource, TokenInfo] | None:
    # C13.FR.01, C14.FR.01: the list has priority over the cache.
    if policy.list_enabled and known.listed is not None:
        return GrantSource.LOCAL_LIST, known.listed
    if policy.cache_enabled and known.cached is not None:
        return GrantSource.CACHE, known.cached
    return None


def _decide_online(
    local: tuple[GrantSource, TokenInfo] | None, *, policy: AuthorizationPolicy, at: datetime
) -> Decision:
    if local is None:
        return ASK
    source, info = local
    if info.is_accepted(at=at):
        return Decision(Verdict.ACCEPTED, source, info) if policy.pre_authorize else ASK
    # C10.FR.03, C12.FR.05, C14.FR.03: anything but Accepted is asked about again, unless told not to.
    trusted = policy.trust_list if source is GrantSource.LOCAL_LIST else policy.trust_cache
    return Decision(Verdict.REJECTED, source, info) if trusted else ASK


def _decide_offline(
    local: tuple[GrantSource, TokenInfo] | None, *, policy: AuthorizationPolicy, at: datetime
) -> Decision:
    if local is not None:
        # C13.FR.02, C12: known tokens are judged by what is known, and only if that is allowed offline.
        if policy.authorize_offline and local[1].is_accepted(at=at):
            return Decision(Verdict.ACCEPTED, *local)
        return Decision(Verdict.REJECTED, local[0], local[1])
    if policy.unknown_offline:  # C15.FR.08
        return Decision(Verdict.ACCEPTED, GrantSource.OFFLINE_UNKNOWN, _FREE)
    return Decision(Verdict.REJECTED, GrantSource.OFFLINE_UNKNOWN, _INVALID)


def known_group(known: KnownToken, *, policy: AuthorizationPolicy, at: datetime) -> IdToken | None:
    """The group of a token that the list or the cache holds as valid."""
    local = _local_word(known, policy=policy)
    return local[1].group if local is not None and local[1].is_accepted(at=at) else None


def same_group(first: IdToken | None, second: IdToken | None) -> bool:
    """Both belong to one group (C09.FR.03)."""
    return first is not None and second is not None and first == second
