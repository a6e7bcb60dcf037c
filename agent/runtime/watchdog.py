"""The service manager's watchdog (sd_notify(3), sd_watchdog_enabled(3)): fed while all works that keeps a charger safe.

That is the event loop, the guard's thread, every port's supervision and the database's writer. The CSMS is not among
them: a charger without its link goes on, and a restart would not bring the link back.
"""

import asyncio
import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from agent.errors import AgentError
from agent.log import get_logger
from hal.guard import Guard
from hal.port import Port

log = get_logger(__name__)

FEEDS_PER_LIMIT = 4
"""Twice as often as it must be: one turn of a busy machine that comes late is no reason to be killed."""
IDLE_INTERVAL_S = 5.0
"""Between two looks where nobody watches over the service."""
SUPERVISED_WITHIN_S = 2.0
"""A port looks after itself ten times a second."""
STORE_ANSWERS_WITHIN_S = 20.0
"""Worn SD cards stop for seconds and go on; one that is silent for longer will not come back."""
STARTS_WITHIN_S = 5.0


class Notifier:
    """Datagrams to the service manager; never waits, and says nothing where there is none."""

    def __init__(self, address: str | None) -> None:
        self._socket: socket.socket | None = None
        self._address = ""
        self._has_failed = False
        if address is None or address[:1] not in ("/", "@"):
            return
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)

    def tell(self, *lines: str) -> None:
        """Send assignments, such as READY=1, in one datagram."""
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            if not self._has_failed:
                log.warning("service manager cannot be told", cause=error)
            self._has_failed = True
        else:
            self._has_failed = False

    def close(self) -> None:
        """Say nothing any more; harmless when repeated."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def watchdog_s(environ: Mapping[str, str] = os.environ, *, pid: int | None = None) -> float | None:
    """The longest silence the service manager bears; None where it does not watch this process."""
    usec, meant = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not usec.isdecimal() or int(usec) == 0:
        return None
    if meant and meant != str(os.getpid() if pid is None else pid):
        return None
    return int(usec) / 1e6


class StorePulse:
    """Asks the database's writer again and again: whether it answered lately."""

    def __init__(self, ask: Callable[[], Awaitable[object]], *, within_s: float = STORE_ANSWERS_WITHIN_S) -> None:
        self._ask = ask
        self._within_s = within_s
        self._answered_at_s = time.monotonic()

    @property
    def answers(self) -> bool:
        """It did."""
        return time.monotonic() - self._answered_at_s < self._within_s

    async def run(self, *, interval_s: float) -> None:
        """Ask for ever; an error is an answer: the writer lives, and its troubles are told elsewhere."""
        while True:
            with suppress(AgentError):
                await self._ask()
            self._answered_at_s = time.monotonic()
            await asyncio.sleep(interval_s)


class Watchdog:
    """`checks` by name: whether each works. `run` feeds while all of them do, and tells what does not."""

    def __init__(
        self,
        checks: Mapping[str, Callable[[], bool]],
        *,
        store: StorePulse,
        notifier: Notifier,
        limit_s: float | None,
    ) -> None:
        self.failing: tuple[str, ...] = ()
        """What does not work, since the last look."""
        self._checks = checks
        self._store = store
        self._notifier = notifier
        self._interval_s = IDLE_INTERVAL_S if limit_s is None else limit_s / FEEDS_PER_LIMIT
        self._is_over = False

    @classmethod
    def of(cls, guard: Guard, ports: Mapping[int, Port], *, ask_store: Callable[[], Awaitable[object]]) -> "Watchdog":
        """As the service manager asks for it in the environment."""
        checks = {"guard": lambda: guard.is_alive, **{f"port {number}": supervised(ports[number]) for number in ports}}
        notifier = Notifier(os.environ.get("NOTIFY_SOCKET"))
        return cls(checks, store=StorePulse(ask_store), notifier=notifier, limit_s=watchdog_s())

    async def run(self) -> None:
        """Tell that the service is up, then feed for ever."""
        pulse = asyncio.create_task(self._store.run(interval_s=self._interval_s), name="store pulse")
        try:
            self._notifier.tell("READY=1", "STATUS=working")
            while True:
                self._look()
                await asyncio.sleep(self._interval_s)
        finally:
            pulse.cancel()
            await asyncio.wait([pulse])

    def stopping(self, *, restarts: bool) -> None:
        """The agent ends, its contactors are told to open; `restarts` where the next one follows in this process."""
        self._is_over = True
        self._notifier.tell(*(("WATCHDOG=1", "STATUS=restarting") if restarts else ("STOPPING=1", "STATUS=stopping")))

    def ended(self, *, restarts: bool) -> None:
        """Nothing runs any more."""
        if restarts:
            self._notifier.tell("WATCHDOG=1")  # until the next one feeds, and without energy
        self._notifier.close()

    def _look(self) -> None:
        if self._is_over:
            return
        failing = tuple(name for name, works in self._checks.items() if not works())
        failing += () if self._store.answers else ("store",)
        if failing != self.failing:
            self.failing = failing
            if failing:
                log.error("watchdog is not fed", failing=failing)
            self._notifier.tell("STATUS=" + (f"not working: {', '.join(failing)}" if failing else "working"))
        if not failing:
            self._notifier.tell("WATCHDOG=1")


def supervised(port: Port) -> Callable[[], bool]:
    """Whether a port looked after itself lately; it has a while to begin."""
    began_s = time.monotonic()

    def works() -> bool:
        now_s = time.monotonic()
        if port.checked_at_s is None:
            return now_s - began_s < STARTS_WITHIN_S
        return now_s - port.checked_at_s < SUPERVISED_WITHIN_S

    return works
