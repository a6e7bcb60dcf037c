import asyncio
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.api.events import EventStream
from agent.api.limits import Limits
from agent.api.server import ApiServer
from tests.agent.api.http_client import Client, connect, request
from tests.agent.api.site import Build, FakeSource, Site


async def test_a_connection_serves_one_request_after_another(client: Client) -> None:
    first = await client.ask("GET", "/api/v1/status")
    second = await client.ask("GET", "/healthz")

    assert (first.status, second.status) == (200, 200)
    assert first.json()["identity"] == "CP001"


async def test_pipelined_requests_are_answered_in_order(client: Client) -> None:
    await client.send(request("GET", "/healthz", b"", {}) + request("GET", "/nothing", b"", {}))

    assert (await client.reply()).status == 200
    assert (await client.reply()).status == 404


async def test_a_client_that_closes_its_half_still_gets_the_answer(client: Client) -> None:
    await client.send(request("GET", "/healthz", b"", {}))
    client.writer.write_eof()

    assert (await client.reply()).status == 200
    assert await client.rest() == b""


async def test_an_idle_connection_is_closed(build: Build) -> None:
    site = await build(limits=Limits(idle_s=0.05))

    async with site.client() as client:
        assert await client.rest() == b""


async def test_a_request_that_trickles_in_is_answered_408(build: Build) -> None:
    site = await build(limits=Limits(request_s=0.05, linger_s=0.05))

    async with site.client() as client:
        await client.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        reply = await client.reply()

        assert (reply.status, reply.headers["connection"]) == (408, "close")


async def test_a_body_that_is_announced_too_big_is_refused_before_it_comes(client: Client) -> None:
    announced = {"Content-Length": "70000", "Content-Type": "application/json", "Expect": "100-continue"}
    await client.send(request("POST", "/api/v1/sim/tokens", b"", announced))

    reply = await client.reply()

    assert reply.status == 413
    assert reply.headers["content-type"] == "application/problem+json"


async def test_a_body_that_grows_too_big_is_refused_and_the_refusal_arrives(client: Client) -> None:
    chunks = {"Transfer-Encoding": "chunked", "Content-Type": "application/json"}
    await client.send(request("POST", "/api/v1/sim/tokens", b"", chunks) + b"20000\r\n" + b"x" * 0x20000)

    assert (await client.reply()).status == 413


async def test_a_client_that_asks_whether_to_go_on_is_told_so(site: Site, client: Client) -> None:
    body = b'{"online": false}'
    announced = {"Content-Length": str(len(body)), "Content-Type": "application/json", "Expect": "100-continue"}
    await client.send(request("POST", "/api/v1/sim/network", b"", announced))

    assert (await client.head())[0] == 100
    await client.send(body)
    assert (await client.reply()).status == 204
    assert site.controls.done == [("network", False)]


async def test_headers_beyond_their_bound_are_refused(client: Client) -> None:
    await client.send(request("GET", "/healthz", b"", {"X-Long": "x" * 40_000}))

    assert (await client.reply()).status == 431


async def test_what_is_no_http_is_answered_400_and_closed(client: Client) -> None:
    await client.send(b"\x16\x03\x01\x02\x00\r\n\r\n")

    assert (await client.reply()).status == 400
    assert await client.rest() == b""


async def test_a_handler_that_hangs_is_answered_503(build: Build) -> None:
    site = await build(limits=Limits(answer_s=0.05))

    async def hang() -> None:
        await asyncio.sleep(60)

    site.source.outbox_answer = hang

    async with site.client() as client:
        assert (await client.ask("GET", "/api/v1/outbox")).status == 503
        assert (await client.ask("GET", "/healthz")).status == 200


async def test_a_client_that_does_not_read_is_cut_off(build: Build) -> None:
    site = await build(limits=Limits(write_s=0.1, linger_s=0.05))
    site.source.now = replace(site.source.now, evses=site.source.now.evses * 400)

    async with site.client() as client:
        client.writer.write(request("GET", "/api/v1/status", b"", {}) * 200)

        async with asyncio.timeout(10), connect(site.port) as other:
            while b"evse_agent_api_connections 1\n" not in (await other.ask("GET", "/metrics")).body:
                continue


_PARTS = st.sampled_from(
    [
        b"GET ",
        b"POST ",
        b"HEAD ",
        b"/api/v1/sim/tokens",
        b"//[",
        b"/api/v1/outbox?limit=",
        b" HTTP/1.1\r\n",
        b"Host: localhost\r\n",
        b"Content-Length: 5\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Content-Type: application/json\r\n",
        b"Expect: 100-continue\r\n",
        b"Upgrade: websocket\r\nConnection: upgrade\r\n",
        b"\r\n",
        b"{}",
        b"0\r\n\r\n",
    ]
)


@given(st.lists(_PARTS | st.binary(max_size=40), max_size=12).map(b"".join))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_neither_crash_nor_hang_the_server(raw: bytes) -> None:
    async def scenario() -> None:
        limits = Limits(idle_s=0.5, request_s=0.5, linger_s=0.05)
        server = ApiServer(FakeSource(), None, EventStream(), host="127.0.0.1", port=0, limits=limits)
        port = await server.start()
        try:
            async with connect(port) as rude, connect(port) as polite:
                await rude.send(raw)
                rude.writer.write_eof()
                try:
                    answered = await rude.rest()
                except ConnectionResetError:
                    answered = b""
                assert b" 500 " not in answered

                assert (await polite.ask("GET", "/healthz")).status == 200
        finally:
            await server.stop()

    asyncio.run(scenario())
