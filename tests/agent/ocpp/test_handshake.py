"""Opening the link: what is offered, what is refused, and why it failed."""

import asyncio
import base64
import shutil
import socket as sockets
import ssl
import subprocess
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from agent.errors import ConnectFailed, ConnectFailure, SettingsError
from agent.ocpp.handshake import LinkSettings, authorization, connection_url, open_socket
from tests.fakes.loopback_csms import answer_heartbeats, csms_of, link


def test_the_identity_is_the_last_part_of_the_path_percent_encoded() -> None:
    settings = LinkSettings(url="wss://csms.example/ocppj/?tenant=1", identity="RDAM|1/2 3", subprotocols=("ocpp1.6",))

    assert connection_url(settings) == "wss://csms.example/ocppj/RDAM%7C1%2F2%203?tenant=1"


def test_the_password_may_be_any_bytes() -> None:
    settings = LinkSettings(url="ws://x", identity="CP001", subprotocols=("ocpp1.6",), password=b"\xff\x00:")

    header = authorization(settings)["Authorization"]

    assert base64.b64decode(header.removeprefix("Basic ")) == b"CP001:\xff\x00:"


def test_no_secret_shows_in_the_settings() -> None:
    settings = LinkSettings(url="ws://x", identity="CP001", subprotocols=("ocpp1.6",), password=b"hunter2")

    assert "hunter2" not in repr(settings)


async def test_versions_are_offered_in_order_with_one_authorization_and_our_name() -> None:
    requests: list[Request] = []

    async def note(_csms: ServerConnection, request: Request) -> None:
        requests.append(request)

    async with csms_of(answer_heartbeats, process_request=note) as url:
        socket = await open_socket(link(url, subprotocols=("ocpp2.0.1", "ocpp1.6"), password=b"secret"))
        await socket.close()

    (request,) = requests
    assert request.path == "/ocpp/CP%201"
    assert request.headers["Sec-WebSocket-Protocol"] == "ocpp2.0.1, ocpp1.6"
    assert request.headers.get_all("Authorization") == ["Basic " + base64.b64encode(b"CP 1:secret").decode()]
    assert request.headers["User-Agent"] == "evse-agent"
    assert "Sec-WebSocket-Extensions" not in request.headers


@pytest.mark.parametrize(("status", "headers"), [(401, {}), (404, {}), (503, {}), (302, {"Location": "/elsewhere"})])
async def test_an_http_status_is_told_and_no_redirect_is_followed(status: int, headers: dict[str, str]) -> None:
    paths: list[str] = []

    async def refuse(csms: ServerConnection, request: Request) -> Response:
        paths.append(request.path)
        response = csms.respond(HTTPStatus(status), "no\n")
        response.headers.update(headers)
        return response

    async with csms_of(answer_heartbeats, process_request=refuse) as url:
        with pytest.raises(ConnectFailed) as failed:
            await open_socket(link(url))

    assert (failed.value.reason, failed.value.status) == (ConnectFailure.HTTP_STATUS, status)
    assert paths == ["/ocpp/CP%201"]


async def test_a_csms_that_agrees_to_no_version_is_left() -> None:
    closed: list[int | None] = []

    async def wait(csms: ServerConnection) -> None:
        await csms.wait_closed()
        closed.append(csms.close_code)

    async with csms_of(wait, subprotocols=None) as url:
        with pytest.raises(ConnectFailed) as failed:
            await open_socket(link(url))

    assert failed.value.reason is ConnectFailure.SUBPROTOCOL
    assert closed == [1002]


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "socks_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")

    async with csms_of(answer_heartbeats) as url:
        socket = await open_socket(link(url))
        await socket.close()

    assert socket.close_code == 1000


async def test_a_csms_that_does_not_listen_is_unreachable() -> None:
    with sockets.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(ConnectFailed) as failed:
        await open_socket(link(f"ws://127.0.0.1:{port}"))

    assert failed.value.reason is ConnectFailure.UNREACHABLE


async def test_a_csms_that_says_nothing_times_out() -> None:
    with sockets.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        with pytest.raises(ConnectFailed) as failed:
            await open_socket(link(f"ws://127.0.0.1:{deaf.getsockname()[1]}", open_timeout_s=0.1))

    assert failed.value.reason is ConnectFailure.TIMEOUT


@pytest.mark.parametrize(("scheme", "reason"), [("ws", ConnectFailure.HANDSHAKE), ("wss", ConnectFailure.TLS)])
async def test_a_peer_that_speaks_something_else_is_told_apart(scheme: str, reason: ConnectFailure) -> None:
    async def smtp(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n" * 4)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(smtp, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        context = ssl.create_default_context()
        with pytest.raises(ConnectFailed) as failed:
            await open_socket(link(f"{scheme}://127.0.0.1:{port}", ssl=context))

    assert failed.value.reason is reason


@pytest.mark.parametrize(
    "changes",
    [
        {"subprotocols": ()},
        {"subprotocols": ("ocpp1.5",)},
        {"url": "ws://user:secret@127.0.0.1/"},
        {"url": "http://127.0.0.1/"},
        {"identity": "CP:1", "password": b"x"},
    ],
)
async def test_settings_that_cannot_work_are_refused_before_anything_is_sent(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as refused:
        await open_socket(replace(link("ws://127.0.0.1:1/"), **changes))

    assert "secret" not in str(refused.value)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that its own key signed, and that key."""
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    wanted = ["-subj", "/CN=csms", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-nodes"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subprocess.run(
        [*made, *wanted, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True, timeout=30
    )
    return certificate, key


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
async def test_only_a_certificate_that_is_trusted_is_accepted(certificate: tuple[Path, Path]) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(*certificate)
    trusting = ssl.create_default_context(cafile=str(certificate[0]))

    async with csms_of(answer_heartbeats, ssl=server_side) as plain_url:
        url = plain_url.replace("ws:", "wss:")
        with pytest.raises(ConnectFailed) as failed:
            await open_socket(link(url, ssl=ssl.create_default_context()))
        socket = await open_socket(link(url, ssl=trusting))
        await socket.close()

    assert failed.value.reason is ConnectFailure.CERTIFICATE
    assert socket.subprotocol == "ocpp2.0.1"
