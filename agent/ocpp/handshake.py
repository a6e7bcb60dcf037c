"""Opening the WebSocket to the CSMS (OCPP-J section 3), and why it did not open, in the agent's own errors."""

import base64
import ssl as tls
from dataclasses import field
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket_connect
from websockets.exceptions import InvalidStatus, InvalidURI, NegotiationError, WebSocketException
from websockets.typing import Subprotocol

from agent.errors import ConnectFailed, ConnectFailure, SettingsError
from agent.frozen import dataclass
from agent.ocpp.frame import MAX_BYTES
from agent.ocpp.negotiate import schema_version

# Up to this factor over its limit a frame is read and refused; a longer one ends the link (RFC 6455, 1009).
_SOCKET_ALLOWANCE = 4
_CLOSE_UNAGREED_S = 1.0
_PROTOCOL_ERROR = 1002  # RFC 6455 section 7.4.1
_READ_AT_ONCE = 16 * 1024


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """Where and how to reach the CSMS. `ping_interval_s` 0 sends no pings (2.0.1 section 8.4)."""

    url: str
    identity: str
    subprotocols: tuple[str, ...]
    password: bytes | None = field(default=None, repr=False)
    ping_interval_s: float = 30.0
    ping_timeout_s: float = 20.0
    open_timeout_s: float = 20.0
    call_timeout_s: float = 30.0
    handler_timeout_s: float = 60.0
    max_handlers: int = 8
    max_message_bytes: int = MAX_BYTES
    ssl: tls.SSLContext | None = field(default=None, repr=False)
    user_agent: str = "evse-agent"


class _Connect(websocket_connect):
    """Redirects are refused: they would hand the password, or the station, to whoever answers."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def open_socket(settings: LinkSettings) -> ClientConnection:
    """A socket with an agreed sub-protocol. Raises ConnectFailed; SettingsError for settings that cannot work."""
    _check(settings)
    try:
        socket = await _connect(settings)
    except InvalidURI as error:
        raise SettingsError(f"csms.url: {error}") from error
    except TimeoutError as error:
        raise ConnectFailed(ConnectFailure.TIMEOUT, str(error)) from error
    except tls.SSLCertVerificationError as error:
        raise ConnectFailed(ConnectFailure.CERTIFICATE, error.verify_message) from error
    except tls.SSLError as error:
        raise ConnectFailed(ConnectFailure.TLS, error.reason or str(error)) from error
    except OSError as error:
        raise ConnectFailed(ConnectFailure.UNREACHABLE, str(error)) from error
    except InvalidStatus as error:
        status = error.response.status_code
        raise ConnectFailed(ConnectFailure.HTTP_STATUS, str(status), status=status) from error
    except NegotiationError as error:
        raise ConnectFailed(ConnectFailure.SUBPROTOCOL, str(error)) from error
    except WebSocketException as error:
        raise ConnectFailed(ConnectFailure.HANDSHAKE, str(error)) from error
    if socket.subprotocol is None:
        # 2.0.1 section 3.2: a CSMS that agrees to no version says so by leaving the header out.
        socket.close_timeout = _CLOSE_UNAGREED_S
        await socket.close(_PROTOCOL_ERROR, "no agreed sub-protocol")
        raise ConnectFailed(ConnectFailure.SUBPROTOCOL, f"offered {', '.join(settings.subprotocols)}")
    _read_in_small_pieces(socket)
    return socket


def _read_in_small_pieces(socket: ClientConnection) -> None:
    """asyncio asks the kernel for 256 KiB at a time: memory mapped and unmapped for every message of 200 bytes."""
    if hasattr(socket.transport, "max_size"):  # asyncio's own plain transports; not TLS, where it changes nothing
        socket.transport.max_size = _READ_AT_ONCE


def connection_url(settings: LinkSettings) -> str:
    """The endpoint's URL with the percent-encoded identity as last part of its path (section 3.1.1)."""
    parts = urlsplit(settings.url)
    path = f"{parts.path.rstrip('/')}/{quote(settings.identity, safe='')}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def authorization(settings: LinkSettings) -> dict[str, str]:
    """The Basic header; built from bytes, because a key may be any bytes (1.6-J section 6.2.2)."""
    if settings.password is None:
        return {}
    credentials = settings.identity.encode() + b":" + settings.password
    return {"Authorization": "Basic " + base64.b64encode(credentials).decode("ascii")}


async def _connect(settings: LinkSettings) -> ClientConnection:
    url = connection_url(settings)
    # websockets refuses a context for ws: and makes a default one for wss: where none is named.
    extra: dict[str, Any] = {"ssl": settings.ssl} if settings.ssl is not None and url.startswith("wss:") else {}
    return await _Connect(
        url,
        subprotocols=[Subprotocol(name) for name in settings.subprotocols],
        additional_headers=authorization(settings),
        user_agent_header=settings.user_agent,
        proxy=None,
        compression=None,  # saves 300 KiB a connection; no station has to offer it (2.1 section 3.4)
        open_timeout=settings.open_timeout_s,
        ping_interval=None,  # agent.ocpp.session pings by itself: its interval can be changed and switched off
        close_timeout=settings.ping_timeout_s,
        max_size=settings.max_message_bytes * _SOCKET_ALLOWANCE,
        **extra,
    )


def _check(settings: LinkSettings) -> None:
    if not settings.subprotocols:
        raise SettingsError("csms.ocpp_versions: name at least one")
    for name in settings.subprotocols:
        schema_version(name)
    parts = urlsplit(settings.url)
    if parts.username is not None or parts.password is not None:
        raise SettingsError("csms.url: no user or password here; use csms.basic_auth_password_file")
    if settings.password is not None and ":" in settings.identity:
        # RFC 7617: the colon ends the user name.
        raise SettingsError("station.identity: with a password it may not hold a colon")
