"""The link to the CSMS: connect, register, stay; and offline operation for as long as it lasts.

Nothing else knows whether a socket exists. Who wants to say something asks `speaking()`, and gets an adapter
and a session only while the CSMS has accepted the station.
"""

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from agent.clock import Clock
from agent.errors import LinkError, LinkLost, StoreError
from agent.frozen import dataclass
from agent.log import get_logger
from agent.ocpp.adapter import (
    Adapter,
    BootAnswer,
    BootReason,
    Call,
    JsonObject,
    Registration,
    StationIdentity,
    Topology,
    WrongPayload,
)
from agent.ocpp.backoff import Backoff, BackoffSettings
from agent.ocpp.handshake import LinkSettings
from agent.ocpp.negotiate import adapter_for
from agent.ocpp.session import Handler, LinkEnd, Session, connect
from agent.station.device_model import DeviceModel
from agent.station.events import BootAnswered, Event, LinkChanged
from agent.station.id_token import IdToken, TokenInfo
from agent.station.standard_variables import (
    HEARTBEAT_INTERVAL,
    MESSAGE_TIMEOUT,
    RETRY_BACK_OFF_RANDOM_RANGE,
    RETRY_BACK_OFF_REPEAT_TIMES,
    RETRY_BACK_OFF_WAIT_MINIMUM,
    WEB_SOCKET_PING_INTERVAL,
)

log = get_logger(__name__)

OWN_BOOT_RETRY_S = 60.0
"""Wait before the next BootNotification where the CSMS names none (B02.FR.07, B03.FR.05)."""
TIME_SYNC_AT_LEAST_S = 86_400.0
"""G02.FR.07"""
LOOK_AGAIN_S = 1.0
"""Between two looks at what the CSMS may have changed."""
ENDING_LOOK_S = 0.02
"""Between two looks at a link that is ending."""


class LinkState(StrEnum):
    """How the station stands with its CSMS."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    REGISTERING = "registering"
    PENDING = "pending"
    REJECTED = "rejected"
    ONLINE = "online"


_UNREGISTERED = frozenset({LinkState.DISCONNECTED, LinkState.CONNECTING, LinkState.REGISTERING})


@dataclass(frozen=True, slots=True)
class Speaking:
    """A connection on which the CSMS may be told things."""

    adapter: Adapter
    session: Session


class ClockSet(Protocol):
    """What follows when the CSMS told the time."""

    async def __call__(self, utc: datetime) -> None: ...


class Link:
    """Keeps one connection to the CSMS alive and registered."""

    def __init__(
        self,
        settings: LinkSettings,
        *,
        identity: StationIdentity,
        topology: Topology,
        clock: Clock,
        model: Callable[[], DeviceModel],
        post: Callable[[Event], None],
        set_clock: ClockSet,
        boot_reason: BootReason = BootReason.POWER_UP,
    ) -> None:
        self.settings = settings
        self.state = LinkState.DISCONNECTED
        self.since = clock.now()
        """When it became, or stopped being, online, pending or rejected; attempts to connect do not count."""
        self.connects = 0
        self.last_failure = ""
        self.attempting = asyncio.Event()
        """Set once the first connection attempt is under way: what the link does not need may load now."""
        self.handler: Callable[[Speaking], Handler] = _no_handler
        self.on_lost: Callable[[], None] = _nobody_minds
        self.on_accepted: Callable[[], None] = _nobody_minds
        self._identity = identity
        self._topology = topology
        self._clock = clock
        self._model = model
        self._post = post
        self._set_clock = set_clock
        self._boot_reason = boot_reason
        self._accepted_as: str | None = None
        self._refused_as = LinkState.REGISTERING
        """How the last BootNotification was refused: PENDING or REJECTED; REGISTERING where none was."""
        self._boot_due_s = 0.0
        """Before this time of the loop a refused station does not boot again, on whatever connection."""
        self._speaking: Speaking | None = None
        self._online = asyncio.Event()
        self._boot_now = asyncio.Event()
        self._enabled = asyncio.Event()
        self._enabled.set()
        self._last_sent_s = 0.0

    @property
    def current(self) -> Speaking | None:
        """The connection in any state of registration; None while there is none."""
        return self._speaking

    @property
    def is_online(self) -> bool:
        """Connected and accepted."""
        return self._online.is_set()

    async def speaking(self) -> Speaking:
        """Wait until the CSMS listens."""
        while True:
            await self._online.wait()
            speaking = self._speaking
            if speaking is not None and speaking.session.is_open:
                return speaking
            # It has ended, and `run` has yet to hear of it; without this wait the caller would spin for ever.
            await asyncio.sleep(ENDING_LOOK_S)

    async def call(self, speaking: Speaking, call: Call, *, message_id: str | None = None) -> JsonObject:
        """Send one CALL; raises the LinkErrors of Session.call."""
        self._last_sent_s = self._clock.monotonic()
        try:
            return await speaking.session.call(call.action, call.payload, message_id=message_id)
        except LinkLost:
            if speaking is self._speaking:
                # The link takes a while to be wound up; who asks for it meanwhile must wait for the next one.
                self._online.clear()
            raise

    async def authorize(self, token: IdToken) -> TokenInfo | None:
        """The CSMS's word on a token; None where it cannot be had."""
        speaking = self._speaking
        if speaking is None or not self.is_online:
            return None
        try:
            payload = await self.call(speaking, speaking.adapter.authorize(token))
            return speaking.adapter.authorize_answer(payload)
        except (LinkError, WrongPayload) as error:
            log.warning("authorization unanswered", token=token, why=error)
            return None

    def boot_again(self) -> None:
        """The CSMS triggered a BootNotification."""
        self._boot_now.set()

    def set_network(self, *, online: bool) -> None:
        """Pull or plug the network cable (simulation): without it the socket is gone at once."""
        if online:
            self._enabled.set()
            return
        self._enabled.clear()
        if self._speaking is not None:
            self._speaking.session.abort()

    async def answered(self, *, within_s: float) -> None:
        """Return once the CSMS has its answers, after `within_s` at the latest; at once where there is no link."""
        if self._speaking is not None:
            await self._speaking.session.answered(within_s=within_s)

    async def close(self, *, within_s: float) -> None:
        """Take leave of the CSMS in order, if it answers in time."""
        if self._speaking is not None:
            await self._speaking.session.close(limit_s=within_s)

    async def run(self) -> None:
        """Connect, stay, reconnect, for ever."""
        backoff = Backoff(self._backoff_settings())
        while True:
            await self._enabled.wait()
            self._to(LinkState.CONNECTING)
            self.attempting.set()
            connects, began_s = self.connects, time.monotonic()
            accepted = await self._connect_once()
            self._to(LinkState.DISCONNECTED)
            if self.connects > connects:
                backoff.link_ended(accepted=accepted, lived_s=time.monotonic() - began_s)
            backoff.settings = self._backoff_settings()
            # Network time is real time, also where the station's own is accelerated.
            await asyncio.sleep(backoff.next_delay_s(dice=random.random()))
            if self.connects == connects:
                backoff.attempt_failed()

    def _backoff_settings(self) -> BackoffSettings:
        model = self._model()
        return BackoffSettings(
            wait_minimum_s=model.integer(RETRY_BACK_OFF_WAIT_MINIMUM),
            random_range_s=model.integer(RETRY_BACK_OFF_RANDOM_RANGE),
            repeat_times=model.integer(RETRY_BACK_OFF_REPEAT_TIMES),
        )

    async def _connect_once(self) -> bool:
        """One connection from beginning to end; True if the CSMS had accepted us on it."""
        model = self._model()
        settings = replace(
            self.settings,
            ping_interval_s=float(model.integer(WEB_SOCKET_PING_INTERVAL)),
            call_timeout_s=float(model.integer(MESSAGE_TIMEOUT)),
        )
        try:
            session = await connect(settings)
        except (LinkError, OSError) as error:
            self._failed(str(error) or type(error).__name__)
            return False
        if not self._enabled.is_set():
            # The cable was pulled while we knocked.
            session.abort()
            await session.close()
            return False
        self.connects += 1
        speaking = Speaking(adapter_for(session.subprotocol, self._topology), session)
        log.info("connected", url=self.settings.url, subprotocol=session.subprotocol)
        self._speaking = speaking
        registering = asyncio.create_task(self._register(speaking), name="register")
        why = ""
        try:
            why = _told(await session.run(self.handler(speaking)))
        finally:
            registering.cancel()
            await asyncio.gather(registering, return_exceptions=True)
            was_online = self.state is LinkState.ONLINE
            self._online.clear()
            self._speaking = None
            await session.close()
            if was_online:
                self.on_lost()
                self._post(LinkChanged(online=False))
        self._failed(why)
        return was_online

    def _failed(self, why: str) -> None:
        if why != self.last_failure:
            # Once per reason: a CSMS that is away for weeks must not fill the log.
            log.warning("no link", why=why)
        self.last_failure = why

    async def _register(self, speaking: Speaking) -> None:
        """Bring a fresh connection to ONLINE and keep it useful."""
        try:
            if self._accepted_as != speaking.adapter.subprotocol:
                await self._boot_until_accepted(speaking, self._boot_reason)
            self._go_online(speaking)
            await self._keep(speaking)
        except LinkError as error:
            log.warning("registration failed", why=error)
            speaking.session.abort()
        except Exception as error:  # noqa: BLE001 - the task's edge: logged, and the next connection is a new try
            log.error("registration failed", cause=error)
            speaking.session.abort()

    def _go_online(self, speaking: Speaking) -> None:
        self._accepted_as = speaking.adapter.subprotocol
        self.last_failure = ""
        self._to(LinkState.ONLINE)
        self._online.set()
        self._post(LinkChanged(online=True))

    async def _boot_until_accepted(self, speaking: Speaking, reason: BootReason) -> None:
        """B01 to B03; 1.6 4.2."""
        self._to(self._refused_as)
        if self._refused_as is LinkState.REGISTERING:
            self._boot_due_s = 0.0
        while True:
            if await self._triggered_before_due():
                reason = BootReason.TRIGGERED
            answer = await self._boot(speaking, reason)
            if answer is not None and answer.status is Registration.ACCEPTED:
                self._refused_as = LinkState.REGISTERING
                return
            wait_s = float(answer.interval_s) if answer is not None and answer.interval_s > 0 else OWN_BOOT_RETRY_S
            self._boot_due_s = asyncio.get_running_loop().time() + wait_s
            if answer is not None:
                pending = answer.status is Registration.PENDING
                self._refused_as = LinkState.PENDING if pending else LinkState.REJECTED
                self._to(self._refused_as)
                self._post(BootAnswered(accepted=False))

    async def _triggered_before_due(self) -> bool:
        """Wait until the next BootNotification may be sent: at its time, or (True) when the CSMS asks (B02.FR.04)."""
        self._boot_now.clear()
        try:
            async with asyncio.timeout_at(self._boot_due_s):
                await self._boot_now.wait()
        except TimeoutError:
            return False
        return True

    async def _boot(self, speaking: Speaking, reason: BootReason) -> BootAnswer | None:
        """One BootNotification; None where it was not answered or refused."""
        try:
            payload = await self.call(speaking, speaking.adapter.boot_notification(self._identity, reason))
            answer = speaking.adapter.boot_answer(payload)
        except (LinkError, WrongPayload) as error:
            log.warning("BootNotification unanswered", why=error)
            if not speaking.session.is_open:
                raise LinkLost("while registering") from error
            return None
        log.info("registration", status=answer.status, interval_s=answer.interval_s)
        await self._follow_time(answer.current_time)
        if answer.status is Registration.ACCEPTED:
            self.on_accepted()
            self._post(BootAnswered(accepted=True, heartbeat_s=answer.interval_s))
        return answer

    async def _keep(self, speaking: Speaking) -> None:
        """Heartbeats while nothing else is said (G02), and triggered boots."""
        synced_s = self._clock.monotonic()
        while True:
            interval_s = float(self._model().integer(HEARTBEAT_INTERVAL))
            now_s = self._clock.monotonic()
            due_s = min(self._last_sent_s + interval_s, synced_s + TIME_SYNC_AT_LEAST_S)
            if now_s < due_s:
                # The CSMS may change the interval, or ask for a boot, at any time.
                await self._clock.sleep(min(due_s - now_s, LOOK_AGAIN_S))
            else:
                await self.heartbeat(speaking)
                synced_s = self._clock.monotonic()
            if self._boot_now.is_set():
                self._boot_now.clear()
                await self._boot(speaking, BootReason.TRIGGERED)
            speaking.session.set_ping_interval(float(self._model().integer(WEB_SOCKET_PING_INTERVAL)))

    async def heartbeat(self, speaking: Speaking) -> None:
        """One Heartbeat, and the clock set by its answer (G02.FR.06)."""
        try:
            payload = await self.call(speaking, speaking.adapter.heartbeat())
            utc = speaking.adapter.heartbeat_answer(payload)
        except (LinkError, WrongPayload) as error:
            log.warning("heartbeat unanswered", why=error)
            return
        await self._follow_time(utc)

    async def _follow_time(self, utc: datetime) -> None:
        try:
            await self._set_clock(utc)
        except StoreError as error:
            # A full disk must not keep the station from its CSMS.
            log.error("time of the CSMS not stored", cause=error)

    def _to(self, state: LinkState) -> None:
        if state is not self.state:
            log.debug("link", state=state, before=self.state)
            if not {state, self.state} <= _UNREGISTERED:
                self.since = self._clock.now()
            self.state = state


def _told(end: LinkEnd) -> str:
    """Why a link ended, for the log."""
    if end.silent:
        return "the CSMS stopped answering"
    return f"closed with code {end.code} {end.reason}".rstrip()


def _nobody_minds() -> None:
    """What happens where nobody wired anything."""


def _no_handler(speaking: Speaking) -> Handler:
    raise RuntimeError(f"nobody answers on {speaking.adapter.subprotocol}")
