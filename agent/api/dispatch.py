"""From a raw request to an answer; whatever goes wrong becomes a problem document."""

from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from agent.api.body_rules import parse_body
from agent.api.events import TooManyClients
from agent.api.exchange import JSON, Answer, EventAnswer, RawRequest, Request, problem_answer
from agent.api.handlers import Context
from agent.api.host_check import check_host, check_origin
from agent.api.problems import NOT_SIMULATED, QUERY_INVALID, WRONG_VALUE, ApiProblem
from agent.api.routes import Route, find_route
from agent.api.views import NoSuchEvse, NotSimulated, WrongValue
from agent.log import get_logger

log = get_logger(__name__)

MAX_QUERY_FIELDS = 16


async def dispatch(context: Context, raw: RawRequest) -> Answer | EventAnswer:
    """Answer a request; never raises for what a client or a handler did wrong."""
    try:
        return await _answer(context, raw)
    except ApiProblem as problem:
        return problem_answer(problem)
    except NotSimulated as error:
        return problem_answer(ApiProblem(HTTPStatus.FORBIDDEN, str(error), type=NOT_SIMULATED))
    except NoSuchEvse as error:
        return problem_answer(ApiProblem(HTTPStatus.NOT_FOUND, str(error)))
    except WrongValue as error:
        return problem_answer(ApiProblem(HTTPStatus.BAD_REQUEST, str(error), type=WRONG_VALUE))
    except TimeoutError:
        raise  # the connection answers 503, whoever's limit it was
    except Exception as error:  # noqa: BLE001 - one request must not end the server; logged and answered
        log.error("request failed", cause=error, method=raw.method, target=raw.target[:200])  # noqa: TRY400 - EventLogger's error()
        return problem_answer(ApiProblem(HTTPStatus.INTERNAL_SERVER_ERROR, "see the agent's log"))


def no_room(error: TooManyClients) -> Answer:
    """The answer to one event client too many."""
    return problem_answer(ApiProblem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)))


async def _answer(context: Context, raw: RawRequest) -> Answer | EventAnswer:
    try:
        target = urlsplit(raw.target)
        query = dict(parse_qsl(target.query, max_num_fields=MAX_QUERY_FIELDS))
    except ValueError as error:
        raise ApiProblem(HTTPStatus.BAD_REQUEST, "the request's target cannot be read", type=QUERY_INVALID) from error
    check_host(raw.headers.get("host"))
    if target.netloc:
        check_host(target.netloc)  # RFC 9112 section 3.2.2: an absolute target counts more than the header
    check_origin(raw.headers.get("origin"))
    route, numbers = find_route(raw.method, target.path)
    if route.body is not None:
        context.simulator()  # a real charger says so before it looks at a body
    return await route.handle(context, Request(numbers=numbers, query=query, body=_body(route, raw)))


def _body(route: Route, raw: RawRequest) -> object:
    if route.body is None:
        return None
    content_type = raw.headers.get("content-type", "").partition(";")[0].strip().lower()
    if raw.body and content_type != JSON:
        raise ApiProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send it as {JSON}", headers={"Accept": JSON})
    return parse_body(raw.body or b"{}", shape=route.body)
