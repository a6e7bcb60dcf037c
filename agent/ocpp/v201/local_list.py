"""SendLocalList (D01) and GetLocalListVersion (D02)."""

from agent.ocpp.adapter import AnsweredAtOnce, JsonObject
from agent.ocpp.v201.data_types import decode_token, decode_token_info, encode_done
from agent.station.commands import Answer, GetLocalListVersion, LocalListVersion, Outcome, SendLocalList
from agent.station.id_token import IdToken, TokenInfo

_OUTCOMES = frozenset({Outcome.ACCEPTED, Outcome.FAILED, Outcome.VERSION_MISMATCH})


def decode_send_local_list(payload: JsonObject) -> SendLocalList:
    """SendLocalListRequest.

    Raises AnsweredAtOnce for a version that means "no list", a token named twice, or a full list with a bare token.
    """
    version, full = payload["versionNumber"], payload["updateType"] == "Full"
    entries = tuple(_entry(item) for item in payload.get("localAuthorizationList", ()))
    is_unique = len({token for token, _ in entries}) == len(entries)  # D01.FR.06
    is_whole = not full or all(info is not None for _, info in entries)  # AuthorizationData.idTokenInfo
    if version < 1 or not is_unique or not is_whole:  # D01.FR.18
        raise AnsweredAtOnce({"status": Outcome.FAILED.value, "statusInfo": {"reasonCode": "InvalidValue"}})
    return SendLocalList(version=version, full=full, entries=entries)


def encode_send_local_list(answer: Answer) -> JsonObject:
    """SendLocalListResponse."""
    return encode_done(answer, allowed=_OUTCOMES, otherwise=Outcome.FAILED)


def decode_get_local_list_version(_payload: JsonObject) -> GetLocalListVersion:
    """GetLocalListVersionRequest has no fields."""
    return GetLocalListVersion()


def encode_local_list_version(answer: Answer) -> JsonObject:
    """GetLocalListVersionResponse; 0 where there is no list (D02.FR.02)."""
    if not isinstance(answer, LocalListVersion):
        raise TypeError(f"{type(answer).__name__} does not answer GetLocalListVersion")
    return {"versionNumber": max(0, answer.version)}


def _entry(item: JsonObject) -> tuple[IdToken, TokenInfo | None]:
    info = item.get("idTokenInfo")
    return decode_token(item["idToken"]), None if info is None else decode_token_info(info)
