import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from hal.guard import Guard
from hal.port import PortSettings
from hal.port_events import ContactorMoved, PilotMoved
from hal.port_states import PathState
from hal.readings import FaultReading, PilotState
from tests.hal.port_rig import Rig, running


async def test_a_permitted_car_gets_pwm_then_asks_and_then_the_contactor_closes() -> None:
    async with running(Rig()) as rig:
        rig.controls.plug_in()
        rig.port.permit(16.0)
        offered_at_once = rig.evse.board.offer_a
        await rig.pass_time(8.0)

        view = rig.controls.view()

        assert offered_at_once is None  # the pilot was not seen in B yet
        assert view.contactor_closed
        assert view.draw_a == (16.0, 16.0, 16.0)
        assert [event.state for event in rig.of(PilotMoved)] == ["A", "B", "C"]
        assert [event.closed for event in rig.of(ContactorMoved)] == [False, True]


@pytest.mark.parametrize("fault", ["GroundFailure", "EmergencyStop", "HighTemperature", "OtherError"])
async def test_a_fault_input_opens_the_contactor_without_time_passing(fault: str) -> None:
    async with running(Rig()) as rig:
        await rig.charge()

        rig.controls.set_fault(fault, active=True)
        await rig.clock.settle()

        assert not rig.is_commanded_closed
        assert rig.faults() == [(fault, True)]


async def test_energy_returns_after_a_fault_ended_while_the_permission_stands() -> None:
    async with running(Rig()) as rig:
        await rig.charge()
        rig.controls.set_fault("HighTemperature", active=True)
        await rig.pass_time(5.0)

        rig.controls.set_fault("HighTemperature", active=False)
        await rig.pass_time(5.0)

        assert rig.controls.view().contactor_closed
        assert rig.faults() == [("HighTemperature", True), ("HighTemperature", False)]


async def test_a_lost_board_opens_and_comes_back_by_itself() -> None:
    async with running(Rig()) as rig:
        await rig.charge()
        rig.controls.set_fault("BoardLost", active=True)
        await rig.pass_time(5.0)
        lost, snapshot = rig.faults(), rig.port.snapshot()
        told = rig.is_commanded_closed

        rig.controls.set_fault("BoardLost", active=False)
        await rig.pass_time(20.0)

        assert lost == [("BoardLost", True)]
        assert not told
        assert snapshot.contactor_closed is None
        assert rig.faults()[-1] == ("BoardLost", False)
        assert rig.controls.view().contactor_closed


async def test_the_cable_is_freed_only_after_the_contactor_is_confirmed_open() -> None:
    async with running(Rig()) as rig:
        locking = asyncio.create_task(rig.port.lock(), name="lock")
        await rig.pass_time(1.0)
        await rig.charge()
        refused = await rig.port.unlock()
        rig.port.withdraw()

        unlocking = asyncio.create_task(rig.port.unlock(), name="unlock")
        await rig.clock.settle()
        path_meanwhile, done = rig.port.snapshot().path, unlocking.done()
        await rig.pass_time(1.0)

        assert await locking
        assert not refused
        assert (path_meanwhile, done) == (PathState.OPENING, False)
        assert await unlocking
        assert rig.port.snapshot().locked is False


async def test_a_welded_contactor_keeps_the_cable_locked() -> None:
    async with running(Rig()) as rig:
        await rig.charge()
        rig.controls.set_fault("WeldedContactor", active=True)
        rig.port.withdraw()

        unlocking = asyncio.create_task(rig.port.unlock(), name="unlock")
        await rig.pass_time(3.0)

        assert not await unlocking


async def test_nothing_closes_while_the_cable_is_being_freed() -> None:
    async with running(Rig()) as rig:
        rig.controls.plug_in()
        rig.controls.set_ev(ignores_offer=True)
        await rig.pass_time(1.0)
        unlocking = asyncio.create_task(rig.port.unlock(), name="unlock")
        await rig.clock.settle()

        rig.port.permit(16.0)
        meanwhile = rig.is_commanded_closed
        await rig.pass_time(1.0)

        assert not meanwhile
        assert await unlocking
        assert rig.is_commanded_closed


async def test_a_lock_that_does_not_confirm_is_a_fault_until_it_does() -> None:
    async with running(Rig()) as rig:
        rig.controls.set_fault("ConnectorLockFailure", active=True)
        failing = asyncio.create_task(rig.port.lock(), name="lock")
        await rig.pass_time(1.0)
        failed = rig.faults()
        rig.controls.set_fault("ConnectorLockFailure", active=False)
        again = asyncio.create_task(rig.port.lock(), name="lock again")
        await rig.pass_time(1.0)

        assert not await failing
        assert failed == [("ConnectorLockFailure", True)]
        assert await again
        assert rig.faults()[-1] == ("ConnectorLockFailure", False)


async def test_a_port_without_a_lock_agrees_to_everything() -> None:
    async with running(Rig(lock=None)) as rig:
        assert await rig.port.lock()
        assert await rig.port.unlock()
        assert not rig.port.snapshot().has_lock


async def test_the_port_leaves_the_board_safe_when_it_is_cancelled() -> None:
    rig = Rig()
    async with running(rig):
        await rig.charge()

    assert not rig.is_commanded_closed
    assert rig.evse.board.offer_a is None


async def test_a_port_that_no_longer_runs_closes_nothing_and_can_run_again() -> None:
    rig = Rig()
    async with running(rig):
        await rig.charge()

    rig.port.permit(16.0)
    told = rig.is_commanded_closed
    async with running(rig):
        await rig.pass_time(5.0)
        again = rig.controls.view().contactor_closed

    assert not told
    assert again
    assert rig.faults() == []


async def test_a_driver_with_a_bug_ends_the_port_in_a_safe_state() -> None:
    class Buggy:
        async def faults(self) -> AsyncIterator[FaultReading]:
            await rig.clock.sleep(10.0)  # `rig` exists by the time this runs
            yield FaultReading("OtherError", active=False)
            raise ValueError("a bug")

    rig = Rig(faults=(Buggy(),))
    task = asyncio.create_task(rig.port.run(), name="port under test")
    await rig.pass_time(1.0)
    await rig.charge()
    before = rig.is_commanded_closed
    await rig.pass_time(5.0)

    await asyncio.wait([task])

    assert before
    assert isinstance(task.exception(), ExceptionGroup)
    assert not rig.is_commanded_closed


async def test_a_permission_given_before_the_port_runs_closes_nothing() -> None:
    rig = Rig()
    rig.controls.plug_in()

    rig.port.permit(16.0)

    assert not rig.is_commanded_closed
    assert rig.events == []


async def test_a_simulated_car_is_fed_by_a_contactor_it_does_not_know() -> None:
    class Iron:
        """A contactor of another family: closes at once."""

        def __init__(self) -> None:
            self.closed: asyncio.Queue[bool] = asyncio.Queue(16)
            self.closed.put_nowait(False)

        def open(self) -> None:
            self.closed.put_nowait(False)

        def close(self) -> None:
            self.closed.put_nowait(True)

        async def positions(self) -> AsyncIterator[bool]:
            while True:
                yield await self.closed.get()

    async with running(Rig(contactor=Iron())) as rig:
        rig.controls.plug_in()
        rig.port.permit(16.0)
        await rig.pass_time(6.0)
        charging_a = rig.evse.draw_a
        rig.port.withdraw()
        await rig.pass_time(0.5)

        assert charging_a == (16.0, 16.0, 16.0)
        assert rig.evse.draw_a == (0.0, 0.0, 0.0)


async def test_the_look_reaches_the_indicator() -> None:
    rig = Rig()

    rig.port.show("charging")

    assert list(rig.evse.looks) == ["charging"]


async def test_the_guard_opens_the_contactor_while_the_event_loop_is_blocked() -> None:
    rig = Rig(settings=PortSettings(max_current_a=32.0, lease_s=0.3))
    real = _RealLease(rig)
    guard = Guard([rig.port])
    guard.start()
    try:
        async with running(rig):
            rig.controls.plug_in()
            rig.port.permit(16.0)
            await rig.pass_time(4.0)
            charging = rig.is_commanded_closed

            real.hang(0.5)  # no callback, no task, nothing runs but threads
            after = rig.is_commanded_closed
    finally:
        guard.stop()

    assert charging
    assert not after
    assert guard.cuts == 1


class _RealLease:
    """Measures the lease of a rig in real time while its devices keep the clock that is moved by hand."""

    def __init__(self, rig: Rig) -> None:
        rig.port._path.switch._real_monotonic = time.monotonic

    def hang(self, seconds: float) -> None:
        """Block the thread of the event loop."""
        time.sleep(seconds)


async def test_a_snapshot_tells_how_the_port_stands() -> None:
    async with running(Rig()) as rig:
        await rig.charge()

        snapshot = rig.port.snapshot()

        assert snapshot.pilot is PilotState.C
        assert snapshot.path is PathState.CLOSED
        assert (snapshot.limit_a, snapshot.offered_a) == (16.0, 16.0)
        assert snapshot.faults == {}
        assert snapshot.reading is not None
        assert not snapshot.reading_is_stale
        assert repr(rig.port) == "port of EVSE 1"
