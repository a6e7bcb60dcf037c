"""The bench CSMS: a WebSocket server for many stations in one event loop."""

import base64
import binascii
import contextlib
import hmac
import logging
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self
from urllib.parse import unquote, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from hil.csms.desk import Desk
from hil.csms.errors import BenchError
from hil.csms.ledger import Ledger
from hil.csms.record import KEEP_MESSAGES, Event, Handshake, Observer, StationRefused, Violation
from hil.csms.station import Station
from hil.csms.tokens import TokenTable
from hil.csms.versions import V16, V201, version_of

log = logging.getLogger(__name__)

BACKLOG: Final = 1024  # 500 stations may come back in the same second
OPEN_LIMIT_S: Final = 5.0
CLOSE_LIMIT_S: Final = 1.0
EVERYBODY: Final = "*"


class Negotiation(StrEnum):
    """What the upgrade says about the sub-protocol."""

    FIRST_OFFERED = "the first of the station's list that the bench speaks"
    NONE = "none, although the station offered some: it has to close"


@dataclass(slots=True)
class Refuse:
    """An HTTP refusal, for so many upgrades (None: until lifted)."""

    status: int
    times: int | None


class BenchCsms:
    """A CSMS for rigs, demos and tests; use it with `async with`.

    `versions` are sub-protocol names; `basic_auth` maps identities to passwords; `identities` None admits all;
    `port` 0 takes a free one, see `url`.
    Leaving the block raises BenchError when a scripted callable or an observer failed.
    """

    def __init__(  # noqa: PLR0913 - one keyword for each thing a rig or a test may want to set
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        versions: Sequence[str] = (V201, V16),
        basic_auth: Mapping[str, str | bytes] | None = None,
        identities: Collection[str] | None = None,
        tokens: TokenTable | None = None,
        first_transaction_id: int = 1,
        heartbeat_interval_s: int = 300,
        ping_interval_s: float | None = None,
        keep_messages: int = KEEP_MESSAGES,
        tls: ssl.SSLContext | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        for version in versions:
            version_of(version)
        self.ledger = Ledger(first_transaction_id=first_transaction_id)
        self.desk = Desk(now or _utc_now, tokens or TokenTable(), self.ledger, heartbeat_interval_s)
        self.violations: list[Violation] = []
        self.failures: list[Exception] = []
        self.negotiation = Negotiation.FIRST_OFFERED
        self.identities = None if identities is None else set(identities)
        self.stations: dict[str, Station] = {}
        self.host = host
        self.port = port
        self._versions = tuple(versions)
        self._passwords = None if basic_auth is None else {name: _raw(word) for name, word in basic_auth.items()}
        self._ping_interval_s = ping_interval_s
        self._keep_messages = keep_messages
        self._tls = tls
        self._refusals: dict[str, Refuse] = {}
        self._observers: list[Observer] = []
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        await self.listen_again()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop_listening(gracefully=True)
        if error is None and self.failures:
            raise BenchError(
                f"{len(self.failures)} failed inside the bench, the first: {self.failures[0]!r}"
            ) from self.failures[0]

    @property
    def url(self) -> str:
        """Where stations connect; they append their identity as one more path element."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ws' if self._tls is None else 'wss'}://{host}:{self.port}/ocpp"

    # --- stations -----------------------------------------------------------------------------------------------

    def prepare(self, identity: str) -> Station:
        """The station of this identity, connected or not: to script it before it comes."""
        station = self.stations.get(identity)
        if station is None:
            station = Station(identity, office=self, keep_messages=self._keep_messages)
            self.stations[identity] = station
        return station

    async def station(self, identity: str, *, timeout_s: float = 10.0) -> Station:
        """The station of this identity once it is connected; raises NotSeen."""
        station = self.prepare(identity)
        await station.wait_connected(timeout_s=timeout_s)
        return station

    def refuse(self, identity: str = EVERYBODY, *, status: int, times: int | None = None) -> None:
        """Answer upgrades with this HTTP status, so many times or until `admit`."""
        self._refusals[identity] = Refuse(status, times)

    def admit(self, identity: str = EVERYBODY) -> None:
        """Lift what `refuse` set."""
        self._refusals.pop(identity, None)

    # --- down and back ------------------------------------------------------------------------------------------

    async def stop_listening(self, *, gracefully: bool = False) -> None:
        """Go down: new connections are refused by TCP, links are cut (gracefully: closed with 1001)."""
        server, self._server = self._server, None
        if server is None:
            return
        for station in self.stations.values():
            if not gracefully or station.silent:
                station.drop()
        server.close(close_connections=gracefully)
        await server.wait_closed()

    async def listen_again(self) -> None:
        """Come back on the same port; nothing happens while listening."""
        if self._server is not None:
            return
        self._server = await serve(
            self._serve,
            self.host,
            self.port,
            process_request=self._admit_or_refuse,
            process_response=self._note_handshake,
            select_subprotocol=self._select,
            compression=None,
            open_timeout=OPEN_LIMIT_S,
            close_timeout=CLOSE_LIMIT_S,
            ping_interval=self._ping_interval_s,
            ping_timeout=self._ping_interval_s,
            backlog=BACKLOG,
            ssl=self._tls,
        )
        self.port = int(next(iter(self._server.sockets)).getsockname()[1])

    # --- observers ----------------------------------------------------------------------------------------------

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer` with each event, on the event loop; returns what ends it."""
        self._observers.append(observer)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._observers.remove(observer)

        return unsubscribe

    def emit(self, event: Event) -> None:
        """Tell the observers; one that fails is logged and remembered, the others still hear it."""
        for observer in list(self._observers):
            try:
                observer(event)
            except Exception as error:  # noqa: BLE001 - foreign code; reported when the CSMS ends
                log.exception("an observer failed")
                self.failures.append(error)

    # --- the upgrade --------------------------------------------------------------------------------------------

    def _admit_or_refuse(self, ws: ServerConnection, request: Request) -> Response | None:
        identity = _identity(request.path)
        refused = self._refusal(identity)
        if refused is not None:
            return ws.respond(refused, f"{refused}\n")
        if not identity or (self.identities is not None and identity not in self.identities):
            return ws.respond(HTTPStatus.NOT_FOUND, "no such station\n")
        if not self._password_fits(identity, request.headers.get("Authorization")):
            response = ws.respond(HTTPStatus.UNAUTHORIZED, "wrong identity or password\n")
            response.headers["WWW-Authenticate"] = 'Basic realm="bench"'
            return response
        return None

    def _refusal(self, identity: str) -> HTTPStatus | None:
        for name in (identity, EVERYBODY):
            refuse = self._refusals.get(name)
            if refuse is None:
                continue
            if refuse.times is not None:
                refuse.times -= 1
                if refuse.times <= 0:
                    del self._refusals[name]
            return HTTPStatus(refuse.status)
        return None

    def _password_fits(self, identity: str, header: str | None) -> bool:
        if self._passwords is None:
            return True
        scheme, _, encoded = (header or "").partition(" ")
        try:
            user, _, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        except binascii.Error:
            return False
        expected = self._passwords.get(identity)
        if scheme.lower() != "basic" or expected is None:
            return False
        # A00.FR.204: the user name is the station's identity.
        return hmac.compare_digest(user, identity.encode()) and hmac.compare_digest(password, expected)

    def _select(self, _ws: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        if self.negotiation is Negotiation.NONE:
            return None
        return next((name for name in offered if name in self._versions), None)

    def _note_handshake(self, _ws: ServerConnection, request: Request, response: Response) -> None:
        identity = _identity(request.path)
        now = self.desk.now()
        offered = tuple(
            name.strip() for line in request.headers.get_all("Sec-WebSocket-Protocol") for name in line.split(",")
        )
        handshake = Handshake(
            now,
            request.path,
            offered,
            response.headers.get("Sec-WebSocket-Protocol"),
            response.status_code,
            request.headers.get("Authorization"),
        )
        known = self.stations.get(identity)
        if response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            known = self.prepare(identity)
        else:
            self.emit(StationRefused(now, identity, response.status_code))
        if known is not None:
            known.handshakes.append(handshake)

    async def _serve(self, ws: ServerConnection) -> None:
        if ws.request is None:
            raise BenchError("a connection without a request")
        if ws.subprotocol is None and self.negotiation is Negotiation.FIRST_OFFERED:
            # OCPP-J 1.6 section 3.3 and 2.0.1 part 4, section 3.2: accept without a sub-protocol, then close.
            await ws.close(1002, "no common sub-protocol")
            return
        await self.prepare(_identity(ws.request.path)).serve(ws)


def _identity(path: str) -> str:
    return unquote(urlsplit(path).path.rsplit("/", 1)[-1])


def _raw(password: str | bytes) -> bytes:
    return password.encode() if isinstance(password, str) else password


def _utc_now() -> datetime:
    return datetime.now(UTC)
