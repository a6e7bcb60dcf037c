"""The contactor behind a lease, and the thread that opens it when nobody renews.

An event loop that hangs cannot open a contactor. The guard can: it is a plain thread that needs no loop, no
queue and no answer, only the lease's age in real time.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from hal.errors import HalError
from hal.parts import Contactor

log = logging.getLogger(__name__)

GUARD_INTERVAL_S = 0.05
LEASE_MARGIN_S = 2 * GUARD_INTERVAL_S
"""The guard acts this much before the lease's full length, so that the contactor is open when it is reached."""


class Guarded(Protocol):
    """What the guard watches."""

    def open_if_stale(self) -> bool:
        """Open the contactor if its lease ran out; tells whether it did. From any thread, without waiting."""
        ...


class LeasedContactor:
    """The only way to the contactor: it closes only under a fresh lease, and any thread may open it."""

    def __init__(
        self,
        contactor: Contactor,
        *,
        lease_s: float,
        real_monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._contactor = contactor
        self._lease_s = max(0.0, lease_s - LEASE_MARGIN_S)
        self._real_monotonic = real_monotonic
        self._lock = threading.Lock()  # held for one plain command, never across a wait
        self._renewed_at_s: float | None = None
        self._commanded_closed = False
        self._was_cut = False

    @property
    def commanded_closed(self) -> bool:
        """What the contactor was told last."""
        return self._commanded_closed

    @property
    def is_leased(self) -> bool:
        """The lease is fresh."""
        renewed_at_s = self._renewed_at_s
        return renewed_at_s is not None and self._real_monotonic() - renewed_at_s < self._lease_s

    def renew(self) -> None:
        """The lease begins anew."""
        self._renewed_at_s = self._real_monotonic()

    def give_up_lease(self) -> None:
        """No lease until the next `renew`."""
        self._renewed_at_s = None

    def take_cut(self) -> bool:
        """Whether the guard opened since the last call."""
        with self._lock:
            was_cut, self._was_cut = self._was_cut, False
            return was_cut

    def open(self) -> None:
        """Command it open. HalError where the command cannot be handed over: call again; the guard does, too."""
        with self._lock:
            self._contactor.open()
            self._commanded_closed = False

    def close(self) -> bool:
        """Command it closed; False where the lease is stale, and then nothing was commanded."""
        with self._lock:
            if not self.is_leased:
                return False
            self._commanded_closed = True  # before the command: a close that failed half-way must be opened
            self._contactor.close()
            return True

    def open_if_stale(self) -> bool:
        """What the guard calls."""
        with self._lock:
            if not self._commanded_closed or self.is_leased:
                return False
            self._contactor.open()
            self._commanded_closed = False
            self._was_cut = True
            return True


class Guard:
    """One thread for all ports of the station."""

    def __init__(self, ports: Sequence[Guarded], *, interval_s: float = GUARD_INTERVAL_S) -> None:
        self._ports = tuple(ports)
        self._interval_s = interval_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="contactor guard", daemon=True)
        self.cuts = 0
        self.failures = 0

    @property
    def is_alive(self) -> bool:
        """The thread runs; without it no energy should flow."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread; once."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; returns when it is gone, at most a second later."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(timeout=1.0)

    def _watch(self) -> None:
        while not self._ended.wait(self._interval_s):
            for port in self._ports:
                self._check(port)

    def _check(self, port: Guarded) -> None:
        try:
            if port.open_if_stale():
                self.cuts += 1
                log.error("lease ran out, contactor opened by the guard: %r", port)
        except HalError as error:
            # Tried again at the next round: the lease stays stale.
            self.failures += 1
            if self.failures == 1:
                log.error("guard could not open the contactor of %r: %s", port, error)  # noqa: TRY400 - its cause is said
        except Exception:
            # A guard that dies of one driver's bug protects nobody.
            self.failures += 1
            if self.failures == 1:
                log.exception("guard could not open the contactor of %r", port)
