"""Error codes of OCPP-J: which word each version has for each thing that can be wrong with a message."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

MAX_DESCRIPTION = 255
"""Characters of an errorDescription (OCPP-J 2.0.1 section 4.2.3, table 7; kept for 1.6 too)."""


class Version(StrEnum):
    """The versions of OCPP-J whose frames and schemas are known."""

    V16 = "1.6"
    V201 = "2.0.1"
    V21 = "2.1"


class Code(StrEnum):
    """Every errorCode of a CALLERROR, in its wire spelling (1.6 table 7, 2.0.1 table 8, 2.1 table 9)."""

    FORMATION_VIOLATION = "FormationViolation"  # 1.6's spelling, kept by its errata 5.2
    FORMAT_VIOLATION = "FormatViolation"
    GENERIC_ERROR = "GenericError"
    INTERNAL_ERROR = "InternalError"
    MESSAGE_TYPE_NOT_SUPPORTED = "MessageTypeNotSupported"
    NOT_IMPLEMENTED = "NotImplemented"
    NOT_SUPPORTED = "NotSupported"
    OCCURENCE_CONSTRAINT_VIOLATION = "OccurenceConstraintViolation"  # 1.6's spelling, kept by its errata 5.1
    OCCURRENCE_CONSTRAINT_VIOLATION = "OccurrenceConstraintViolation"
    PROPERTY_CONSTRAINT_VIOLATION = "PropertyConstraintViolation"
    PROTOCOL_ERROR = "ProtocolError"
    RPC_FRAMEWORK_ERROR = "RpcFrameworkError"
    SECURITY_ERROR = "SecurityError"
    TYPE_CONSTRAINT_VIOLATION = "TypeConstraintViolation"


class Fault(StrEnum):
    """What was wrong with a message, in words that belong to no version."""

    UNREADABLE = "no message id can be read"
    NOT_JSON = "not JSON"
    TOO_BIG = "larger than this station accepts"
    TOO_DEEP = "nested deeper than any OCPP message"
    UNKNOWN_TYPE = "unknown message type"
    WRONG_SHAPE = "not the elements of its message type"
    PAYLOAD_NO_OBJECT = "the payload is not an object"
    REPEATED_ID = "another call with this message id is being handled"
    UNKNOWN_ACTION = "unknown action"
    OVERLOADED = "too many calls at once"
    INTERNAL = "the station could not handle the call"


_FAULTS_16 = {
    # Without an id there is nothing that 1.6 could answer; see agent.ocpp.frame.
    Fault.UNREADABLE: Code.FORMATION_VIOLATION,
    Fault.NOT_JSON: Code.FORMATION_VIOLATION,
    Fault.TOO_BIG: Code.FORMATION_VIOLATION,
    Fault.TOO_DEEP: Code.FORMATION_VIOLATION,
    Fault.UNKNOWN_TYPE: None,  # 1.6 section 4.1.3: ignored
    Fault.WRONG_SHAPE: Code.FORMATION_VIOLATION,
    Fault.PAYLOAD_NO_OBJECT: Code.FORMATION_VIOLATION,
    Fault.REPEATED_ID: Code.GENERIC_ERROR,  # 1.6 section 4.2.3 wants a CALLERROR and names no code
    Fault.UNKNOWN_ACTION: Code.NOT_IMPLEMENTED,
    Fault.OVERLOADED: Code.INTERNAL_ERROR,
    Fault.INTERNAL: Code.INTERNAL_ERROR,
}
_FAULTS_2X = {
    Fault.UNREADABLE: Code.RPC_FRAMEWORK_ERROR,
    Fault.NOT_JSON: Code.FORMAT_VIOLATION,
    Fault.TOO_BIG: Code.FORMAT_VIOLATION,  # the code of B06.FR.17 for a request of too many bytes
    Fault.TOO_DEEP: Code.FORMAT_VIOLATION,
    Fault.UNKNOWN_TYPE: Code.MESSAGE_TYPE_NOT_SUPPORTED,  # 2.0.1 section 4.4
    Fault.WRONG_SHAPE: Code.RPC_FRAMEWORK_ERROR,
    Fault.PAYLOAD_NO_OBJECT: Code.FORMAT_VIOLATION,
    Fault.REPEATED_ID: Code.RPC_FRAMEWORK_ERROR,
    Fault.UNKNOWN_ACTION: Code.NOT_IMPLEMENTED,
    Fault.OVERLOADED: Code.INTERNAL_ERROR,
    Fault.INTERNAL: Code.INTERNAL_ERROR,
}
FAULT_CODES: Mapping[Version, Mapping[Fault, Code | None]] = MappingProxyType(
    {Version.V16: _FAULTS_16, Version.V201: _FAULTS_2X, Version.V21: _FAULTS_2X}
)
"""The code that answers a fault; None where the version answers nothing."""

_VALUE_RULES = (
    "enum",
    "const",
    "maxLength",
    "minLength",
    "maximum",
    "minimum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "multipleOf",
    "format",
    "pattern",
)
_RULES_16 = {
    **dict.fromkeys(_VALUE_RULES, Code.PROPERTY_CONSTRAINT_VIOLATION),
    "type": Code.TYPE_CONSTRAINT_VIOLATION,
    "required": Code.PROTOCOL_ERROR,  # 1.6 table 7: the payload is incomplete
    "additionalProperties": Code.FORMATION_VIOLATION,  # 1.6 table 7: not the PDU's structure
    "minItems": Code.OCCURENCE_CONSTRAINT_VIOLATION,
    "maxItems": Code.OCCURENCE_CONSTRAINT_VIOLATION,
}
_RULES_2X = {
    **dict.fromkeys(_VALUE_RULES, Code.PROPERTY_CONSTRAINT_VIOLATION),
    "type": Code.TYPE_CONSTRAINT_VIOLATION,
    "required": Code.OCCURRENCE_CONSTRAINT_VIOLATION,
    "additionalProperties": Code.PROTOCOL_ERROR,  # 2.0.1 table 8: not the PDU's structure
    "minItems": Code.OCCURRENCE_CONSTRAINT_VIOLATION,
    "maxItems": Code.OCCURRENCE_CONSTRAINT_VIOLATION,
}
RULE_CODES: Mapping[Version, Mapping[str, Code]] = MappingProxyType(
    {Version.V16: _RULES_16, Version.V201: _RULES_2X, Version.V21: _RULES_2X}
)
"""The code for a payload that breaks a keyword of its JSON schema."""


def code_for_rule(rule: str, *, version: Version) -> Code:
    """The code for a broken schema keyword; GenericError for one that no OCPP schema uses."""
    return RULE_CODES[version].get(rule, Code.GENERIC_ERROR)


def code_for_fault(fault: Fault, *, version: Version) -> Code | None:
    """The code that answers a fault; None where the version answers nothing."""
    return FAULT_CODES[version][fault]
