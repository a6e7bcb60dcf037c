"""How much each EVSE is permitted: by its own devices, by the grid, and anew after its lease lapsed."""

import pytest

from agent.station.connector import ConnectorStatus
from agent.station.effects import PermitEnergy, WithdrawEnergy
from agent.station.events import LeaseLapsed, LimitMoved
from agent.station.facts import ChargingState, TransactionUpdated
from tests.fakes.station_rig import Rig

S = ConnectorStatus


def charging(evses: int = 1, **fields: float) -> Rig:
    """Every EVSE charges."""
    rig = Rig(evses=evses, **fields).start()  # type: ignore[arg-type]  # a test names the fields it needs
    for evse_id in range(1, evses + 1):
        rig.plug(evse_id)
        rig.swipe(f"CARD-000{evse_id}", evse_ids=(evse_id,))
    rig.pass_time(3)
    rig.effects.clear()
    return rig


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
