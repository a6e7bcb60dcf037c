"""How much each EVSE is permitted: by its own devices, by the grid, and anew after its lease lapsed."""

from random import Random

import pytest

from agent.smart_charging.share import Policy
from agent.station.connector import ConnectorStatus
from agent.station.effects import PermitEnergy, WithdrawEnergy
from agent.station.events import LeaseLapsed, LimitMoved
from agent.station.facts import ChargingState, TransactionUpdated
from tests.fakes.station_rig import Rig, charging

S = ConnectorStatus


def permits(rig: Rig) -> list[tuple[int, float]]:
    return [(permit.evse_id, permit.limit_a) for permit in rig.all(PermitEnergy)]


def test_a_hot_cable_lowers_what_is_permitted_and_a_cool_one_raises_it_again() -> None:
    rig = charging()

    rig.feed(LimitMoved(1, 13.0))
    rig.feed(LimitMoved(1, None))

    assert permits(rig) == [(1, 13.0), (1, 32.0)]


def test_a_limit_above_the_wiring_changes_nothing() -> None:
    rig = charging()

    rig.feed(LimitMoved(1, 63.0))

    assert permits(rig) == []


def test_below_6_a_the_charge_pauses_and_the_contactor_is_not_opened_under_load() -> None:
    rig = charging()

    rig.feed(LimitMoved(1, 5.9))
    rig.pass_time(2)

    assert permits(rig) == [(1, 0.0)]
    assert rig.all(WithdrawEnergy) == []
    assert rig.statuses()[-1] is S.SUSPENDED_EVSE
    assert rig.facts_of(TransactionUpdated)[-1].charging_state is ChargingState.SUSPENDED_EVSE


def test_after_a_pause_the_same_transaction_goes_on() -> None:
    rig = charging()
    transaction = rig.evse().record.transaction
    assert transaction is not None

    rig.feed(LimitMoved(1, 0.0))
    rig.pass_time(2)
    rig.feed(LimitMoved(1, 10.0))
    rig.pass_time(2)

    assert permits(rig) == [(1, 0.0), (1, 10.0)]
    assert rig.statuses()[-1] is S.CHARGING
    now = rig.evse().record.transaction
    assert now is not None
    assert now.id == transaction.id


def test_what_one_may_not_draw_goes_to_the_other() -> None:
    rig = charging(evses=2, grid_max_current_a=32.0)

    rig.feed(LimitMoved(1, 8.0))
    at_once = permits(rig)
    rig.pass_time(4)
    before_it_followed = permits(rig)
    rig.pass_time(2)

    assert at_once == before_it_followed == [(1, 8.0)]
    assert permits(rig) == [(1, 8.0), (2, 24.0)]


def test_a_limit_while_idle_holds_for_the_next_charge() -> None:
    rig = Rig(evses=1).start()
    rig.feed(LimitMoved(1, 10.0))

    rig.plug()
    rig.swipe()
    rig.pass_time(3)

    assert permits(rig) == [(1, 10.0)]


def test_a_permission_that_lapsed_is_given_anew() -> None:
    rig = charging()

    rig.feed(LeaseLapsed(1))

    assert permits(rig) == [(1, 32.0)]


@pytest.mark.parametrize("lapses", [1, 2])
def test_a_lapse_while_idle_permits_nothing(lapses: int) -> None:
    rig = Rig(evses=1).start()

    for _ in range(lapses):
        rig.feed(LeaseLapsed(1))

    assert permits(rig) == []


def test_where_nothing_was_permitted_yet_a_pause_is_no_permission() -> None:
    rig = Rig(evses=1).start()
    rig.feed(LimitMoved(1, 0.0))

    rig.plug()
    rig.swipe()
    rig.pass_time(3)

    assert permits(rig) == []
    assert rig.statuses()[-1] is S.SUSPENDED_EVSE


def test_the_third_car_waits_for_the_grid_and_follows_when_one_leaves() -> None:
    rig = Rig(evses=3, grid_max_current_a=16.0).start()
    for evse_id in (1, 2, 3):
        rig.plug(evse_id)
        rig.swipe(f"CARD-000{evse_id}", evse_ids=(evse_id,))
    rig.pass_time(3)
    waiting = rig.statuses(3)[-1]

    rig.unplug(1)
    rig.pass_time(2)

    assert waiting is S.SUSPENDED_EVSE
    assert rig.statuses(3)[-1] is S.CHARGING
    assert rig.statuses(3) == [S.AVAILABLE, S.PREPARING, S.SUSPENDED_EVSE, S.CHARGING]


def test_ten_amperes_charge_one_of_two_cars() -> None:
    rig = Rig(grid_max_current_a=10.0).start()
    for evse_id in (1, 2):
        rig.plug(evse_id)
        rig.swipe(f"CARD-000{evse_id}", evse_ids=(evse_id,))
    rig.pass_time(3)

    assert [evse.permitted_a for evse in rig.station.state.evses] == [10.0, None]


def test_shares_are_lowered_before_another_is_raised() -> None:
    rig = Rig(evses=3, grid_max_current_a=30.0).start()
    permitted = dict.fromkeys((1, 2, 3), 0.0)
    sums = []

    for evse_id in (3, 1, 2):
        rig.plug(evse_id)
        rig.swipe(f"CARD-000{evse_id}", evse_ids=(evse_id,))
    rig.unplug(1)

    for effect in rig.effects:
        if isinstance(effect, PermitEnergy):
            permitted[effect.evse_id] = effect.limit_a
        elif isinstance(effect, WithdrawEnergy):
            permitted[effect.evse_id] = 0.0
        sums.append(sum(permitted.values()))
    assert max(sums) == 30.0


def test_a_pause_lasts_as_long_as_configured_and_is_resumed_then() -> None:
    rig = charging(min_pause_s=60.0)

    rig.feed(LimitMoved(1, 0.0))
    rig.pass_time(2)
    rig.feed(LimitMoved(1, 16.0))
    rig.pass_time(57)
    paused = permits(rig)
    rig.pass_time(2)

    assert paused == [(1, 0.0)]
    assert permits(rig) == [(1, 0.0), (1, 16.0)]


def test_who_plugs_in_anew_does_not_wait_for_the_pause_of_another() -> None:
    rig = charging(min_pause_s=600.0)
    rig.feed(LimitMoved(1, 0.0))
    rig.pass_time(2)
    rig.unplug(1)
    rig.feed(LimitMoved(1, 16.0))
    rig.effects.clear()

    rig.plug(1)
    rig.swipe("CARD-0002", evse_ids=(1,))
    rig.pass_time(3)

    assert permits(rig) == [(1, 16.0)]


def test_one_phase_cars_on_different_phases_each_have_the_whole_grid() -> None:
    apart = {"Ocpp16Ctrlr.ConnectorPhaseRotation": "1.RST,2.STR"}
    known = charging(evses=2, phases=1, grid_max_current_a=20.0, variables=apart)
    unknown = charging(evses=2, phases=1, grid_max_current_a=20.0)
    unknown.pass_time(3)

    assert [evse.permitted_a for evse in known.station.state.evses] == [20.0, 20.0]
    assert [evse.permitted_a for evse in unknown.station.state.evses] == [10.0, 10.0]


def test_the_first_who_came_keeps_what_he_has_where_that_is_the_policy() -> None:
    rig = charging(evses=2, grid_max_current_a=40.0, sharing=Policy.FIRST_COME)

    assert permits(rig) == []
    assert [evse.permitted_a for evse in rig.station.state.evses] == [32.0, 8.0]


class SlowCars:
    """What each car draws: a higher offer at once, a lower one four seconds late."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.offers: dict[int, list[float]] = {evse.id: [0.0] * 5 for evse in rig.station.state.evses}

    def second(self) -> float:
        """What all draw together in the second that begins now."""
        total_a = 0.0
        for evse in self.rig.station.state.evses:
            offers = self.offers[evse.id]
            offers.append((evse.permitted_a or 0.0) if self.rig.sockets[evse.id].closed else 0.0)
            if not self.rig.sockets[evse.id].closed:
                offers[:] = [0.0] * 5
            total_a += max(offers[-5:])
        return total_a


@pytest.mark.parametrize("seed", range(30))
def test_the_grid_is_never_exceeded_however_cars_come_and_go(seed: int) -> None:
    random = Random(seed)
    grid_a = random.choice([10.0, 16.0, 25.0, 40.0, 63.0])
    policy = random.choice(list(Policy))
    rig = Rig(evses=4, grid_max_current_a=grid_a, sharing=policy, min_pause_s=random.choice([0.0, 20.0])).start()
    cars = SlowCars(rig)
    drawn_a = []
    for _ in range(200):
        evse_id = random.randint(1, 4)
        match random.randint(0, 5):
            case 0 if not rig.sockets[evse_id].pilot.is_plugged:
                rig.plug(evse_id)
                rig.swipe(f"CARD-000{evse_id}", evse_ids=(evse_id,))
            case 1 if rig.sockets[evse_id].pilot.is_plugged:
                rig.unplug(evse_id)
            case 2:
                rig.feed(LimitMoved(evse_id, random.choice([None, 0.0, 5.0, 8.0, 13.0, 20.0])))
            case _:
                pass
        rig.pass_time(1)
        drawn_a.append(cars.second())

    assert max(drawn_a) <= grid_a + 1e-6
    assert max(drawn_a) > min(grid_a, 6.0) - 1e-6
