import math

import pytest

from hal.errors import DeviceGone
from hal.port_events import FaultMoved, LimitMoved, PortEvent
from hal.port_faults import FaultLedger
from hal.port_limits import CurrentLimits
from hal.readings import LimitReading
from tests.hal.port_iron import Limit
from tests.hal.port_rig import Rig, running

LOST = DeviceGone("pulled out")


class Heard:
    """The limits, and what they post."""

    def __init__(self, count: int) -> None:
        self.events: list[PortEvent] = []
        self.ledger = FaultLedger(lambda fault, active, detail: self.events.append(FaultMoved(fault, active, detail)))
        self.limits = CurrentLimits(count, most_a=32.0, ledger=self.ledger, post=self.events.append)


def test_without_a_source_nothing_is_limited() -> None:
    assert Heard(0).limits.limit_a is None


def test_a_source_that_was_not_heard_of_yet_allows_the_least_that_can_be_offered() -> None:
    heard = Heard(1)

    assert heard.limits.limit_a == 6.0
    assert heard.events == []


def test_the_lowest_of_all_sources_counts_and_is_told_with_its_reason() -> None:
    heard = Heard(2)
    heard.limits.took(0, LimitReading(None))

    heard.limits.took(1, LimitReading(20.0, "cable at 71 C"))
    heard.limits.took(0, LimitReading(10.0, "curtailed"))
    heard.limits.took(0, LimitReading(25.0))

    assert heard.events == [
        LimitMoved(20.0, "cable at 71 C"),
        LimitMoved(10.0, "curtailed"),
        LimitMoved(20.0, "cable at 71 C"),
    ]


def test_a_limit_as_high_as_the_wiring_limits_nothing() -> None:
    heard = Heard(1)

    heard.limits.took(0, LimitReading(32.0))

    assert heard.limits.limit_a is None
    assert heard.events == []


@pytest.mark.parametrize(("last_a", "then_a"), [(None, 6.0), (20.0, 6.0), (6.0, 6.0), (0.0, 0.0)])
def test_a_source_that_is_lost_allows_no_more_than_it_said_last_and_no_more_than_six_amperes(
    last_a: float | None, then_a: float
) -> None:
    heard = Heard(1)
    heard.limits.took(0, LimitReading(last_a))

    heard.limits.lost(0, LOST)

    assert heard.limits.limit_a == then_a
    assert heard.ledger.active == ("SensorFailure",)
    assert not heard.ledger.cuts_power


def test_a_source_that_is_heard_of_again_is_believed_again() -> None:
    heard = Heard(1)
    heard.limits.took(0, LimitReading(None))
    heard.limits.lost(0, LOST)

    heard.limits.took(0, LimitReading(None))

    assert heard.limits.limit_a is None
    assert heard.ledger.active == ()
    assert [event for event in heard.events if isinstance(event, LimitMoved)] == [
        LimitMoved(6.0, "limit 0 is not heard of"),
        LimitMoved(None),
    ]


def test_a_limit_that_is_no_number_is_not_known() -> None:
    heard = Heard(1)

    heard.limits.took(0, LimitReading(math.nan))

    assert heard.limits.limit_a == 6.0
    assert heard.ledger.active == ("SensorFailure",)


def test_a_limit_is_told_once() -> None:
    heard = Heard(1)

    heard.limits.took(0, LimitReading(10.0))
    heard.limits.took(0, LimitReading(10.0))

    assert heard.events == [LimitMoved(10.0)]


async def test_a_limit_lowers_the_pwm_without_time_passing_and_raises_it_again() -> None:
    limit = Limit()
    async with running(Rig(limits=(limit,))) as rig:
        await rig.charge(limit_a=32.0)
        limit.move(10.0)
        await rig.clock.settle()
        lowered_a, snapshot = rig.evse.board.offer_a, rig.port.snapshot()

        limit.move(None)
        await rig.clock.settle()

        assert lowered_a == 10.0
        assert (snapshot.limit_a, snapshot.derated_to_a) == (10.0, 10.0)
        assert rig.evse.board.offer_a == 32.0
        assert rig.port.snapshot().derated_to_a is None
        assert rig.of(LimitMoved) == [LimitMoved(10.0, "hot"), LimitMoved(None)]


async def test_a_limit_below_six_amperes_is_a_pause_and_the_charge_returns_after_it() -> None:
    limit = Limit()
    async with running(Rig(limits=(limit,))) as rig:
        await rig.charge()
        limit.move(5.9)
        await rig.clock.settle()
        at_once = rig.is_commanded_closed
        offered_a = rig.evse.board.offer_a
        await rig.pass_time(8.0)
        paused = rig.is_commanded_closed

        limit.move(8.0)
        await rig.pass_time(5.0)

        assert (at_once, offered_a, paused) == (True, None, False)
        assert rig.controls.view().draw_a == (8.0, 8.0, 8.0)
        assert rig.faults() == []


async def test_a_car_that_ignores_a_limit_is_stopped_after_its_grace() -> None:
    limit = Limit()
    async with running(Rig(limits=(limit,))) as rig:
        await rig.charge(limit_a=32.0)
        rig.controls.set_ev(ignores_offer=True)
        await rig.pass_time(2.0)

        limit.move(10.0)
        await rig.pass_time(4.5)
        too_early = rig.is_commanded_closed
        await rig.pass_time(2.5)

        assert too_early
        assert not rig.is_commanded_closed
        assert rig.faults() == [("OverCurrentFailure", True)]


async def test_a_limit_that_is_lost_while_charging_goes_on_with_six_amperes_until_it_is_found() -> None:
    limit = Limit()
    async with running(Rig(limits=(limit,))) as rig:
        await rig.charge()
        limit.lose()
        await rig.pass_time(3.0)
        lost_a, closed = rig.evse.board.offer_a, rig.is_commanded_closed

        limit.find()
        await rig.pass_time(20.0)

        assert (lost_a, closed) == (6.0, True)
        assert rig.evse.board.offer_a == 16.0
        assert rig.faults() == [("SensorFailure", True), ("SensorFailure", False)]
