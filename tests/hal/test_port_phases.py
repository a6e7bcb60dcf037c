import asyncio

import pytest

from hal.port_devices import Device
from hal.port_phases import Phases
from hal.port_states import PathState
from hal.sim.clock import ManualClock
from tests.hal.port_iron import Mover
from tests.hal.port_rig import Rig, running


class Watching:
    """Notes how the port stands whenever the switch begins or ends a move."""

    def __init__(self, rig: Rig, switch: Mover) -> None:
        self.seen: list[tuple[str, PathState, bool, float | None]] = []
        self._rig = rig
        switch.watch = self._look

    def _look(self, move: str, begins: bool) -> None:  # noqa: ARG002 - as Mover.watch is called
        snapshot = self._rig.port.snapshot()
        self.seen.append((move, snapshot.path, self._rig.evse.board.contactor.closed, self._rig.evse.board.offer_a))


def make() -> tuple[Rig, Mover, Watching]:
    clock = ManualClock()
    switch = Mover(clock)
    switch.takes_s = 0.5
    rig = Rig(manual_clock=clock, phase_switch=switch)
    return rig, switch, Watching(rig, switch)


async def test_the_switch_moves_in_a_pause_with_the_contactor_open_and_energy_returns() -> None:
    rig, switch, watching = make()
    async with running(rig):
        await rig.charge()
        changing = asyncio.create_task(rig.port.use_phases(1), name="change")
        await rig.clock.settle()
        offered_a, closed = rig.evse.board.offer_a, rig.is_commanded_closed
        await rig.pass_time(12.0)

        assert (offered_a, closed) == (None, True)  # the car is asked to stop first
        assert await changing
        assert watching.seen == [("1 phases", PathState.OPEN, False, None)] * 2
        assert rig.controls.view().contactor_closed
        assert rig.evse.board.offer_a == 16.0
        assert rig.port.snapshot().phases == 1
        assert switch.moves == ["1 phases"]


async def test_a_car_that_stays_in_c_is_given_its_time_before_the_switch_moves() -> None:
    rig, switch, watching = make()
    async with running(rig):
        await rig.charge()
        rig.controls.set_ev(ignores_offer=True)
        changing = asyncio.create_task(rig.port.use_phases(3), name="change")
        await rig.pass_time(5.5)
        too_early = (rig.is_commanded_closed, list(switch.moves))
        await rig.pass_time(4.0)

        assert too_early == (True, [])
        assert await changing
        assert watching.seen[0] == ("3 phases", PathState.OPEN, False, None)
        assert rig.is_commanded_closed


async def test_without_a_car_the_switch_moves_at_once_and_closes_nothing() -> None:
    rig, _, _ = make()
    async with running(rig):
        changing = asyncio.create_task(rig.port.use_phases(1), name="change")
        await rig.pass_time(1.0)

        assert await changing
        assert not rig.is_commanded_closed


async def test_a_switch_that_does_not_confirm_leaves_the_phases_unknown_and_the_charge_goes_on() -> None:
    rig, switch, _ = make()
    async with running(rig):
        await rig.charge()
        switch.is_refusing = True
        changing = asyncio.create_task(rig.port.use_phases(1), name="change")
        await rig.pass_time(12.0)

        assert not await changing
        assert rig.port.snapshot().phases is None
        assert rig.controls.view().contactor_closed


async def test_a_welded_contactor_keeps_the_switch_where_it_is() -> None:
    rig, switch, _ = make()
    async with running(rig):
        await rig.charge()
        rig.controls.set_fault("WeldedContactor", active=True)
        changing = asyncio.create_task(rig.port.use_phases(1), name="change")
        await rig.pass_time(12.0)

        assert not await changing
        assert switch.moves == []


async def test_a_permission_given_meanwhile_closes_nothing_before_the_switch_is_done() -> None:
    rig, switch, _ = make()
    switch.takes_s = 4.0
    async with running(rig):
        rig.controls.plug_in()
        rig.controls.set_ev(ignores_offer=True)
        await rig.pass_time(1.0)
        changing = asyncio.create_task(rig.port.use_phases(1), name="change")
        await rig.pass_time(0.5)

        rig.port.permit(16.0)
        await rig.pass_time(2.0)
        meanwhile = (rig.is_commanded_closed, rig.evse.board.offer_a)
        await rig.pass_time(3.0)

        assert meanwhile == (False, None)
        assert await changing
        assert rig.is_commanded_closed


async def test_a_withdrawal_meanwhile_opens_at_once() -> None:
    rig, _, _ = make()
    async with running(rig):
        await rig.charge()
        changing = asyncio.create_task(rig.port.use_phases(1), name="change")
        await rig.clock.settle()

        rig.port.withdraw()
        told = rig.is_commanded_closed
        await rig.pass_time(3.0)

        assert not told
        assert await changing
        assert not rig.is_commanded_closed


async def test_a_change_that_is_cancelled_lets_energy_flow_again() -> None:
    rig, _, _ = make()
    async with running(rig):
        await rig.charge()
        changing = asyncio.create_task(rig.port.use_phases(1), name="change")
        await rig.pass_time(1.0)

        changing.cancel()
        await asyncio.wait([changing])
        await rig.pass_time(4.0)

        assert rig.controls.view().contactor_closed


async def test_two_changes_come_one_after_the_other() -> None:
    rig, _, watching = make()
    async with running(rig):
        first = asyncio.create_task(rig.port.use_phases(1), name="first")
        second = asyncio.create_task(rig.port.use_phases(3), name="second")
        await rig.pass_time(3.0)

        assert await first
        assert await second
        assert [move for move, *_ in watching.seen] == ["1 phases", "1 phases", "3 phases", "3 phases"]


async def test_a_port_without_a_switch_changes_nothing() -> None:
    async with running(Rig()) as rig:
        await rig.charge()

        assert not await rig.port.use_phases(1)
        assert rig.evse.board.offer_a == 16.0


@pytest.mark.parametrize("count", [0, 2, 4])
async def test_other_counts_are_a_mistake_of_the_caller(count: int) -> None:
    with pytest.raises(ValueError, match="phases"):
        await Rig().port.use_phases(count)


async def test_a_switch_that_never_answers_is_given_up() -> None:
    class Stuck(Mover):
        async def use_phases(self, count: int) -> None:  # noqa: ARG002 - it never comes to that
            await asyncio.Event().wait()

    phases = Phases(Stuck(ManualClock()), device=None, timeout_s=0.02, name="switch")

    assert not await phases.use(1)
    assert phases.connected is None


async def test_a_switch_that_was_gone_is_opened_anew_for_the_next_change() -> None:
    switch = Mover(ManualClock())
    device = Device(switch)
    phases = Phases(switch, device=device, timeout_s=1.0, name="switch")
    await phases.use(1)
    switch.is_gone = True
    gone = await phases.use(3)
    still_gone = await phases.use(3)

    switch.is_gone = False
    found = await phases.use(3)

    assert (gone, still_gone, found) == (False, False, True)
    assert device.opened == 2
