"""Settling an EVSE: start and stop points, the order of effects, the ending."""

from itertools import pairwise

import pytest

from agent.station.commands import RequestStop
from agent.station.connector import ConnectorStatus
from agent.station.effects import LockConnector, PermitEnergy, ReadMeter, Record, Unlock, WithdrawEnergy
from agent.station.events import ContactorMoved, StorageChanged, TimePassed
from agent.station.facts import ChargingState, StopReason, TransactionEnded, TransactionFact, TransactionStarted
from agent.station.pilot import PilotState
from agent.station.samples import Context
from tests.fakes.station_rig import Rig

S = ConnectorStatus

CHARGING = "Updated ChargingStateChanged"


def points(start: str, stop: str) -> dict[str, str]:
    return {"TxCtrlr.TxStartPoint": start, "TxCtrlr.TxStopPoint": stop}


def one_visit(rig: Rig) -> list[str]:
    """Plug, authorize, charge, stop by card, unplug."""
    rig.start().plug()
    rig.pass_time(2)
    rig.swipe(evse_ids=(1,))
    rig.pass_time(2)
    rig.swipe(evse_ids=(1,))
    rig.pass_time(2)
    rig.unplug()
    rig.pass_time(2)
    return rig.story


@pytest.mark.parametrize(
    ("start", "stop", "story"),
    [
        ("EVConnected", "EVConnected", ["Started CablePluggedIn", "Updated Authorized", CHARGING,
                                        "Updated StopAuthorized", "Ended EVCommunicationLost"]),
        ("EVConnected", "Authorized", ["Started CablePluggedIn", "Updated Authorized", CHARGING,
                                       "Ended StopAuthorized"]),
        ("Authorized", "Authorized", ["Started Authorized", CHARGING, "Ended StopAuthorized"]),
        ("Authorized", "EVConnected", ["Started Authorized", CHARGING, "Updated StopAuthorized",
                                       "Ended EVCommunicationLost"]),
        ("PowerPathClosed", "PowerPathClosed", ["Started Authorized", CHARGING, "Ended StopAuthorized"]),
        ("PowerPathClosed", "EVConnected,Authorized", ["Started Authorized", CHARGING, "Ended StopAuthorized"]),
        ("EnergyTransfer", "EnergyTransfer", ["Started Authorized", CHARGING, "Ended StopAuthorized"]),
        ("EVConnected", "EnergyTransfer", ["Started CablePluggedIn", "Updated Authorized", CHARGING,
                                           "Ended StopAuthorized"]),
    ],
)  # fmt: skip
def test_start_and_stop_points_when_the_cable_comes_first(start: str, stop: str, story: list[str]) -> None:
    rig = Rig(variables=points(start, stop))

    assert one_visit(rig) == story
    facts = rig.facts_of(TransactionFact)
    assert [fact.seq_no for fact in facts] == list(range(len(facts)))
    # E07.FR.05: who stopped it with his token stopped it, also where it ends only once he unplugs.
    assert rig.ended.stop_reason is StopReason.LOCAL


@pytest.mark.parametrize("start", ["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"])
@pytest.mark.parametrize("stop", ["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"])
def test_the_token_is_told_once_where_it_authorized_and_once_where_it_stopped(start: str, stop: str) -> None:
    rig = Rig(variables=points(start, stop))

    one_visit(rig)

    told = [fact.trigger for fact in rig.facts_of(TransactionFact) if fact.token is not None]
    assert told == ["Authorized", "StopAuthorized"]


@pytest.mark.parametrize(
    ("start", "story"),
    [
        ("EVConnected", ["Started CablePluggedIn", CHARGING]),
        ("Authorized", ["Started Authorized", "Updated CablePluggedIn", CHARGING]),
        ("PowerPathClosed", ["Started CablePluggedIn", CHARGING]),
        ("EnergyTransfer", ["Started CablePluggedIn", CHARGING]),
    ],
)
@pytest.mark.parametrize("stop", ["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"])
def test_start_points_when_the_token_comes_first(start: str, stop: str, story: list[str]) -> None:
    rig = Rig(variables=points(start, stop)).start()

    rig.swipe(evse_ids=(1,))
    rig.plug()
    rig.pass_time(2)

    assert rig.story == story
    assert [fact.token is not None for fact in rig.facts_of(TransactionFact)] == [True] + [False] * (len(story) - 1)


@pytest.mark.parametrize("stop", ["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"])
def test_unplugging_ends_a_charge_whatever_the_stop_point(stop: str) -> None:
    rig = Rig(variables=points("PowerPathClosed", stop)).start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(3)

    rig.unplug()

    assert rig.ended.trigger == "EVCommunicationLost"
    assert rig.ended.stop_reason is StopReason.EV_DISCONNECTED
    assert rig.statuses()[-1] is S.AVAILABLE


@pytest.mark.parametrize("start", ["EVConnected", "Authorized"])
@pytest.mark.parametrize("stop", ["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"])
def test_a_transaction_that_nobody_is_left_in_never_stays_open(start: str, stop: str) -> None:
    rig = Rig(variables=points(start, stop)).start()

    if start == "EVConnected":
        rig.plug()
        rig.unplug()
    else:
        rig.swipe(evse_ids=(1,))
        rig.swipe(evse_ids=(1,))
    rig.pass_time(2)

    assert rig.evse().record.transaction is None
    assert len(rig.facts_of(TransactionEnded)) == 1


def test_energy_transfer_as_stop_point_ends_when_the_ev_pauses() -> None:
    rig = Rig(variables=points("PowerPathClosed", "EnergyTransfer")).start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(3)

    rig.pilot(1, PilotState.B)

    assert rig.ended.trigger == "ChargingStateChanged"
    assert rig.ended.stop_reason is StopReason.STOPPED_BY_EV
    assert rig.ended.charging_state is ChargingState.EV_CONNECTED


def test_who_authorizes_again_after_the_end_gets_a_new_transaction() -> None:
    rig = Rig(variables=points("EVConnected", "EVConnected,Authorized")).start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(2)
    rig.swipe(evse_ids=(1,))
    rig.pass_time(2)

    rig.swipe(evse_ids=(1,))
    rig.pass_time(2)

    assert [fact.transaction_id for fact in rig.facts_of(TransactionStarted)] == ["tx-1", "tx-2"]
    assert rig.sockets[1].closed


def test_the_record_of_the_start_precedes_the_permission() -> None:
    rig = Rig().start()
    rig.plug()

    rig.swipe(evse_ids=(1,))

    kinds = [type(effect) for effect in rig.effects]
    started = next(
        number
        for number, effect in enumerate(rig.effects)
        if isinstance(effect, Record) and isinstance(effect.fact, TransactionStarted)
    )
    assert started < kinds.index(PermitEnergy)


def test_no_energy_before_the_csms_ever_accepted_the_station() -> None:
    rig = Rig(accepted=False, online=False, variables={"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"}).start()

    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(5)

    assert rig.facts == []
    assert rig.all(PermitEnergy) == []


def test_energy_before_acceptance_where_that_is_configured() -> None:
    variables = {"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true", "TxCtrlr.TxBeforeAcceptedEnabled": "true"}
    rig = Rig(accepted=False, online=False, variables=variables).start()

    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(5)

    assert rig.story[0] == "Started Authorized"
    assert rig.facts_of(TransactionStarted)[0].offline


def test_nothing_begins_while_facts_cannot_be_stored() -> None:
    rig = Rig(variables=points("EVConnected", "EVConnected")).start()
    rig.feed(StorageChanged(writable=False))

    rig.plug()
    assert rig.facts == []
    rig.feed(StorageChanged(writable=True))

    assert rig.story == ["Started CablePluggedIn"]


def test_nothing_begins_on_a_reading_that_is_old() -> None:
    rig = Rig().start()
    rig.sockets[1].is_meter_silent = True
    rig.pass_time(20)

    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(2)
    assert rig.facts == []
    rig.sockets[1].is_meter_silent = False
    rig.pass_time(1)

    assert rig.story[0] == "Started Authorized"
    assert rig.facts_of(TransactionStarted)[0].token is not None


def slow_rig() -> Rig:
    """Charging, and from now on the contactor moves by hand."""
    rig = Rig().start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(10)
    rig.obedient = False
    return rig


def test_the_end_waits_for_the_open_contactor_and_a_reading_after_it() -> None:
    rig = slow_rig()
    tx = rig.evse().record.transaction
    assert tx is not None
    seen = len(rig.effects)

    rig.ask(RequestStop(tx.id))
    at_once = [type(effect) for effect in rig.effects[seen:]]
    rig.pass_time(1)
    before_open = rig.facts_of(TransactionEnded)
    rig.mono_s += 0.1
    rig.sockets[1].closed = False
    asked_again = rig.feed(ContactorMoved(1, closed=False))
    before_reading = rig.facts_of(TransactionEnded)
    rig.pass_time(1)

    assert WithdrawEnergy in at_once
    assert (before_open, before_reading) == ([], [])
    assert ReadMeter(1) in asked_again
    assert rig.ended.register_wh == rig.sockets[1].energy_wh
    assert rig.ended.stop_reason is StopReason.REMOTE


def test_an_end_without_a_last_reading_comes_after_five_seconds() -> None:
    rig = slow_rig()
    last_wh = rig.sockets[1].energy_wh
    rig.sockets[1].is_meter_silent = True
    tx = rig.evse().record.transaction
    assert tx is not None

    rig.ask(RequestStop(tx.id))
    rig.mono_s += 0.1
    rig.sockets[1].closed = False
    rig.feed(ContactorMoved(1, closed=False))
    rig.pass_time(4)
    before = rig.facts_of(TransactionEnded)
    rig.pass_time(2)

    assert before == []
    assert rig.ended.register_wh == last_wh


def test_a_storage_that_stalls_while_a_charge_ends_does_not_cost_its_last_reading() -> None:
    rig = slow_rig()
    tx = rig.evse().record.transaction
    assert tx is not None

    rig.ask(RequestStop(tx.id))
    rig.mono_s += 8
    rig.sockets[1].energy_wh += 12
    rig.sockets[1].closed = False
    rig.feed(ContactorMoved(1, closed=False))
    rig.feed(TimePassed())
    before = rig.facts_of(TransactionEnded)
    rig.sample()

    assert before == []
    assert rig.ended.register_wh == rig.sockets[1].energy_wh


def test_the_end_tells_the_values_at_begin_and_end() -> None:
    rig = Rig().start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(10)

    rig.swipe(evse_ids=(1,))

    assert [value.context for value in rig.ended.values] == [Context.TRANSACTION_BEGIN, Context.TRANSACTION_END]
    started = rig.facts_of(TransactionStarted)[0]
    assert [value.context for value in started.values] == [Context.TRANSACTION_BEGIN]
    assert started.register_wh == 1_000_000
    assert rig.ended.register_wh == rig.sockets[1].energy_wh > 1_000_000


def test_an_ev_that_pauses_and_resumes_is_told_by_its_charging_state() -> None:
    rig = Rig().start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(3)

    rig.pilot(1, PilotState.B)
    rig.pass_time(3)
    rig.pilot(1, PilotState.C)
    rig.pass_time(3)

    states = [fact.charging_state for fact in rig.facts_of(TransactionFact)]
    assert states == ["EVConnected", "Charging", "SuspendedEV", "Charging"]
    assert rig.statuses() == [S.AVAILABLE, S.PREPARING, S.CHARGING, S.SUSPENDED_EV, S.CHARGING]


def test_an_ev_that_never_asks_for_energy_suspends_only_after_thirty_seconds() -> None:
    rig = Rig().start()
    rig.plug(wants_energy=False)
    rig.swipe(evse_ids=(1,))

    rig.pass_time(28)
    patient = rig.statuses()[-1]
    rig.pass_time(4)

    assert patient is S.PREPARING
    assert rig.statuses()[-1] is S.SUSPENDED_EV
    assert rig.facts_of(TransactionFact)[-1].charging_state is ChargingState.SUSPENDED_EV
    assert rig.station.next_due_s() is None


def test_a_contactor_that_opens_by_itself_is_not_called_charging() -> None:
    rig = slow_rig()

    rig.sockets[1].closed = False
    rig.feed(ContactorMoved(1, closed=False))

    assert rig.facts_of(TransactionFact)[-1].charging_state is ChargingState.SUSPENDED_EVSE
    assert rig.statuses()[-1] is S.SUSPENDED_EVSE


def test_the_cable_is_held_before_energy_and_freed_at_the_end() -> None:
    rig = Rig(has_lock=True).start()
    rig.plug()

    rig.swipe(evse_ids=(1,))
    rig.pass_time(2)
    rig.swipe(evse_ids=(1,))

    moves = [effect for effect in rig.effects if isinstance(effect, LockConnector | PermitEnergy | Unlock)]
    assert moves == [LockConnector(1), PermitEnergy(1, 32.0), Unlock(1)]


def test_registers_never_run_backwards_in_a_restart_with_a_dead_meter() -> None:
    rig = Rig().start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(50)
    rig.pilot(1, PilotState.B)
    told_wh = [fact.register_wh for fact in rig.facts_of(TransactionFact)]
    rig.sockets[1].is_meter_silent = True

    later = rig.restart().start()
    later.pass_time(25)

    assert told_wh[-1] is not None
    assert later.ended.register_wh == told_wh[-1]
    assert all(one <= two for one, two in pairwise(wh for wh in told_wh if wh is not None))
