"""An EV comes and goes; a cable stays locked until its driver shows himself."""

import pytest

from agent.station.commands import RequestStop, UnlockConnector
from agent.station.connector import ConnectorStatus
from agent.station.effects import Unlock
from agent.station.facts import StopReason, TransactionStarted, Trigger
from agent.station.id_token import AuthorizationStatus, IdToken, KnownToken, TokenInfo
from tests.fakes.station_rig import Rig

KEEPS_CABLE = {"OCPPCommCtrlr.UnlockOnEVSideDisconnect": "false", "TxCtrlr.StopTxOnEVSideDisconnect": "true"}
STAYS = {"TxCtrlr.StopTxOnEVSideDisconnect": "false", "TxCtrlr.TxStopPoint": "Authorized"}
FAMILY = TokenInfo(AuthorizationStatus.ACCEPTED, group=IdToken("FAMILY"))


def unplugged_at_the_ev(variables: dict[str, str], *, has_lock: bool = True) -> Rig:
    """EVSE 1 charged for CARD-0001, and the cable was taken out of the car."""
    rig = Rig(variables=variables, has_lock=has_lock).start()
    rig.plug()
    rig.swipe(evse_ids=(1,), answer=FAMILY)
    rig.pass_time(3)
    rig.unplug()
    return rig


def unlocks(rig: Rig) -> int:
    return len([each for each in rig.all(Unlock) if each.evse_id == 1])


def test_the_cable_is_freed_at_once_where_that_is_configured() -> None:
    rig = unplugged_at_the_ev({**KEEPS_CABLE, "OCPPCommCtrlr.UnlockOnEVSideDisconnect": "true"})

    assert unlocks(rig) == 1
    assert rig.statuses()[-1] is ConnectorStatus.AVAILABLE


def test_the_cable_stays_locked_until_its_driver_shows_his_token() -> None:
    rig = unplugged_at_the_ev(KEEPS_CABLE)
    held = (unlocks(rig), rig.statuses()[-1], rig.ended.stop_reason)

    rig.swipe(evse_ids=(1,))

    assert held == (0, ConnectorStatus.FINISHING, StopReason.EV_DISCONNECTED)
    assert unlocks(rig) == 1
    assert rig.statuses()[-1] is ConnectorStatus.AVAILABLE
    assert len(rig.facts_of(TransactionStarted)) == 1


def test_a_held_cable_outlasts_a_restart() -> None:
    rig = unplugged_at_the_ev(KEEPS_CABLE).restart().start()
    held = rig.statuses()[-1]

    rig.swipe(evse_ids=(1,))

    assert held is ConnectorStatus.FINISHING
    assert unlocks(rig) == 1


@pytest.mark.parametrize("known", [KnownToken(), KnownToken(cached=FAMILY)])
def test_a_token_of_the_same_group_frees_the_cable(known: KnownToken) -> None:
    rig = unplugged_at_the_ev(KEEPS_CABLE)

    rig.swipe("CARD-0002", evse_ids=(1,), known=known, answer=FAMILY)

    assert unlocks(rig) == 1
    assert len(rig.facts_of(TransactionStarted)) == 1


def test_a_stranger_neither_gets_the_cable_nor_the_evse() -> None:
    rig = unplugged_at_the_ev(KEEPS_CABLE)

    rig.swipe("CARD-0002", evse_ids=(1,))

    assert unlocks(rig) == 0
    assert rig.evse().record.grant is None
    assert rig.statuses()[-1] is ConnectorStatus.FINISHING


def test_the_csms_may_free_the_cable() -> None:
    rig = unplugged_at_the_ev(KEEPS_CABLE)

    rig.ask(UnlockConnector(1, 1))

    assert unlocks(rig) == 1
    assert rig.statuses()[-1] is ConnectorStatus.AVAILABLE


def test_with_the_car_back_the_token_starts_a_new_charge_and_its_end_frees_the_cable() -> None:
    rig = unplugged_at_the_ev(KEEPS_CABLE)
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(3)

    rig.swipe(evse_ids=(1,))

    assert len(rig.facts_of(TransactionStarted)) == 2
    assert unlocks(rig) == 1


def test_a_fixed_cable_that_nobody_plugs_in_again_ends_the_transaction() -> None:
    rig = unplugged_at_the_ev({**STAYS, "TxCtrlr.EVConnectionTimeOut": "20"}, has_lock=False)

    rig.pass_time(21)

    assert (rig.ended.trigger, rig.ended.stop_reason) == (Trigger.EV_CONNECT_TIMEOUT, StopReason.TIMEOUT)


@pytest.mark.parametrize("has_lock", [False, True])
def test_a_car_that_comes_back_in_time_goes_on(has_lock: bool) -> None:
    rig = unplugged_at_the_ev({**STAYS, "TxCtrlr.EVConnectionTimeOut": "20"}, has_lock=has_lock)

    rig.pass_time(10)
    rig.plug()
    rig.pass_time(60)

    assert rig.statuses()[-1] is ConnectorStatus.CHARGING


def test_a_locked_cable_waits_for_its_car_without_end() -> None:
    rig = unplugged_at_the_ev({**STAYS, "TxCtrlr.EVConnectionTimeOut": "20"}, has_lock=True)

    rig.pass_time(200)

    assert rig.evse().active_transaction is not None
    assert unlocks(rig) == 0


def test_a_remote_stop_is_the_reason_also_where_unplugging_is_the_end() -> None:
    rig = Rig(variables={"TxCtrlr.TxStopPoint": "EVConnected"}).start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(3)
    rig.ask(RequestStop("tx-1"))
    rig.pass_time(3)

    rig.unplug()

    assert (rig.ended.trigger, rig.ended.stop_reason) == (Trigger.EV_COMMUNICATION_LOST, StopReason.REMOTE)
