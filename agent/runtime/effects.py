"""Carrying out effects: the station's imperatives handed to ports, link and process."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, assert_never

from agent.log import get_logger
from agent.runtime.hal_watch import PortWatch
from agent.runtime.tasks import Tasks
from agent.station.connector import ConnectorStatus
from agent.station.effects import (
    AskAuthorization,
    CacheToken,
    Effect,
    ForgetCache,
    LockConnector,
    PermitEnergy,
    ReadMeter,
    Record,
    Reply,
    ReportStatus,
    Restart,
    SendTriggered,
    StoreLocalList,
    StoreVariable,
    Unlock,
    WithdrawEnergy,
)
from agent.station.events import Event, MeterSampled, TokenAnswered, UnlockFinished
from agent.station.id_token import IdToken, TokenInfo
from hal.errors import HalError
from hal.port import Port

log = get_logger(__name__)

UNLOCK_WITHIN_S = 20.0

LOOKS = {
    ConnectorStatus.AVAILABLE: "free",
    ConnectorStatus.PREPARING: "authorized",
    ConnectorStatus.CHARGING: "charging",
    ConnectorStatus.SUSPENDED_EV: "suspended",
    ConnectorStatus.SUSPENDED_EVSE: "suspended",
    ConnectorStatus.FINISHING: "finishing",
    ConnectorStatus.RESERVED: "reserved",
    ConnectorStatus.UNAVAILABLE: "unavailable",
    ConnectorStatus.FAULTED: "fault",
}
"""What an EVSE's indicator shows for a status (hal.parts.Indicator)."""


class PortControl:
    """One port as the effects see it: a permission waits for the cable lock that was ordered before it."""

    def __init__(self, port: Port, watch: PortWatch, *, tasks: Tasks) -> None:
        self.port = port
        self._watch = watch
        self._tasks = tasks
        self._wanted_a: float | None = None
        self._lock_due: object | None = None
        """The lock ordered last, until it has succeeded."""
        self._lock_moves = asyncio.Lock()
        """One move at a time, in the order given: an unlock must not undo the lock that was ordered after it."""
        self._reading = False

    def permit(self, limit_a: float) -> None:
        """Allow energy, once the lock ordered before has succeeded (2.0.1 G05.FR.01)."""
        self._wanted_a = limit_a
        if self._lock_due is None:
            self.port.permit(limit_a)

    def withdraw(self) -> None:
        """Stop now."""
        self._wanted_a = None
        self.port.withdraw()

    def lock(self) -> None:
        """Begin to lock the cable, after whatever move of the lock is under way."""
        self._lock_due = due = object()
        self._tasks.start(self._lock(due), name=f"lock EVSE {self.port.evse_id}")

    async def _lock(self, due: object) -> None:
        async with self._lock_moves:
            locked = await self.port.lock()
        if not locked or self._lock_due is not due:
            # A lock that failed is a fault that the port reports; the station then ends the transaction.
            return
        self._lock_due = None
        if self._wanted_a is not None:
            self.port.permit(self._wanted_a)

    def unlock(self, ticket: int | None, post: Callable[[Event], None]) -> None:
        """Release the cable and tell."""
        if not self._tasks.start(self._unlock(ticket, post), name=f"unlock EVSE {self.port.evse_id}"):
            post(UnlockFinished(self.port.evse_id, ticket, unlocked=False))

    async def _unlock(self, ticket: int | None, post: Callable[[Event], None]) -> None:
        unlocked = False
        try:
            async with asyncio.timeout(UNLOCK_WITHIN_S), self._lock_moves:
                unlocked = await self.port.unlock()
        except TimeoutError:
            log.warning("unlock took too long", evse=self.port.evse_id)
        finally:
            post(UnlockFinished(self.port.evse_id, ticket, unlocked))

    def read_meter(self, post: Callable[[Event], None]) -> None:
        """Read now, unless a reading is under way."""
        if not self._reading:
            name = f"read meter of EVSE {self.port.evse_id}"
            self._reading = self._tasks.start(self._read_meter(post), name=name)

    async def _read_meter(self, post: Callable[[Event], None]) -> None:
        try:
            post(MeterSampled(self._watch.sample(await self.port.read_meter())))
        except HalError as error:
            # The port's own polling judges the meter; this was one reading more.
            log.debug("meter did not answer", evse=self.port.evse_id, why=error)
        finally:
            self._reading = False


class Effects:
    """The table from effect to deed."""

    def __init__(self, controls: dict[int, PortControl], *, tasks: Tasks) -> None:
        self.controls = controls
        self._tasks = tasks
        # Wired by the composition root, once the parts that need each other exist.
        self.post: Callable[[Event], None] = _not_wired
        self.authorize: Callable[[IdToken], Coroutine[Any, Any, TokenInfo | None]] = _not_wired
        self.report_status: Callable[[ReportStatus], None] = _not_wired
        self.send_triggered: Callable[[SendTriggered], None] = _not_wired
        self.restart: Callable[[Restart], None] = _not_wired
        self.wake_outbox: Callable[[], None] = _not_wired

    def act(self, effect: Effect) -> None:  # noqa: C901, PLR0912 - the one dispatch table
        """Carry out one effect; what takes time goes on in a named task."""
        match effect:
            case Record():
                self.wake_outbox()
            case PermitEnergy(evse_id, limit_a):
                self.controls[evse_id].permit(limit_a)
            case WithdrawEnergy(evse_id):
                self.controls[evse_id].withdraw()
            case LockConnector(evse_id):
                self.controls[evse_id].lock()
            case Unlock(evse_id, ticket):
                self.controls[evse_id].unlock(ticket, self.post)
            case ReadMeter(evse_id):
                self.controls[evse_id].read_meter(self.post)
            case AskAuthorization():
                if not self._tasks.start(self._ask(effect), name="authorize"):
                    self.post(TokenAnswered(effect.ticket, None))
            case ReportStatus(evse_id, _, status):
                self.report_status(effect)
                if evse_id in self.controls:
                    self.controls[evse_id].port.show(LOOKS[status])
            case SendTriggered():
                self.send_triggered(effect)
            case Restart():
                self.restart(effect)
            case CacheToken() | ForgetCache() | StoreVariable() | StoreLocalList() | Reply():
                pass  # done by the commit and by the runner
            case _:
                assert_never(effect)

    async def _ask(self, effect: AskAuthorization) -> None:
        info: TokenInfo | None = None
        try:
            info = await self.authorize(effect.token)
        finally:
            self.post(TokenAnswered(effect.ticket, info))


def _not_wired(*_: object) -> Any:
    raise RuntimeError("an effect came before the agent was wired")
