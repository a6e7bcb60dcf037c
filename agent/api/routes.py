"""The table of routes: what is served, and what its OpenAPI description is made of."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from functools import cache
from http import HTTPStatus

from agent.api import handlers
from agent.api.bodies import EvBody, FaultBody, NetworkBody, NoFields, TokenBody
from agent.api.exchange import EVENT_STREAM, JSON, PROMETHEUS_TEXT, Answer, EventAnswer, Request
from agent.api.handlers import Context, Healthy
from agent.api.problems import ApiProblem
from agent.api.views import FaultHistory, OutboxView, StationStatus
from agent.frozen import dataclass

Handler = Callable[[Context, Request], Awaitable[Answer | EventAnswer]]


@dataclass(frozen=True, slots=True)
class Route:
    """One path. `answer` is the dataclass of a JSON answer, None for free text or, with no `media`, no content.

    `numbers` are the path's parameters, each a positive number.
    """

    method: str
    path: str
    handle: Handler
    summary: str
    body: type | None = None
    answer: type | None = None
    media: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[HTTPStatus, ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """Every method it answers; whoever answers GET answers HEAD (RFC 9110 section 9.1)."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names of the path's parameters."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    def match(self, path: str) -> dict[str, int] | None:
        """The path's numbers where it fits."""
        found = _pattern(self.path).fullmatch(path)
        return None if found is None else {name: int(text) for name, text in found.groupdict().items()}


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """A path with `{names}` as a pattern; bounded by the table below."""
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile(
        "".join(f"(?P<{part}>[0-9]{{1,6}})" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    )


def _simulated(path: str, handle: Handler, summary: str, body: type = NoFields) -> Route:
    """A control of the simulator."""
    problems = [HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.UNSUPPORTED_MEDIA_TYPE]
    if "{" in path or body is TokenBody:
        problems.append(HTTPStatus.NOT_FOUND)
    return Route("POST", f"/api/v1/sim/{path}", handle, summary, body=body, problems=tuple(sorted(problems)))


ROUTES: tuple[Route, ...] = (
    Route("GET", "/api/v1/status", handlers.status, "How the station stands", answer=StationStatus, media=JSON),
    Route(
        "GET",
        "/api/v1/outbox",
        handlers.outbox,
        "Facts that wait for the CSMS, and those that were given up",
        answer=OutboxView,
        media=JSON,
        query={"limit": f"rows and dead letters at most, 1 to {handlers.ROWS_AT_MOST}"},
        problems=(HTTPStatus.BAD_REQUEST,),
    ),
    Route(
        "GET",
        "/api/v1/faults",
        handlers.faults,
        "The last faults, the newest first",
        answer=FaultHistory,
        media=JSON,
        query={"limit": f"rows at most, 1 to {handlers.ROWS_AT_MOST}"},
        problems=(HTTPStatus.BAD_REQUEST,),
    ),
    Route(
        "GET",
        "/api/v1/events",
        handlers.events,
        "Server-sent events: a snapshot of the status first, then what happens",
        media=EVENT_STREAM,
        problems=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    Route("GET", "/api/v1/openapi.json", handlers.description, "This description", media=JSON),
    Route("GET", "/metrics", handlers.metrics, "Figures in the Prometheus text format", media=PROMETHEUS_TEXT),
    Route(
        "GET",
        "/healthz",
        handlers.health,
        "Whether the agent works",
        answer=Healthy,
        media=JSON,
        problems=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    _simulated("evses/{evse_id}/plug-in", handlers.plug_in, "Connect the simulated car"),
    _simulated("evses/{evse_id}/unplug", handlers.unplug, "Take the simulated car away"),
    _simulated("evses/{evse_id}/ev", handlers.set_ev, "Change the simulated car", EvBody),
    _simulated("evses/{evse_id}/faults", handlers.set_fault, "Switch a simulated fault", FaultBody),
    _simulated("tokens", handlers.present_token, "Hold a token before a simulated reader", TokenBody),
    _simulated("network", handlers.set_network, "Take the network away, or bring it back", NetworkBody),
)


def find_route(method: str, path: str) -> tuple[Route, dict[str, int]]:
    """The route and its path's numbers. Raises ApiProblem: 404, or 405 with the methods that are allowed."""
    allowed: list[str] = []
    for route in ROUTES:
        numbers = route.match(path)
        if numbers is None:
            continue
        if method in route.methods:
            return route, numbers
        allowed += route.methods
    if allowed:
        raise ApiProblem(
            HTTPStatus.METHOD_NOT_ALLOWED,
            f"only {', '.join(allowed)} here",
            headers={"Allow": ", ".join(allowed)},
        )
    raise ApiProblem(HTTPStatus.NOT_FOUND, "nothing is served under this path; see /api/v1/openapi.json")
