"""Error codes: each version's own words, and nothing else."""

import pytest

from agent.ocpp.errors import FAULT_CODES, RULE_CODES, Code, Fault, Version, code_for_fault, code_for_rule

ONLY_16 = {Code.FORMATION_VIOLATION, Code.OCCURENCE_CONSTRAINT_VIOLATION}
ONLY_2X = {
    Code.FORMAT_VIOLATION,
    Code.MESSAGE_TYPE_NOT_SUPPORTED,
    Code.OCCURRENCE_CONSTRAINT_VIOLATION,
    Code.RPC_FRAMEWORK_ERROR,
}


def test_version_1_6_keeps_its_misspelt_codes_on_the_wire() -> None:
    assert str(Code.OCCURENCE_CONSTRAINT_VIOLATION) == "OccurenceConstraintViolation"
    assert str(Code.FORMATION_VIOLATION) == "FormationViolation"
    assert code_for_rule("maxItems", version=Version.V16) == "OccurenceConstraintViolation"


@pytest.mark.parametrize("version", Version)
def test_no_version_uses_a_code_of_another(version: Version) -> None:
    foreign = ONLY_2X if version is Version.V16 else ONLY_16

    used = {*FAULT_CODES[version].values(), *RULE_CODES[version].values()}

    assert used.isdisjoint(foreign)


@pytest.mark.parametrize("version", Version)
def test_every_fault_has_a_row(version: Version) -> None:
    assert set(FAULT_CODES[version]) == set(Fault)


@pytest.mark.parametrize(
    ("rule", "code_16", "code_201"),
    [
        ("type", "TypeConstraintViolation", "TypeConstraintViolation"),
        ("required", "ProtocolError", "OccurrenceConstraintViolation"),
        ("minItems", "OccurenceConstraintViolation", "OccurrenceConstraintViolation"),
        ("enum", "PropertyConstraintViolation", "PropertyConstraintViolation"),
        ("maxLength", "PropertyConstraintViolation", "PropertyConstraintViolation"),
        ("format", "PropertyConstraintViolation", "PropertyConstraintViolation"),
        ("additionalProperties", "FormationViolation", "ProtocolError"),
        ("dependencies", "GenericError", "GenericError"),
    ],
)
def test_a_broken_rule_has_a_code(rule: str, code_16: str, code_201: str) -> None:
    assert code_for_rule(rule, version=Version.V16) == code_16
    assert code_for_rule(rule, version=Version.V201) == code_201
    assert code_for_rule(rule, version=Version.V21) == code_201


def test_an_unknown_message_type_is_answered_in_2_x_only() -> None:
    assert code_for_fault(Fault.UNKNOWN_TYPE, version=Version.V16) is None
    assert code_for_fault(Fault.UNKNOWN_TYPE, version=Version.V201) == "MessageTypeNotSupported"
