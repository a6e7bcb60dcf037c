"""GetLocalListVersion and SendLocalList (1.6 sections 5.10 and 5.15)."""

from agent.ocpp.adapter import JsonObject, Topology, WrongPayload
from agent.ocpp.v16.action import Action, status_encoder
from agent.ocpp.v16.authorization import token_info
from agent.station.commands import Answer, Command, GetLocalListVersion, LocalListVersion, Outcome, SendLocalList
from agent.station.id_token import IdToken, TokenInfo

NOT_SUPPORTED_VERSION = -1  # 1.6 section 5.10


def decode_version(_payload: JsonObject, _topology: Topology) -> GetLocalListVersion:
    """Which version is stored."""
    return GetLocalListVersion()


def encode_version(_command: Command, answer: Answer, _topology: Topology) -> JsonObject:
    """A station that answers otherwise than with a version has no list."""
    return {"listVersion": answer.version if isinstance(answer, LocalListVersion) else NOT_SUPPORTED_VERSION}


def decode_send(payload: JsonObject, _topology: Topology) -> SendLocalList:
    """Raises WrongPayload for a version with a special meaning, a tag named twice, or a full list with a bare tag."""
    version = int(payload["listVersion"])
    if version in {0, NOT_SUPPORTED_VERSION}:  # errata 3.52
        raise WrongPayload("PropertyConstraintViolation", "listVersion 0 and -1 have a meaning of their own")
    full = payload["updateType"] == "Full"
    entries = tuple(_entry(entry) for entry in payload.get("localAuthorizationList", ()))
    if len({token for token, _ in entries}) < len(entries):  # 1.6 section 6.41
        raise WrongPayload("PropertyConstraintViolation", "an idTag stands in the list twice")
    if full and any(info is None for _, info in entries):  # 1.6 section 7.1
        raise WrongPayload("OccurenceConstraintViolation", "a full list needs idTagInfo in every entry")
    return SendLocalList(version=version, full=full, entries=entries)


def _entry(entry: JsonObject) -> tuple[IdToken, TokenInfo | None]:
    info = entry.get("idTagInfo")
    return IdToken(entry["idTag"]), None if info is None else token_info(info)


ACTIONS = {
    "GetLocalListVersion": Action(GetLocalListVersion, decode_version, encode_version),
    "SendLocalList": Action(
        SendLocalList,
        decode_send,
        status_encoder(
            {
                Outcome.ACCEPTED: "Accepted",
                Outcome.VERSION_MISMATCH: "VersionMismatch",
                Outcome.NOT_SUPPORTED: "NotSupported",
            },
            otherwise="Failed",
        ),
    ),
}
