import pytest

from hal.port import PortSettings
from hal.port_events import ContactorMoved, FaultMoved, LeaseLapsed, PilotMoved
from hal.port_faults import FaultLedger
from hal.port_path import PowerPath
from hal.port_states import PathState
from hal.readings import PilotState
from hal.sim.clock import ManualClock
from tests.hal.port_iron import Iron, Relay
from tests.hal.port_rig import Rig, running


async def test_nothing_is_offered_and_nothing_closes_without_permission() -> None:
    async with running(Rig()) as rig:
        rig.controls.plug_in()
        rig.controls.set_ev(ignores_offer=True)
        await rig.pass_time(10.0)

        assert rig.port.snapshot().pilot is PilotState.C
        assert rig.port.snapshot().offered_a is None
        assert not rig.is_commanded_closed


async def test_withdraw_has_the_open_command_out_when_it_returns() -> None:
    async with running(Rig()) as rig:
        await rig.charge()

        rig.port.withdraw()

        assert not rig.is_commanded_closed
        assert rig.evse.board.offer_a is None
        await rig.pass_time(0.5)
        assert rig.of(ContactorMoved)[-1] == ContactorMoved(closed=False)
        assert rig.port.snapshot().path is PathState.OPEN


async def test_a_car_that_leaves_c_is_switched_off_without_time_passing() -> None:
    async with running(Rig()) as rig:
        await rig.charge()

        rig.controls.set_ev(wants_energy=False)
        await rig.clock.settle()

        assert not rig.is_commanded_closed
        assert rig.evse.board.offer_a == 16.0  # it may come back by itself


async def test_a_car_that_resumes_is_switched_on_again() -> None:
    async with running(Rig()) as rig:
        await rig.charge()
        rig.controls.set_ev(wants_energy=False)
        await rig.pass_time(3.0)

        rig.controls.set_ev(wants_energy=True)
        await rig.pass_time(1.0)

        assert rig.controls.view().contactor_closed


@pytest.mark.parametrize(
    ("fault", "state", "reported"), [("PilotFault", "E", "PilotFault"), ("DiodeFault", "F", "DiodeFault")]
)
async def test_a_pilot_in_e_or_f_opens_and_is_reported(fault: str, state: str, reported: str) -> None:
    async with running(Rig()) as rig:
        await rig.charge()

        rig.controls.set_fault(fault, active=True)
        await rig.clock.settle()

        assert not rig.is_commanded_closed
        assert rig.of(PilotMoved)[-1].state == state
        assert rig.faults() == [(reported, True)]


async def test_a_contactor_that_does_not_open_is_welded_until_its_mirror_opens() -> None:
    async with running(Rig()) as rig:
        await rig.charge()
        rig.controls.set_fault("WeldedContactor", active=True)
        rig.port.withdraw()
        await rig.pass_time(0.8)
        too_early = rig.faults()
        await rig.pass_time(0.5)
        late = rig.faults()

        rig.port.permit(16.0)
        await rig.pass_time(3.0)
        path = rig.port.snapshot().path
        rig.controls.set_fault("WeldedContactor", active=False)
        await rig.pass_time(0.5)

        assert too_early == []
        assert late == [("WeldedContactor", True)]
        assert path is PathState.WELDED
        assert rig.faults()[-1] == ("WeldedContactor", False)


async def test_a_contactor_found_closed_while_idle_is_reported_as_welded() -> None:
    async with running(Rig()) as rig:
        rig.controls.set_fault("WeldedContactor", active=True)
        await rig.pass_time(1.5)

        assert rig.faults() == [("WeldedContactor", True)]


async def test_a_contactor_that_does_not_close_is_told_to_open_and_tried_again_with_the_next_car() -> None:
    async with running(Rig()) as rig:
        rig.controls.set_fault("ContactorFailure", active=True)
        rig.controls.plug_in()
        rig.port.permit(16.0)
        await rig.pass_time(5.0)
        failed = rig.faults()
        told = rig.is_commanded_closed

        rig.controls.set_fault("ContactorFailure", active=False)
        rig.controls.unplug()
        await rig.pass_time(1.0)
        rig.controls.plug_in()
        await rig.pass_time(5.0)

        assert failed == [("ContactorFailure", True)]
        assert not told
        assert rig.faults()[-1] == ("ContactorFailure", False)
        assert rig.controls.view().contactor_closed


async def test_a_lowered_limit_lowers_the_pwm_before_the_call_returns() -> None:
    async with running(Rig()) as rig:
        await rig.charge(limit_a=32.0)

        rig.port.permit(8.0)

        assert rig.evse.board.offer_a == 8.0
        await rig.pass_time(10.0)
        assert rig.controls.view().draw_a == (8.0, 8.0, 8.0)
        assert rig.faults() == []


async def test_a_limit_above_the_wiring_is_cut_to_it() -> None:
    async with running(Rig(settings=PortSettings(max_current_a=20.0))) as rig:
        await rig.charge(limit_a=63.0)

        assert rig.evse.board.offer_a == 20.0


async def test_a_car_that_draws_more_than_allowed_is_stopped_after_five_seconds() -> None:
    async with running(Rig()) as rig:
        await rig.charge(limit_a=32.0)
        rig.controls.set_ev(ignores_offer=True)
        await rig.pass_time(2.0)

        rig.port.permit(10.0)
        await rig.pass_time(4.5)
        too_early = rig.is_commanded_closed
        await rig.pass_time(2.5)

        assert too_early
        assert not rig.is_commanded_closed
        assert rig.faults() == [("OverCurrentFailure", True)]
        assert "32.0 A measured" in rig.of(FaultMoved)[0].detail


async def test_a_pause_takes_the_pwm_away_and_gives_the_car_time_to_leave_c() -> None:
    async with running(Rig()) as rig:
        await rig.charge()

        rig.port.permit(0.0)
        offered_a = rig.evse.board.offer_a
        at_once = rig.is_commanded_closed
        await rig.pass_time(3.0)

        assert offered_a is None
        assert at_once
        assert not rig.is_commanded_closed
        assert rig.port.snapshot().pilot is PilotState.B
        assert rig.faults() == []


async def test_a_car_that_stays_in_c_during_a_pause_is_cut_off_no_earlier_than_after_six_seconds() -> None:
    async with running(Rig()) as rig:
        await rig.charge()
        rig.controls.set_ev(ignores_offer=True)
        rig.port.permit(0.0)

        await rig.pass_time(5.9)
        before = rig.is_commanded_closed
        await rig.pass_time(0.3)

        assert before
        assert not rig.is_commanded_closed


async def test_the_contactor_opens_and_the_pwm_ends_when_nobody_renews_the_lease() -> None:
    async with running(Rig()) as rig:
        await rig.charge()

        await rig.pass_time(1.5, renewing=False)
        in_time = rig.is_commanded_closed
        await rig.pass_time(0.5, renewing=False)

        assert in_time
        assert not rig.is_commanded_closed
        assert rig.evse.board.offer_a is None


@pytest.mark.parametrize("guard_was_first", [True, False])
async def test_a_permission_whose_lease_ran_out_is_over_and_reported_and_a_new_one_closes_again(
    guard_was_first: bool,
) -> None:
    async with running(Rig()) as rig:
        await rig.charge()
        rig.clock._now_s += 3.0  # the loop hangs: nothing runs, time goes on
        cut = guard_was_first and rig.port.open_if_stale()

        rig.port.renew()
        path, limit_a = rig.port.snapshot().path, rig.port.snapshot().limit_a
        await rig.pass_time(10.0)
        renewed = rig.is_commanded_closed
        rig.port.permit(16.0)
        await rig.pass_time(3.0)

        assert cut is guard_was_first
        assert (path, limit_a) == (PathState.OPENING, None)
        assert rig.of(LeaseLapsed) == [LeaseLapsed()]
        assert not renewed
        assert rig.controls.view().contactor_closed
        assert rig.faults() == []


def path_of(iron: Iron) -> PowerPath:
    """A path whose inputs are known and limit nothing."""
    return PowerPath(
        iron.pilot,
        iron.relay,
        clock=ManualClock(),
        settings=PortSettings(max_current_a=32.0),
        ledger=FaultLedger(lambda *_: None),
        inputs_are_known=lambda: True,
        derated_to_a=lambda: None,
        post=lambda _: None,
    )


async def test_a_pilot_that_cannot_be_read_is_still_told_to_offer_nothing() -> None:
    iron = Iron(ManualClock())
    path = path_of(iron)
    path.pilot_is(PilotState.B)
    path.permit(16.0)
    offered_a = iron.pilot.offer_a

    path.pilot_is(None)

    assert offered_a == 16.0
    assert iron.pilot.offer_a is None


async def test_a_pilot_that_refused_to_end_its_offer_is_told_again_until_it_obeys() -> None:
    iron = Iron(ManualClock())
    path = path_of(iron)
    path.pilot_is(PilotState.B)
    path.permit(16.0)
    iron.pilot.is_refusing = True
    path.pilot_is(None)
    refused_a = iron.pilot.offer_a

    iron.pilot.is_refusing = False
    path.check()

    assert refused_a == 16.0
    assert iron.pilot.offer_a is None


async def test_a_pilot_that_was_opened_anew_offers_nothing_before_the_vehicle_is_seen() -> None:
    iron = Iron(ManualClock())
    path = path_of(iron)
    await iron.pilot.start()
    by_itself_a = iron.pilot.offer_a

    path.pilot_opened()

    assert by_itself_a == 10.0
    assert iron.pilot.offer_a is None


async def test_an_open_command_that_failed_is_repeated_by_the_guard_too() -> None:
    async with running(Rig()) as rig:
        await rig.charge()
        relay = Relay()
        rig.port._path.switch._contactor = relay
        relay.is_refusing = relay.told_closed = True
        rig.port.withdraw()
        refused = relay.told_closed

        relay.is_refusing = False
        cut = rig.port.open_if_stale()

        assert refused
        assert cut
        assert not relay.told_closed
        assert rig.of(LeaseLapsed) == []
