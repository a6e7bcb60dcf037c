"""A request as handlers see it, and the answers they give."""

from collections.abc import Mapping
from dataclasses import field
from http import HTTPStatus
from typing import Any

from agent.api.json_text import to_json
from agent.api.problems import ApiProblem
from agent.frozen import dataclass

JSON = "application/json"
PROBLEM_JSON = "application/problem+json"
EVENT_STREAM = "text/event-stream"
PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it came: header names in lower case, the body complete."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that fits a route: its path's numbers, its query, its body parsed to the route's dataclass."""

    numbers: Mapping[str, int]
    query: Mapping[str, str]
    body: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response; without a `content_type` there is no content."""

    status: HTTPStatus = HTTPStatus.OK
    body: bytes = b""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """Events from now on, until the client goes away."""


DONE = Answer(status=HTTPStatus.NO_CONTENT)


def json_answer(value: object) -> Answer:
    """200 with frozen data."""
    return Answer(body=to_json(value), content_type=JSON)


def problem_answer(problem: ApiProblem) -> Answer:
    """The problem's document under its status."""
    return Answer(
        status=problem.status,
        body=to_json(problem.document()),
        content_type=PROBLEM_JSON,
        headers=problem.headers,
    )
