"""Errors as RFC 9457 problem documents."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from http import HTTPStatus

from agent.frozen import dataclass

GENERIC = "about:blank"
"""RFC 9457 section 4.2.1: the title is the status's own phrase."""
BODY_INVALID = "urn:evse-agent:body-invalid"
QUERY_INVALID = "urn:evse-agent:query-invalid"
NOT_SIMULATED = "urn:evse-agent:not-simulated"
WRONG_VALUE = "urn:evse-agent:wrong-value"

_TITLES = {
    BODY_INVALID: "The request's body cannot be used",
    QUERY_INVALID: "A query parameter cannot be used",
    NOT_SIMULATED: "Not a simulated part",
    WRONG_VALUE: "No such value",
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One mistake in a body: a JSON pointer as URI fragment (RFC 6901 section 6), and what is wrong there."""

    pointer: str
    detail: str


@dataclass(frozen=True, slots=True)
class ProblemDocument:
    """What a refused request is answered with."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[Flaw, ...] = ()


@dataclass(slots=True, eq=False)
class ApiProblem(Exception):
    """A request that is refused, with the status to say so."""

    status: HTTPStatus
    detail: str
    type: str = GENERIC
    errors: Sequence[Flaw] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> ProblemDocument:
        """The document to send."""
        return ProblemDocument(
            type=self.type,
            title=_TITLES.get(self.type, self.status.phrase),
            status=self.status.value,
            detail=self.detail,
            errors=tuple(self.errors),
        )
