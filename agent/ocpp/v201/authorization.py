"""Authorize (C01) and ClearCache (C11)."""

from agent.ocpp.adapter import Call, JsonObject
from agent.ocpp.v201.data_types import ACCEPTED_OR_REJECTED, decode_token_info, encode_done, encode_token
from agent.station.commands import Answer, ClearCache
from agent.station.id_token import IdToken, TokenInfo


def authorize(token: IdToken) -> Call:
    """Ask whether a token may charge."""
    return Call("Authorize", {"idToken": encode_token(token)})


def authorize_answer(payload: JsonObject) -> TokenInfo:
    """What the CSMS says of the token."""
    return decode_token_info(payload["idTokenInfo"])


def decode_clear_cache(_payload: JsonObject) -> ClearCache:
    """ClearCacheRequest has no fields."""
    return ClearCache()


def encode_clear_cache(answer: Answer) -> JsonObject:
    """ClearCacheResponse."""
    return encode_done(answer, allowed=ACCEPTED_OR_REJECTED)
