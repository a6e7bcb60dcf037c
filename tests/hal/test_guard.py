import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import pytest

from hal.errors import DeviceGone
from hal.guard import LEASE_MARGIN_S, Guard, Guarded, LeasedContactor
from hal.port import Port, PortSettings
from hal.port_events import ContactorMoved, LeaseLapsed, PortEvent
from hal.port_states import PathState
from hal.readings import PilotState
from hal.sim.clock import ManualClock
from tests.hal.port_iron import Iron, Relay
from tests.hal.port_rig import WallClock

BLOCKED_S = 10.0
OPEN_WITHIN_S = 2.0
"""After the last renewal."""


class RecordingContactor:
    """Remembers what it was told and by which thread; refuses while `is_gone`."""

    def __init__(self) -> None:
        self.commands: list[str] = []
        self.threads: list[str] = []
        self.is_gone = False

    def open(self) -> None:
        self._note("open")

    def close(self) -> None:
        self._note("close")

    async def positions(self) -> AsyncIterator[bool]:
        yield False

    def _note(self, command: str) -> None:
        self.commands.append(command)
        self.threads.append(threading.current_thread().name)
        if self.is_gone:
            raise DeviceGone("no such contactor")


@contextmanager
def guarding(*ports: Guarded) -> Iterator[Guard]:
    guard = Guard(ports, interval_s=0.005)
    guard.start()
    try:
        yield guard
    finally:
        guard.stop()
        assert not guard.is_alive


def wait_until(condition: Callable[[], bool], *, limit_s: float = 2.0) -> None:
    deadline_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline_s, "never happened"
        time.sleep(0.002)


async def test_nothing_closes_without_a_lease() -> None:
    contactor = RecordingContactor()
    leased = LeasedContactor(contactor, lease_s=2.0, real_monotonic=ManualClock().monotonic)

    assert not leased.close()
    assert contactor.commands == []


async def test_a_lease_ends_a_margin_before_its_full_length() -> None:
    clock = ManualClock()
    leased = LeasedContactor(RecordingContactor(), lease_s=2.0, real_monotonic=clock.monotonic)
    leased.renew()

    await clock.advance(2.0 - LEASE_MARGIN_S - 0.01)
    before = leased.is_leased
    await clock.advance(0.02)

    assert before
    assert not leased.is_leased


async def test_a_stale_contactor_is_opened_once_and_remembered_as_cut() -> None:
    clock = ManualClock()
    contactor = RecordingContactor()
    leased = LeasedContactor(contactor, lease_s=2.0, real_monotonic=clock.monotonic)
    leased.renew()
    leased.close()
    too_early = leased.open_if_stale()
    await clock.advance(2.0)

    cut, again = leased.open_if_stale(), leased.open_if_stale()

    assert (too_early, cut, again) == (False, True, False)
    assert contactor.commands == ["close", "open"]
    assert not leased.commanded_closed
    assert (leased.take_cut(), leased.take_cut()) == (True, False)


def test_a_close_that_fails_half_way_still_counts_as_commanded() -> None:
    contactor = RecordingContactor()
    leased = LeasedContactor(contactor, lease_s=2.0)
    leased.renew()
    contactor.is_gone = True

    with pytest.raises(DeviceGone):
        leased.close()

    assert leased.commanded_closed


def test_the_guard_opens_in_its_own_thread_while_everything_else_is_blocked() -> None:
    contactor = RecordingContactor()
    leased = LeasedContactor(contactor, lease_s=LEASE_MARGIN_S + 0.05)
    leased.renew()
    leased.close()

    with guarding(leased) as guard:
        time.sleep(0.3)  # this thread, that of the event loop, hangs

    assert contactor.commands == ["close", "open"]
    assert contactor.threads[-1] == "contactor guard"
    assert guard.cuts == 1


def test_the_guard_leaves_a_renewed_contactor_alone() -> None:
    contactor = RecordingContactor()
    leased = LeasedContactor(contactor, lease_s=LEASE_MARGIN_S + 0.2)
    leased.renew()
    leased.close()

    with guarding(leased) as guard:
        for _ in range(30):
            time.sleep(0.01)
            leased.renew()

    assert contactor.commands == ["close"]
    assert guard.cuts == 0


def test_the_guard_tries_again_when_the_command_cannot_be_handed_over() -> None:
    contactor = RecordingContactor()
    leased = LeasedContactor(contactor, lease_s=LEASE_MARGIN_S)
    leased.renew()
    contactor.is_gone = True
    with guarding(leased) as guard:
        leased._commanded_closed = True
        wait_until(lambda: guard.failures >= 2)

        contactor.is_gone = False

        wait_until(lambda: not leased.commanded_closed)


def test_a_driver_that_breaks_its_word_does_not_kill_the_guard_of_the_others() -> None:
    class Broken:
        def open_if_stale(self) -> bool:
            raise ValueError("a bug")

    contactor = RecordingContactor()
    leased = LeasedContactor(contactor, lease_s=LEASE_MARGIN_S + 0.02)
    leased.renew()
    leased.close()

    with guarding(Broken(), leased) as guard:
        wait_until(lambda: not leased.commanded_closed)

    assert guard.failures >= 1
    assert contactor.commands[-1] == "open"


def test_a_guard_that_never_started_can_be_stopped() -> None:
    guard = Guard(())

    guard.stop()

    assert not guard.is_alive


class RelayOfTwoThreads(Relay):
    """Notes when and by whom it was opened; its contacts are looked at by the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[tuple[float, str]] = []
        self._loop = asyncio.get_running_loop()

    def open(self) -> None:
        self.opened.append((time.monotonic(), threading.current_thread().name))
        self.told_closed = False
        self._loop.call_soon_threadsafe(self.settle)


async def until(condition: Callable[[], bool], *, limit_s: float = 5.0) -> None:
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110 - nothing announces it
            await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_a_loop_that_hangs_for_ten_seconds_in_mid_charge_has_its_contactor_opened_within_two() -> None:
    iron, events = Iron(WallClock()), list[PortEvent]()
    iron.relay = relay = RelayOfTwoThreads()
    port = Port(1, iron.parts, clock=WallClock(), settings=PortSettings(max_current_a=32.0), report=events.append)
    running = asyncio.create_task(port.run(), name="port under test")
    guard = Guard([port])
    guard.start()
    try:
        await until(lambda: port.snapshot().path is PathState.OPEN)
        iron.pilot.move(PilotState.C)
        port.permit(16.0)
        await until(lambda: port.snapshot().path is PathState.CLOSED)
        relay.opened.clear()
        port.renew()
        renewed_s = time.monotonic()

        time.sleep(BLOCKED_S)  # noqa: ASYNC251 - nothing of the loop runs meanwhile
        opened_while_blocked = list(relay.opened)
        for _ in range(20):  # the agent is back, and renews as if nothing had been
            port.renew()
            await asyncio.sleep(0.05)
        told, closed_again = list(events), relay.told_closed
        port.permit(16.0)
        await until(lambda: port.snapshot().path is PathState.CLOSED)
    finally:
        running.cancel()
        await asyncio.wait([running])
        guard.stop()

    assert [thread for _, thread in opened_while_blocked] == ["contactor guard"]
    assert opened_while_blocked[0][0] - renewed_s < OPEN_WITHIN_S
    assert told.count(LeaseLapsed()) == 1
    assert [one for one in told if isinstance(one, ContactorMoved)][-1] == ContactorMoved(closed=False)
    assert not closed_again
    assert guard.cuts == 1
