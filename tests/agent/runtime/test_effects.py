"""Deeds at the ports: their order, what they wait for, and what becomes of one that fails."""

import asyncio

import pytest

from agent.runtime.effects import LOOKS, UNLOCK_WITHIN_S, Effects
from agent.runtime.tasks import MAX_ERRANDS, Tasks
from agent.station.commands import ResetKind, TriggeredMessage
from agent.station.connector import ConnectorStatus
from agent.station.device_model import VariableKey
from agent.station.effects import (
    AskAuthorization,
    Effect,
    ForgetCache,
    LockConnector,
    PermitEnergy,
    ReadMeter,
    Record,
    ReportStatus,
    Restart,
    SendTriggered,
    StoreVariable,
    Unlock,
    WithdrawEnergy,
)
from agent.station.events import ContactorMoved, FaultRaised, MeterSampled, TokenAnswered, UnlockFinished
from agent.station.faults import Fault
from agent.station.id_token import AuthorizationStatus, IdToken, TokenInfo
from hal.errors import DeviceSilent
from hal.port_states import PathState
from hal.readings import MeterReading
from tests.agent.store.builders import NOW, started
from tests.fakes.fast_time import fast_time
from tests.fakes.port_bench import PortBench, port_bench

CARD = IdToken("CARD-0001")
ACCEPTED = TokenInfo(AuthorizationStatus.ACCEPTED)
INDICATOR_LOOKS = {
    "free", "authorized", "charging", "suspended", "finishing", "reserved", "unavailable", "fault", "offline",
}  # fmt: skip
"""hal.parts.Indicator.show"""


class BrokenLock:
    """A driver with a mistake in it."""

    async def lock(self) -> None:
        raise ValueError("no such pin")

    async def unlock(self) -> None:
        raise ValueError("no such pin")


class StuckLock:
    """Never finishes; the port gives it up after its own time."""

    async def lock(self) -> None:
        await asyncio.Event().wait()

    async def unlock(self) -> None:
        await asyncio.Event().wait()


class SlowMeter:
    """Takes its time."""

    async def read(self) -> MeterReading:
        await asyncio.Event().wait()
        raise AssertionError("it was not waited for")


class SilentMeter:
    """Says nothing."""

    def __init__(self) -> None:
        self.asked = 0

    async def read(self) -> MeterReading:
        self.asked += 1
        raise DeviceSilent("no answer", device="meter")


def offered_a(bench: PortBench, evse_id: int = 1) -> float | None:
    return bench.iron[evse_id].port.snapshot().limit_a


async def test_energy_is_permitted_only_once_the_cable_is_held() -> None:
    async with port_bench(lock_s=2.0) as bench:
        bench.iron[1].controls.plug_in()
        bench.act(LockConnector(1), PermitEnergy(1, 16.0))
        await bench.pass_time(1.5)
        while_it_moves = (offered_a(bench), bench.iron[1].evse.board.offer_a)
        await bench.until(lambda: bench.iron[1].is_commanded_closed)

        assert while_it_moves == (None, None)
        assert bench.iron[1].is_locked


async def test_a_limit_that_changes_while_the_lock_moves_is_the_one_that_counts() -> None:
    async with port_bench(lock_s=2.0) as bench:
        bench.act(LockConnector(1), PermitEnergy(1, 16.0), PermitEnergy(1, 10.0))
        await bench.pass_time(3.0)

        assert offered_a(bench) == 10.0


async def test_a_permission_withdrawn_while_the_lock_moves_is_not_given_after_it() -> None:
    async with port_bench(lock_s=2.0) as bench:
        bench.act(LockConnector(1), PermitEnergy(1, 16.0))
        await bench.pass_time(1.0)
        bench.act(WithdrawEnergy(1))
        await bench.pass_time(3.0)

        assert offered_a(bench) is None
        assert bench.iron[1].is_locked


async def test_without_a_lock_ordered_a_permission_holds_at_once() -> None:
    async with port_bench() as bench:
        bench.act(PermitEnergy(1, 16.0))

        assert offered_a(bench) == 16.0


async def test_withdrawing_commands_the_contactor_open_before_the_call_returns() -> None:
    async with port_bench() as bench:
        await bench.charge()

        bench.act(WithdrawEnergy(1))

        assert not bench.iron[1].is_commanded_closed
        assert bench.iron[1].evse.board.offer_a is None


async def test_a_cable_is_freed_only_when_the_contactor_is_confirmed_open() -> None:
    async with port_bench() as bench:
        bench.iron[1].controls.plug_in()
        bench.act(LockConnector(1), PermitEnergy(1, 16.0))
        await bench.until(lambda: bench.iron[1].port.snapshot().contactor_closed is True)

        bench.act(WithdrawEnergy(1), Unlock(1, 7))
        await bench.until(lambda: bench.of(UnlockFinished) != [])

        assert bench.of(UnlockFinished) == [UnlockFinished(1, 7, unlocked=True)]
        assert bench.events.index(ContactorMoved(1, closed=False)) < bench.events.index(bench.of(UnlockFinished)[0])
        assert not bench.iron[1].is_locked


async def test_a_cable_that_energy_runs_through_is_not_freed() -> None:
    async with port_bench() as bench:
        bench.iron[1].controls.plug_in()
        bench.act(LockConnector(1), PermitEnergy(1, 16.0))
        await bench.until(lambda: bench.iron[1].port.snapshot().contactor_closed is True)

        bench.act(Unlock(1, 7))
        await bench.pass_time(5.0)

        assert bench.of(UnlockFinished) == [UnlockFinished(1, 7, unlocked=False)]
        assert bench.iron[1].is_locked


async def test_a_charge_that_begins_while_the_cable_is_being_freed_finds_it_held() -> None:
    async with port_bench(lock_s=2.0) as bench:
        bench.iron[1].controls.plug_in()
        bench.act(LockConnector(1), PermitEnergy(1, 16.0))
        await bench.until(lambda: bench.iron[1].port.snapshot().contactor_closed is True)

        bench.act(WithdrawEnergy(1), Unlock(1))
        bench.act(LockConnector(1), PermitEnergy(1, 10.0))
        await bench.until(lambda: bench.iron[1].port.snapshot().path is PathState.CLOSED)

        assert bench.of(UnlockFinished) == [UnlockFinished(1, None, unlocked=True)]
        assert bench.iron[1].is_locked
        assert offered_a(bench) == 10.0


async def test_a_cable_ordered_free_while_the_lock_still_closes_ends_up_free() -> None:
    async with port_bench(lock_s=2.0) as bench:
        bench.act(LockConnector(1), PermitEnergy(1, 16.0))
        await bench.pass_time(1.0)
        bench.act(WithdrawEnergy(1), Unlock(1, 7))
        await bench.pass_time(6.0)

        assert bench.of(UnlockFinished) == [UnlockFinished(1, 7, unlocked=True)]
        assert not bench.iron[1].is_locked


async def test_of_two_locks_ordered_the_first_does_not_let_energy_through() -> None:
    async with port_bench(lock_s=2.0) as bench:
        bench.act(LockConnector(1), PermitEnergy(1, 16.0), WithdrawEnergy(1), Unlock(1))
        bench.act(LockConnector(1), PermitEnergy(1, 10.0))
        await bench.pass_time(3.0)
        after_the_first = offered_a(bench)
        await bench.pass_time(4.0)

        assert after_the_first is None
        assert bench.of(UnlockFinished) == [UnlockFinished(1, None, unlocked=True)]
        assert (offered_a(bench), bench.iron[1].is_locked) == (10.0, True)


async def test_without_a_lock_that_confirms_there_is_no_energy_and_a_fault_instead() -> None:
    async with port_bench() as bench:
        bench.iron[1].controls.set_fault("ConnectorLockFailure", active=True)
        bench.act(LockConnector(1), PermitEnergy(1, 16.0))
        await bench.pass_time(3.0)
        bench.act(PermitEnergy(1, 10.0))

        assert offered_a(bench) is None
        assert [event.fault for event in bench.of(FaultRaised)] == [Fault.CONNECTOR_LOCK]


async def test_after_a_lock_that_failed_the_next_one_may_succeed() -> None:
    async with port_bench() as bench:
        bench.iron[1].controls.set_fault("ConnectorLockFailure", active=True)
        bench.act(LockConnector(1), PermitEnergy(1, 16.0))
        await bench.pass_time(3.0)
        bench.act(WithdrawEnergy(1))
        bench.iron[1].controls.set_fault("ConnectorLockFailure", active=False)
        bench.act(LockConnector(1), PermitEnergy(1, 16.0))
        await bench.pass_time(3.0)

        assert offered_a(bench) == 16.0


async def test_a_lock_driver_with_a_mistake_gives_no_energy_and_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    async with port_bench(parts={"lock": BrokenLock()}) as bench:
        bench.act(LockConnector(1), PermitEnergy(1, 16.0))
        await bench.pass_time(1.0)
        bench.act(PermitEnergy(1, 10.0))

        assert offered_a(bench) is None
        assert bench.tasks.failures == 1
        assert _failed(caplog) == ["lock EVSE 1"]


async def test_an_unlock_that_fails_by_a_mistake_is_answered_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    async with port_bench(parts={"lock": BrokenLock()}) as bench:
        bench.act(Unlock(1, 7))
        await bench.pass_time(1.0)

        assert bench.of(UnlockFinished) == [UnlockFinished(1, 7, unlocked=False)]
        assert bench.tasks.failures == 1
        assert _failed(caplog) == ["unlock EVSE 1"]


def _failed(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The errands that were logged as failed."""
    return [one.__dict__["evse_values"]["errand"] for one in caplog.records if one.getMessage() == "errand failed"]


async def test_an_unlock_that_never_ends_is_answered_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    async with port_bench(parts={"lock": StuckLock()}) as bench:
        # Five of them, each given 5 s by the port: the last does not get its turn within its own time.
        bench.act(*[Unlock(1, number) for number in range(5)])
        with fast_time(speed=100.0):
            await asyncio.sleep(UNLOCK_WITHIN_S + 5.0)

        assert bench.of(UnlockFinished) == [UnlockFinished(1, number, unlocked=False) for number in range(5)]
        assert "unlock took too long" in caplog.messages


async def test_one_evse_does_not_wait_for_a_slow_lock_at_another() -> None:
    async with port_bench(lock_s=4.5) as bench:
        bench.act(LockConnector(1), PermitEnergy(1, 16.0), LockConnector(2), PermitEnergy(2, 16.0))
        await bench.pass_time(1.0)
        meanwhile = (offered_a(bench, 1), offered_a(bench, 2))
        await bench.pass_time(4.0)

        assert meanwhile == (None, 16.0)
        assert offered_a(bench, 1) == 16.0


async def test_one_evse_does_not_wait_for_a_slow_meter_at_another() -> None:
    async with port_bench(parts={"meter": SlowMeter()}) as bench:
        bench.events.clear()
        bench.act(ReadMeter(1), ReadMeter(2))
        await bench.clock.settle()
        meanwhile = [event.sample.evse_id for event in bench.of(MeterSampled)]

        assert meanwhile == [2]


async def test_a_meter_is_asked_once_however_often_it_is_wanted_meanwhile() -> None:
    async with port_bench() as bench:
        bench.events.clear()
        bench.act(ReadMeter(1), ReadMeter(1), ReadMeter(1))
        await bench.clock.settle()
        at_once = len(bench.of(MeterSampled))
        bench.act(ReadMeter(1))
        await bench.clock.settle()

        assert (at_once, len(bench.of(MeterSampled))) == (1, 2)


async def test_a_meter_that_does_not_answer_is_asked_again_the_next_time() -> None:
    meter = SilentMeter()
    async with port_bench(parts={"meter": meter}) as bench:
        asked_before = meter.asked
        for _ in range(3):
            bench.act(ReadMeter(1))
            await bench.clock.settle()

        assert meter.asked == asked_before + 3
        assert [event for event in bench.of(MeterSampled) if event.sample.evse_id == 1] == []
        assert bench.tasks.failures == 0


async def test_what_is_refused_because_too_much_is_under_way_is_answered_and_possible_later() -> None:
    async with port_bench() as bench:
        begun = asyncio.Event()
        bench.effects.authorize = _never_answered
        for number in range(MAX_ERRANDS):
            bench.tasks.start(_wait_for(begun), name=f"errand {number}")
        bench.events.clear()

        bench.act(ReadMeter(1), Unlock(1, 7), AskAuthorization(8, CARD))
        refused = list(bench.events)
        begun.set()
        await bench.clock.settle()
        bench.act(ReadMeter(1))
        await bench.clock.settle()

        assert refused == [UnlockFinished(1, 7, unlocked=False), TokenAnswered(8, None)]
        assert bench.tasks.failures == 3
        assert len(bench.of(MeterSampled)) == 1


async def _wait_for(event: asyncio.Event) -> None:
    await event.wait()


async def _never_answered(token: IdToken) -> TokenInfo | None:
    raise AssertionError(f"{token} was asked for")


async def test_the_csmss_word_on_a_token_comes_back_with_its_ticket() -> None:
    async with port_bench() as bench:
        asked: list[IdToken] = []

        async def authorize(token: IdToken) -> TokenInfo | None:
            asked.append(token)
            return ACCEPTED

        bench.effects.authorize = authorize
        bench.act(AskAuthorization(3, CARD))
        await bench.clock.settle()

        assert asked == [CARD]
        assert bench.of(TokenAnswered) == [TokenAnswered(3, ACCEPTED)]


async def test_an_authorization_that_breaks_is_answered_as_unanswered_and_counted() -> None:
    async with port_bench() as bench:

        async def authorize(token: IdToken) -> TokenInfo | None:
            raise RuntimeError(f"a mistake over {type(token).__name__}")

        bench.effects.authorize = authorize
        bench.act(AskAuthorization(3, CARD))
        await bench.clock.settle()

        assert bench.of(TokenAnswered) == [TokenAnswered(3, None)]
        assert bench.tasks.failures == 1


async def test_a_status_is_reported_and_shown() -> None:
    async with port_bench() as bench:
        reports: list[ReportStatus] = []
        bench.effects.report_status = reports.append
        faulted = ReportStatus(1, 1, ConnectorStatus.FAULTED, NOW)
        whole_station = ReportStatus(0, 0, ConnectorStatus.AVAILABLE, NOW)

        bench.act(faulted, whole_station)

        assert reports == [faulted, whole_station]
        assert list(bench.iron[1].evse.looks) == ["fault"]


def test_every_status_has_a_look_that_indicators_know() -> None:
    assert set(LOOKS) == set(ConnectorStatus)
    assert set(LOOKS.values()) <= INDICATOR_LOOKS


async def test_what_is_for_others_is_handed_to_them() -> None:
    handed: list[object] = []
    effects = Effects({}, tasks=Tasks())
    effects.send_triggered = handed.append
    effects.restart = handed.append
    effects.wake_outbox = lambda: handed.append("outbox")
    triggered = SendTriggered(TriggeredMessage.HEARTBEAT)
    restart = Restart(ResetKind.IMMEDIATE, reboot=False)

    for effect in (Record(started()), triggered, restart):
        effects.act(effect)

    assert handed == ["outbox", triggered, restart]


@pytest.mark.parametrize("effect", [ForgetCache(), StoreVariable(VariableKey("A", "B"), "1")])
def test_what_the_commit_did_needs_no_deed(effect: Effect) -> None:
    Effects({}, tasks=Tasks()).act(effect)


def test_an_effect_that_comes_before_the_agent_is_wired_is_a_mistake_told_aloud() -> None:
    with pytest.raises(RuntimeError, match="wired"):
        Effects({}, tasks=Tasks()).act(Record(started()))
