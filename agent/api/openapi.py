"""The OpenAPI 3.1 description, made of the routes and their dataclasses.

`python -m agent.api.openapi > docs/openapi.json` writes it down; a test says when that is due.
"""

import json
import sys
from http import HTTPStatus
from typing import Any

from agent.api.exchange import JSON, PROBLEM_JSON
from agent.api.handlers import ROWS_AT_MOST, ROWS_UNLESS_ASKED
from agent.api.json_schema import Schemas
from agent.api.problems import ProblemDocument
from agent.api.routes import ROUTES, Route

API_VERSION = "1.0.0"
_SCHEMAS = "#/components/schemas"


def describe() -> dict[str, Any]:
    """The document."""
    schemas = Schemas(under=_SCHEMAS)
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "evse-agent local API",
            "version": API_VERSION,
            "description": "Status, outbox, events and metrics of one charger, on loopback only."
            " Controls under /api/v1/sim answer 403 unless the drivers are simulated."
            " Every error is an RFC 9457 problem document. Field names end in their unit.",
        },
        "paths": paths,
        "components": {"schemas": dict(sorted(schemas.named.items()))},
    }


def as_text() -> str:
    """The document as it is stored and served."""
    return json.dumps(describe(), indent=2, ensure_ascii=False) + "\n"


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.handle.__name__,
        "summary": route.summary,
    }
    if parameters := _parameters(route):
        operation["parameters"] = parameters
    if route.body is not None:
        schema = schemas.of(route.body, complete=False)
        operation["requestBody"] = {"required": _is_required(schemas, schema), "content": {JSON: {"schema": schema}}}
    problem = {"schema": schemas.of(ProblemDocument, complete=True)}
    operation["responses"] = {
        **_success(route, schemas),
        **{
            str(status.value): {"description": status.phrase, "content": {PROBLEM_JSON: problem}}
            for status in route.problems
        },
        "default": {"description": "Any other error", "content": {PROBLEM_JSON: problem}},
    }
    return operation


def _success(route: Route, schemas: Schemas) -> dict[str, Any]:
    if route.media is None:
        return {str(HTTPStatus.NO_CONTENT.value): {"description": "Done"}}
    media: dict[str, Any] = {"schema": {"type": "object" if route.media == JSON else "string"}}
    if route.answer is not None:
        media = {"schema": schemas.of(route.answer, complete=True)}
    return {str(HTTPStatus.OK.value): {"description": route.summary, "content": {route.media: media}}}


def _parameters(route: Route) -> list[dict[str, Any]]:
    path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer", "minimum": 0, "maximum": 999_999}}
        for name in route.numbers
    ]
    limit = {"type": "integer", "minimum": 1, "maximum": ROWS_AT_MOST, "default": ROWS_UNLESS_ASKED}
    return path + [
        {"name": name, "in": "query", "required": False, "description": says, "schema": limit}
        for name, says in route.query.items()
    ]


def _is_required(schemas: Schemas, schema: dict[str, Any]) -> bool:
    """A body is needed where one of its fields is."""
    return "required" in schemas.named[schema["$ref"].removeprefix(f"{_SCHEMAS}/")]


if __name__ == "__main__":
    sys.stdout.write(as_text())
