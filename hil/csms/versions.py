"""The protocol versions the bench speaks, by their WebSocket sub-protocol names, and what differs between them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hil.csms.errors import UnknownProtocol

V16: Final = "ocpp1.6"
V201: Final = "ocpp2.0.1"
V21: Final = "ocpp2.1"


@dataclass(frozen=True, slots=True)
class Version:
    """What the framing and the schema files of one version look like."""

    subprotocol: str
    schema_folder: str
    request_suffix: str
    draft: int
    message_types: frozenset[int]
    error_codes: frozenset[str]
    malformed_code: str


ERROR_CODES_16: Final = frozenset(
    {  # OCPP-J 1.6 section 4.2.3; its errata 5.1 and 5.2 keep the two misspelt names on the wire
        "NotImplemented",
        "NotSupported",
        "InternalError",
        "ProtocolError",
        "SecurityError",
        "FormationViolation",
        "PropertyConstraintViolation",
        "OccurenceConstraintViolation",
        "TypeConstraintViolation",
        "GenericError",
    }
)
ERROR_CODES_2: Final = frozenset(
    {  # OCPP-J 2.0.1 part 4, section 4.3
        "FormatViolation",
        "GenericError",
        "InternalError",
        "MessageTypeNotSupported",
        "NotImplemented",
        "NotSupported",
        "OccurrenceConstraintViolation",
        "PropertyConstraintViolation",
        "ProtocolError",
        "RpcFrameworkError",
        "SecurityError",
        "TypeConstraintViolation",
    }
)

VERSIONS: Final[Mapping[str, Version]] = {
    V16: Version(V16, "v16", "", 4, frozenset({2, 3, 4}), ERROR_CODES_16, "FormationViolation"),
    V201: Version(V201, "v201", "Request", 6, frozenset({2, 3, 4}), ERROR_CODES_2, "FormatViolation"),
    # 2.1 adds CALLRESULTERROR (5) and SEND (6).
    V21: Version(V21, "v21", "Request", 6, frozenset({2, 3, 4, 5, 6}), ERROR_CODES_2, "FormatViolation"),
}


def version_of(subprotocol: str) -> Version:
    """The table row of a sub-protocol; UnknownProtocol when there is none."""
    try:
        return VERSIONS[subprotocol]
    except KeyError:
        raise UnknownProtocol(f"{subprotocol!r} is none of {', '.join(VERSIONS)}") from None
