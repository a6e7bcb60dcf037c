from dataclasses import replace

import pytest

from tests.agent.api.http_client import Client
from tests.agent.api.site import Site


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"])
async def test_a_name_that_was_bent_to_this_machine_is_misdirected(host: str, client: Client) -> None:
    reply = await client.ask("GET", "/api/v1/status", headers={"Host": host})

    assert reply.status == 421
    assert reply.json()["title"] == "Misdirected Request"


@pytest.mark.parametrize("target", ["http://evil.example/api/v1/status", "//evil.example/api/v1/status"])
async def test_an_absolute_target_counts_more_than_the_header(target: str, client: Client) -> None:
    assert (await client.ask("GET", target)).status == 421


async def test_an_absolute_target_that_means_this_machine_is_served(client: Client) -> None:
    assert (await client.ask("GET", "http://localhost:1/healthz")).status == 200


async def test_a_foreign_page_cannot_use_its_visitors_browser(site: Site, client: Client) -> None:
    form = {"Origin": "https://evil.example"}

    reply = await client.ask("POST", "/api/v1/sim/evses/1/plug-in", headers=form)

    assert reply.status == 403
    assert site.controls.done == []


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
async def test_a_body_of_another_type_is_refused(content_type: str, site: Site, client: Client) -> None:
    body = {"online": False}

    reply = await client.ask("POST", "/api/v1/sim/network", body=body, headers={"Content-Type": content_type})

    assert (reply.status, reply.headers["accept"]) == (415, "application/json")
    assert site.controls.done == []


async def test_a_charset_beside_the_type_does_no_harm(client: Client) -> None:
    typed = {"Content-Type": "application/JSON; charset=utf-8"}

    reply = await client.ask("POST", "/api/v1/sim/network", body={"online": True}, headers=typed)

    assert reply.status == 204


async def test_refusals_of_the_simulator_have_their_own_status(client: Client) -> None:
    real = await client.ask("POST", "/api/v1/sim/evses/2/plug-in")
    unknown = await client.ask("POST", "/api/v1/sim/evses/3/plug-in")
    odd = await client.ask("POST", "/api/v1/sim/evses/1/ev", body={"max_current_a": 80})

    assert [reply.status for reply in (real, unknown, odd)] == [403, 404, 400]
    assert real.json()["detail"] == "EVSE 2 has no simulated parts"
    assert odd.json()["type"] == "urn:evse-agent:wrong-value"


async def test_an_error_of_our_own_is_500_without_its_traceback(site: Site, client: Client) -> None:
    async def burst() -> None:
        raise RuntimeError("a secret detail")

    site.source.outbox_answer = burst

    reply = await client.ask("GET", "/api/v1/outbox")

    assert reply.status == 500
    assert b"secret" not in reply.body
    assert b"Traceback" not in reply.body
    assert (await client.ask("GET", "/healthz")).status == 200


async def test_a_query_of_hundreds_of_fields_is_refused(client: Client) -> None:
    assert (await client.ask("GET", "/api/v1/outbox?" + "a=1&" * 300)).status == 400


async def test_a_database_that_refuses_commits_is_no_health(site: Site, client: Client) -> None:
    site.source.now = replace(site.source.now, storage=replace(site.source.now.storage, writable=False))

    reply = await client.ask("GET", "/healthz")

    assert (reply.status, reply.json()["detail"]) == (503, "the database accepts no commits")
