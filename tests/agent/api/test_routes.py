"""Every route over real sockets, its answers checked against the OpenAPI description."""

import json
from functools import cache
from http import HTTPStatus
from typing import Any

import jsonschema_rs
import pytest

from agent.api.openapi import describe
from agent.api.problems import ApiProblem
from agent.api.routes import ROUTES, find_route
from tests.agent.api.http_client import Client, Reply
from tests.agent.api.site import Build, Site

GETS = [route.path for route in ROUTES if route.method == "GET" and not route.path.endswith("/events")]


@cache
def _validator(path: str, method: str, kind: str, media: str) -> jsonschema_rs.Draft202012Validator:
    document = describe()
    operation = document["paths"][path][method.lower()]
    described = operation["requestBody"] if kind == "request" else operation["responses"][kind]
    schema = {**described["content"][media]["schema"], "components": document["components"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def check_reply(path: str, method: str, reply: Reply) -> None:
    """Status, media type and content are as described."""
    responses = describe()["paths"][path][method.lower()]["responses"]
    kind = str(reply.status) if str(reply.status) in responses else "default"
    if reply.status == 204:
        assert "content" not in responses[kind]
        return
    media = reply.headers["content-type"]
    content = reply.json() if "json" in media else reply.body.decode()
    _validator(path, method, kind, media).validate(content)


@pytest.mark.parametrize("path", GETS)
async def test_every_document_is_as_described(path: str, client: Client) -> None:
    reply = await client.ask("GET", path)

    assert reply.status == 200
    check_reply(path, "GET", reply)
    assert reply.headers["cache-control"] == "no-store"
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize("path", GETS)
async def test_head_is_get_without_the_content(path: str, client: Client) -> None:
    got = await client.ask("GET", path)
    head = await client.ask("HEAD", path)
    again = await client.ask("GET", path)

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert again.status == 200


CONTROLS: list[tuple[str, Any, tuple[Any, ...]]] = [
    ("evses/{evse_id}/plug-in", None, ("plug in", 1)),
    ("evses/{evse_id}/plug-in", {}, ("plug in", 1)),
    ("evses/{evse_id}/unplug", None, ("unplug", 1)),
    ("evses/{evse_id}/ev", {"wants_energy": False, "phases": 1}, ("ev", 1, {"wants_energy": False, "phases": 1})),
    ("evses/{evse_id}/ev", {"max_current_a": 6.5, "soc_percent": None}, ("ev", 1, {"max_current_a": 6.5})),
    ("evses/{evse_id}/faults", {"fault": "GroundFailure", "active": True}, ("fault", 1, "GroundFailure", True)),
    ("tokens", {"id_token": "04A1B2C3"}, ("token", "04A1B2C3", "ISO14443", None)),
    ("tokens", {"id_token": "A", "type": "KeyCode", "evse_id": 1}, ("token", "A", "KeyCode", 1)),
    ("network", {"online": False}, ("network", False)),
]


@pytest.mark.parametrize(("path", "body", "done"), CONTROLS)
async def test_every_control_does_what_it_says(
    path: str, body: Any, done: tuple[Any, ...], site: Site, client: Client
) -> None:
    full = f"/api/v1/sim/{path}"
    if body is not None:
        _validator(full, "POST", "request", "application/json").validate(body)

    reply = await client.ask("POST", full.replace("{evse_id}", "1"), body=body)

    assert reply.status == 204, reply.body
    check_reply(full, "POST", reply)
    assert site.controls.done == [done]


WRONG: list[tuple[str, Any]] = [
    ("evses/{evse_id}/plug-in", {"now": True}),
    ("evses/{evse_id}/ev", {"max_current_a": 81}),
    ("evses/{evse_id}/ev", {"phases": "three"}),
    ("evses/{evse_id}/faults", {"fault": "NoSuchFault", "active": True}),
    ("evses/{evse_id}/faults", {"fault": "GroundFailure"}),
    ("tokens", {"id_token": "no spaces"}),
    ("tokens", {"id_token": "04A1", "type": "NoAuthorization"}),
    ("network", {}),
]


@pytest.mark.parametrize(("path", "body"), WRONG)
async def test_a_body_that_breaks_its_description_is_refused_with_pointers(
    path: str, body: Any, site: Site, client: Client
) -> None:
    full = f"/api/v1/sim/{path}"
    assert not _validator(full, "POST", "request", "application/json").is_valid(body)

    reply = await client.ask("POST", full.replace("{evse_id}", "1"), body=body)

    assert reply.status == 400
    check_reply(full, "POST", reply)
    assert reply.json()["errors"][0]["pointer"].startswith("#/")
    assert site.controls.done == []


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "POST"], ids=lambda route: route.path)
async def test_no_control_works_where_the_drivers_are_real(route: Any, build: Build) -> None:
    site = await build(simulated=False)

    async with site.client() as client:
        reply = await client.ask("POST", route.path.replace("{evse_id}", "1"), raw=b"not even JSON")

    assert reply.status == 403
    assert reply.json()["type"] == "urn:evse-agent:not-simulated"
    check_reply(route.path, "POST", reply)


async def test_the_outbox_shows_as_many_rows_as_asked_for(client: Client) -> None:
    asked = await client.ask("GET", "/api/v1/outbox?limit=2")
    wrong = [await client.ask("GET", f"/api/v1/outbox?limit={text}") for text in ("0", "1001", "x", "-1", "%C2%B2")]

    assert [row["id"] for row in asked.json()["rows"]] == [1, 2]
    assert {reply.status for reply in wrong} == {400}
    check_reply("/api/v1/outbox", "GET", wrong[0])


async def test_the_fault_history_shows_as_many_rows_as_asked_for(client: Client) -> None:
    asked = await client.ask("GET", "/api/v1/faults?limit=2")
    wrong = await client.ask("GET", "/api/v1/faults?limit=0")

    assert [row["event_id"] for row in asked.json()["rows"]] == [3, 2]
    assert wrong.status == 400
    check_reply("/api/v1/faults", "GET", asked)


async def test_the_wrong_method_is_told_the_right_one(client: Client) -> None:
    posted = await client.ask("POST", "/api/v1/status", body={})
    got = await client.ask("GET", "/api/v1/sim/tokens")
    preflight = await client.ask("OPTIONS", "/api/v1/sim/tokens")

    assert (posted.status, posted.headers["allow"]) == (405, "get, head")
    assert (got.status, got.headers["allow"]) == (405, "post")
    assert preflight.status == 405


@pytest.mark.parametrize("path", ["/", "/api/v1/status/", "/api/v1/sim/evses/x/unplug", "/api/v1/sim/evses/-1/unplug"])
async def test_an_unknown_path_is_a_problem_document(path: str, client: Client) -> None:
    reply = await client.ask("GET", path)

    assert reply.status == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail"} <= set(reply.json())


def test_a_route_is_found_with_its_numbers() -> None:
    route, numbers = find_route("POST", "/api/v1/sim/evses/12/plug-in")

    assert (route.path, numbers) == ("/api/v1/sim/evses/{evse_id}/plug-in", {"evse_id": 12})


def test_a_dot_in_a_path_is_no_wildcard() -> None:
    with pytest.raises(ApiProblem) as caught:
        find_route("GET", "/api/v1/openapiXjson")

    assert caught.value.status is HTTPStatus.NOT_FOUND


def test_every_reply_body_that_is_described_is_json_that_can_be_read() -> None:
    assert json.loads(json.dumps(describe()))["openapi"] == "3.1.0"
