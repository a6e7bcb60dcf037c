"""Id tags: Authorize, IdTagInfo, and ClearCache (1.6 sections 4.1, 5.4, 7.27)."""

from datetime import datetime

from agent.log import get_logger
from agent.ocpp.adapter import Call, JsonObject, Topology
from agent.ocpp.v16.action import ACCEPTED_OR_REJECTED, Action
from agent.ocpp.v16.timestamps import parse_time
from agent.station.commands import ClearCache
from agent.station.id_token import NO_AUTHORIZATION, AuthorizationStatus, IdToken, TokenInfo

log = get_logger(__name__)

MAX_ID_TAG = 20  # 1.6 section 7.28: CiString20Type


def id_tag(token: IdToken) -> str:
    """A token as an idTag.

    A longer one (2.x allows 36 characters) is cut, since a transaction must be told under some name; no card
    reader delivers such tokens. A transaction that nobody authorized carries the name of that token type.
    """
    return (token.value or NO_AUTHORIZATION)[:MAX_ID_TAG]


def authorize(token: IdToken) -> Call:
    """May this token charge?"""
    return Call("Authorize", {"idTag": id_tag(token)})


def token_info(info: JsonObject) -> TokenInfo:
    """An IdTagInfo.

    An expiry that cannot be read counts as none: refusing the whole answer would lose a transaction's number.
    """
    parent = info.get("parentIdTag")
    return TokenInfo(
        status=AuthorizationStatus(info["status"]),
        expires_at=_expiry(info.get("expiryDate")),
        group=IdToken(parent, "Central") if parent else None,
    )


def _expiry(written: str | None) -> datetime | None:
    if not written:
        return None
    try:
        return parse_time(written)
    except ValueError:
        log.warning("expiry of an id tag cannot be read", expiry=written)
        return None


def decode_clear_cache(_payload: JsonObject, _topology: Topology) -> ClearCache:
    """1.6 section 5.4."""
    return ClearCache()


ACTIONS = {"ClearCache": Action(ClearCache, decode_clear_cache, ACCEPTED_OR_REJECTED)}
