"""What each route does."""

from dataclasses import field
from http import HTTPStatus

from agent.api.bodies import EvBody, FaultBody, NetworkBody, TokenBody
from agent.api.events import EventStream
from agent.api.exchange import DONE, JSON, PROMETHEUS_TEXT, Answer, EventAnswer, Request, json_answer
from agent.api.metrics import ApiFigures, metrics_text
from agent.api.problems import NOT_SIMULATED, QUERY_INVALID, ApiProblem
from agent.api.views import SimulatorControls, Source
from agent.frozen import dataclass

ROWS_AT_MOST = 1000
ROWS_UNLESS_ASKED = 100


@dataclass(frozen=True, slots=True)
class Healthy:
    """The event loop answers and the database accepts commits. Being offline is no illness of a charger."""

    healthy: bool = True


@dataclass(slots=True)
class Traffic:
    """Counts of the server, for /metrics."""

    connections: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What handlers work with; `controls` is None where nothing is simulated."""

    source: Source
    controls: SimulatorControls | None
    events: EventStream
    traffic: Traffic = field(default_factory=Traffic)

    def simulator(self) -> SimulatorControls:
        """The controls. Raises ApiProblem (403) at a real charger."""
        if self.controls is None:
            raise ApiProblem(HTTPStatus.FORBIDDEN, "the drivers of this station are real", type=NOT_SIMULATED)
        return self.controls


async def status(context: Context, request: Request) -> Answer:
    """How the station stands."""
    del request
    return json_answer(context.source.status())


async def outbox(context: Context, request: Request) -> Answer:
    """Queue and dead letters."""
    return json_answer(await context.source.outbox(limit=_limit(request)))


async def faults(context: Context, request: Request) -> Answer:
    """The fault history."""
    return json_answer(await context.source.faults(limit=_limit(request)))


def _limit(request: Request) -> int:
    """How many rows are asked for. Raises ApiProblem (400)."""
    asked = request.query.get("limit", str(ROWS_UNLESS_ASKED))
    if not (asked.isascii() and asked.isdigit() and len(asked) <= 4 and 1 <= int(asked) <= ROWS_AT_MOST):
        raise ApiProblem(HTTPStatus.BAD_REQUEST, f"limit must be a number from 1 to {ROWS_AT_MOST}", type=QUERY_INVALID)
    return int(asked)


async def events(context: Context, request: Request) -> EventAnswer:
    """Events from now on."""
    del context, request
    return EventAnswer()


async def health(context: Context, request: Request) -> Answer:
    """200 or 503 for a supervisor."""
    del request
    if not context.source.status().storage.writable:
        raise ApiProblem(HTTPStatus.SERVICE_UNAVAILABLE, "the database accepts no commits")
    return json_answer(Healthy())


async def metrics(context: Context, request: Request) -> Answer:
    """The Prometheus page."""
    del request
    text = metrics_text(
        context.source.status(),
        context.source.figures(),
        api=ApiFigures(
            connections=context.traffic.connections,
            requests=context.traffic.requests,
            event_clients=context.events.clients,
            event_clients_dropped=context.events.clients_dropped,
        ),
    )
    return Answer(body=text.encode(), content_type=PROMETHEUS_TEXT)


async def description(context: Context, request: Request) -> Answer:
    """The OpenAPI document."""
    del context, request
    # Late on purpose: few ask for it, and it is built anew each time so that nobody pays memory for it.
    from agent.api.openapi import as_text

    return Answer(body=as_text().encode(), content_type=JSON)


async def plug_in(context: Context, request: Request) -> Answer:
    """Connect the simulated car."""
    context.simulator().plug_in(request.numbers["evse_id"])
    return DONE


async def unplug(context: Context, request: Request) -> Answer:
    """Take the simulated car away."""
    context.simulator().unplug(request.numbers["evse_id"])
    return DONE


async def set_ev(context: Context, request: Request) -> Answer:
    """Change the simulated car."""
    body: EvBody = request.body
    context.simulator().set_ev(
        request.numbers["evse_id"],
        wants_energy=body.wants_energy,
        max_current_a=body.max_current_a,
        phases=body.phases,
        battery_kwh=body.battery_kwh,
        soc_percent=body.soc_percent,
        ignores_offer=body.ignores_offer,
    )
    return DONE


async def set_fault(context: Context, request: Request) -> Answer:
    """Switch a simulated fault."""
    body: FaultBody = request.body
    context.simulator().set_fault(request.numbers["evse_id"], body.fault.value, active=body.active)
    return DONE


async def present_token(context: Context, request: Request) -> Answer:
    """Hold a token before a simulated reader."""
    body: TokenBody = request.body
    context.simulator().present_token(body.id_token, type=body.type.value, evse_id=body.evse_id)
    return DONE


async def set_network(context: Context, request: Request) -> Answer:
    """Take the station's network away, or bring it back."""
    body: NetworkBody = request.body
    context.simulator().set_network(online=body.online)
    return DONE
