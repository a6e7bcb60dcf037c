from hal.errors import DeviceGone
from hal.port_events import StopPressed
from hal.port_faults import FaultLedger
from hal.port_inputs import SETTLE_S, FaultInput
from hal.readings import FaultReading
from hal.sim.clock import ManualClock
from tests.hal.port_iron import Button
from tests.hal.port_rig import Rig, running


def make() -> tuple[FaultInput, FaultLedger, ManualClock]:
    clock = ManualClock()
    ledger = FaultLedger(lambda *_: None)
    return FaultInput(0, ledger=ledger, clock=clock), ledger, clock


async def test_an_input_is_believed_after_it_had_time_to_tell_all() -> None:
    one, _, clock = make()

    one.opened()
    one.check()
    at_once = one.is_known
    await clock.advance(SETTLE_S)
    one.check()

    assert not at_once
    assert one.is_known


async def test_a_lost_input_is_a_lost_board_until_it_is_heard_of_again() -> None:
    one, ledger, clock = make()
    one.opened()

    one.lost(DeviceGone("pulled out"))
    lost = ledger.active
    one.opened()
    await clock.advance(SETTLE_S)
    one.check()

    assert lost == ("BoardLost",)
    assert ledger.active == ()


async def test_a_fault_that_went_away_unheard_ends_and_one_that_is_repeated_stays() -> None:
    one, ledger, clock = make()
    one.opened()
    one.took(FaultReading("GroundFailure", active=True))
    one.took(FaultReading("HighTemperature", active=True))
    one.lost(DeviceGone("pulled out"))

    one.opened()
    one.took(FaultReading("HighTemperature", active=True))
    before = ledger.active
    await clock.advance(SETTLE_S)
    one.check()

    assert "GroundFailure" in before
    assert ledger.active == ("HighTemperature",)


def test_a_fault_ends_when_the_input_says_so() -> None:
    one, ledger, _ = make()

    one.took(FaultReading("GroundFailure", active=True, detail="30 mA"))
    details = ledger.details
    one.took(FaultReading("GroundFailure", active=False))

    assert details == {"GroundFailure": "30 mA"}
    assert ledger.active == ()


async def test_each_press_of_a_stop_button_is_reported_once_and_stops_nothing_by_itself() -> None:
    button = Button()
    async with running(Rig(stop_buttons=(button,))) as rig:
        await rig.charge()

        button.say(None)
        button.say(None)
        await rig.clock.settle()

        assert rig.of(StopPressed) == [StopPressed(), StopPressed()]
        assert rig.is_commanded_closed


async def test_a_stop_button_that_is_gone_is_reported_until_it_stays_open_again() -> None:
    button = Button()
    async with running(Rig(stop_buttons=(button,))) as rig:
        await rig.charge()
        button.lose()
        await rig.pass_time(20.0)
        lost = rig.faults()

        button.find()
        await rig.pass_time(20.0)

        assert lost == [("SensorFailure", True)]
        assert rig.faults() == [("SensorFailure", True), ("SensorFailure", False)]
        assert rig.is_commanded_closed
