"""The data types that several messages of 2.0.1 share, to and from the station's words."""

from datetime import UTC, datetime

from agent.ocpp.adapter import JsonObject, WrongPayload
from agent.station.commands import Answer, Done, Outcome
from agent.station.device_model import VariableKey
from agent.station.id_token import AuthorizationStatus, IdToken, TokenInfo

MAX_REASON_CODE = 20  # StatusInfoType.reasonCode

# IdTokenEnumType; a type that 2.0.1 lacks is told as one the CSMS itself may have made up.
_TOKEN_TYPES = frozenset(
    {"Central", "eMAID", "ISO14443", "ISO15693", "KeyCode", "Local", "MacAddress", "NoAuthorization"}
)
_FALLBACK_TYPE = "Central"


def rfc3339(moment: datetime) -> str:
    """A point in time in UTC with milliseconds and Z, which every CSMS can read."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(written: str) -> datetime:
    """A dateTime of the CSMS; one without a zone is taken as UTC. Raises WrongPayload where it is none."""
    try:
        moment = datetime.fromisoformat(written.upper())  # RFC 3339 allows a small t and z
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WrongPayload("PropertyConstraintViolation", f"not a dateTime: {written[:40]!r}") from error


def encode_token(token: IdToken) -> JsonObject:
    """IdTokenType."""
    return {"idToken": token.value, "type": token.type if token.type in _TOKEN_TYPES else _FALLBACK_TYPE}


def decode_token(payload: JsonObject) -> IdToken:
    """IdTokenType; additionalInfo is not used."""
    return IdToken(payload["idToken"], payload["type"])


def decode_token_info(payload: JsonObject) -> TokenInfo:
    """IdTokenInfoType: what of it the station acts upon."""
    expires = payload.get("cacheExpiryDateTime")
    group = payload.get("groupIdToken")
    return TokenInfo(
        status=AuthorizationStatus(payload["status"]),
        expires_at=None if expires is None else parse_time(expires),
        group=None if group is None else decode_token(group),
    )


def encode_evse(evse_id: int, connector_id: int | None) -> JsonObject:
    """EVSEType."""
    return {"id": evse_id} if connector_id is None else {"id": evse_id, "connectorId": connector_id}


def decode_evse(payload: JsonObject) -> tuple[int | None, int | None]:
    """EVSE and connector id of a request's optional `evse`."""
    evse = payload.get("evse")
    return (None, None) if evse is None else (evse["id"], evse.get("connectorId"))


def encode_variable(key: VariableKey) -> JsonObject:
    """ComponentType and VariableType, spelled as the key is."""
    component: JsonObject = {"name": key.component}
    if key.component_instance is not None:
        component["instance"] = key.component_instance
    if key.evse_id is not None:
        component["evse"] = encode_evse(key.evse_id, key.connector_id)
    variable: JsonObject = {"name": key.variable}
    if key.instance is not None:
        variable["instance"] = key.instance
    return {"component": component, "variable": variable}


def decode_variable(payload: JsonObject) -> VariableKey:
    """ComponentType and VariableType of one element of a request, kept as it was asked."""
    component, variable = payload["component"], payload["variable"]
    evse_id, connector_id = decode_evse(component)
    return VariableKey(
        component=component["name"],
        variable=variable["name"],
        instance=variable.get("instance"),
        evse_id=evse_id,
        connector_id=connector_id,
        component_instance=component.get("instance"),
    )


def encode_done(answer: Answer, *, allowed: frozenset[Outcome], otherwise: Outcome = Outcome.REJECTED) -> JsonObject:
    """`status` with its statusInfo; an outcome that this message has no word for becomes `otherwise`."""
    if not isinstance(answer, Done):
        raise TypeError(f"{type(answer).__name__} does not answer this request")
    payload: JsonObject = {"status": (answer.outcome if answer.outcome in allowed else otherwise).value}
    if answer.reason:
        payload["statusInfo"] = {"reasonCode": answer.reason[:MAX_REASON_CODE]}
    return payload


ACCEPTED_OR_REJECTED = frozenset({Outcome.ACCEPTED, Outcome.REJECTED})
"""GenericStatusEnumType and its likes."""
