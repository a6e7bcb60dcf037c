"""Events taken in: plugging, unplugging, faults, boot answers, due times."""

import pytest

from agent.station.commands import (
    ClearCache,
    DataTransfer,
    Done,
    GetLocalListVersion,
    GetTransactionStatus,
    LocalListVersion,
    Outcome,
    TransactionStatus,
)
from agent.station.connector import ConnectorStatus
from agent.station.effects import ForgetCache, ReportStatus, StoreVariable, Unlock, WithdrawEnergy
from agent.station.events import (
    BootAnswered,
    ContactorMoved,
    CsmsAsked,
    FaultCleared,
    FaultRaised,
    LinkChanged,
    PilotChanged,
    TransactionAnswered,
    UnlockFinished,
)
from agent.station.facts import (
    ChargingState,
    FaultNoted,
    StopReason,
    TransactionEnded,
    TransactionFact,
    TransactionStarted,
)
from agent.station.faults import FAULTS, Fault
from agent.station.id_token import IdToken
from agent.station.pilot import PilotState
from agent.station.standard_variables import HEARTBEAT_INTERVAL
from tests.fakes.station_rig import ACCEPTED, Rig

S = ConnectorStatus
STOPS_ANYHOW = {"TxCtrlr.StopTxOnEVSideDisconnect": "false", "TxCtrlr.TxStopPoint": "Authorized"}


def charging(rig: Rig | None = None) -> Rig:
    """EVSE 1 charges for CARD-0001."""
    rig = rig or Rig()
    rig.start().plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(3)
    return rig


def test_plug_first() -> None:
    rig = Rig().start()

    rig.plug()
    rig.pass_time(3)
    rig.swipe()

    assert rig.facts_of(TransactionStarted)[0].trigger == "Authorized"
    assert rig.statuses() == [S.AVAILABLE, S.PREPARING, S.CHARGING]


def test_several_evses_charge_at_once_and_apart() -> None:
    rig = Rig(evses=4).start()
    for evse_id in range(1, 5):
        rig.plug(evse_id)
        rig.swipe(f"CARD-000{evse_id}", evse_ids=(evse_id,))
    rig.pass_time(5)

    rig.swipe("CARD-0003")
    rig.unplug(2)
    rig.pass_time(5)

    assert sorted(fact.evse_id for fact in rig.facts_of(TransactionEnded)) == [2, 3]
    assert [socket.closed for socket in rig.sockets.values()] == [True, False, False, True]


def test_unplugging_while_charging_ends_the_transaction() -> None:
    rig = charging()

    rig.unplug()

    assert (rig.ended.trigger, rig.ended.stop_reason) == ("EVCommunicationLost", StopReason.EV_DISCONNECTED)
    assert rig.ended.charging_state is ChargingState.IDLE
    assert rig.statuses() == [S.AVAILABLE, S.PREPARING, S.CHARGING, S.AVAILABLE]


def test_a_transaction_may_outlive_the_cable_and_go_on_with_it() -> None:
    rig = charging(Rig(variables=STOPS_ANYHOW))

    rig.unplug()
    rig.pass_time(5)
    away = rig.statuses()[-1]
    rig.plug()
    rig.pass_time(3)

    assert rig.facts_of(TransactionEnded) == []
    assert away is S.SUSPENDED_EV
    assert rig.statuses() == [S.AVAILABLE, S.PREPARING, S.CHARGING, S.SUSPENDED_EV, S.CHARGING]
    assert rig.sockets[1].closed


def test_no_energy_while_the_cable_is_away() -> None:
    rig = charging(Rig(variables=STOPS_ANYHOW))

    rig.unplug()

    assert rig.evse().permitted_a is None
    assert not rig.sockets[1].closed


@pytest.mark.parametrize(("unlock", "freed"), [("true", 1), ("false", 0)])
def test_the_cable_is_freed_on_the_vehicle_side_disconnect_where_that_is_wanted(unlock: str, freed: int) -> None:
    variables = {"OCPPCommCtrlr.UnlockOnEVSideDisconnect": unlock, "TxCtrlr.TxStopPoint": "EVConnected"}
    rig = charging(Rig(variables=variables, has_lock=True))
    rig.obedient = False

    rig.unplug()

    assert len(rig.all(Unlock)) == freed


@pytest.mark.parametrize("fault", [fault for fault in Fault if FAULTS[fault].ends_transaction])
def test_a_fault_that_ends_a_charge(fault: Fault) -> None:
    rig = charging()

    effects = rig.feed(FaultRaised(1, fault))
    rig.pass_time(2)

    assert WithdrawEnergy(1) in effects
    assert (rig.ended.trigger, rig.ended.stop_reason) == ("AbnormalCondition", FAULTS[fault].stop_reason)
    assert rig.statuses()[-1] is S.FAULTED
    assert not rig.sockets[1].closed


@pytest.mark.parametrize("fault", [fault for fault in Fault if FAULTS[fault].ends_transaction])
def test_recovery_from_a_fault_that_ended_a_charge_needs_a_new_authorization(fault: Fault) -> None:
    rig = charging()
    rig.feed(FaultRaised(1, fault))
    rig.pass_time(2)

    rig.feed(FaultCleared(1, fault))
    rig.pass_time(5)
    recovered = rig.sockets[1].closed
    rig.swipe(evse_ids=(1,))
    rig.pass_time(2)

    assert not recovered
    assert rig.statuses()[-1] is S.CHARGING
    assert len(rig.facts_of(TransactionStarted)) == 2


@pytest.mark.parametrize("fault", [Fault.UNDER_VOLTAGE, Fault.OVER_VOLTAGE, Fault.HIGH_TEMPERATURE])
def test_a_fault_that_pauses_a_charge(fault: Fault) -> None:
    rig = charging()

    rig.feed(FaultRaised(1, fault))
    rig.pass_time(3)
    paused = (rig.statuses()[-1], rig.facts_of(TransactionFact)[-1].charging_state, rig.sockets[1].closed)
    rig.feed(FaultCleared(1, fault))
    rig.pass_time(3)

    assert paused == (S.FAULTED, ChargingState.SUSPENDED_EVSE, False)
    assert rig.statuses()[-1] is S.CHARGING
    assert rig.facts_of(TransactionEnded) == []


def test_a_pausing_fault_ends_a_charge_whose_stop_point_is_the_transfer() -> None:
    rig = charging(Rig(variables={"TxCtrlr.TxStopPoint": "EnergyTransfer"}))

    rig.feed(FaultRaised(1, Fault.UNDER_VOLTAGE))

    assert (rig.ended.trigger, rig.ended.stop_reason) == ("AbnormalCondition", StopReason.POWER_QUALITY)


def test_a_fault_while_idle_keeps_everybody_out_until_it_is_over() -> None:
    rig = Rig(evses=1).start()
    rig.feed(FaultRaised(1, Fault.GROUND_FAILURE))

    rig.plug()
    rig.swipe()
    rig.pass_time(2)
    facts = list(rig.facts)
    rig.feed(FaultCleared(1, Fault.GROUND_FAILURE))
    rig.pass_time(2)

    assert facts == rig.facts[:1]
    assert rig.facts == rig.facts_of(FaultNoted)
    assert rig.statuses() == [S.AVAILABLE, S.FAULTED, S.PREPARING]


def test_a_fault_of_the_whole_station_is_a_fault_of_each_evse() -> None:
    rig = charging()

    rig.feed(FaultRaised(None, Fault.EMERGENCY_STOP))

    assert rig.ended.stop_reason is StopReason.EMERGENCY_STOP
    assert rig.statuses(1)[-1] is S.FAULTED
    assert rig.statuses(2)[-1] is S.FAULTED


def test_a_dead_reader_leaves_the_charge_alone_but_is_told() -> None:
    rig = charging()
    seen = len(rig.effects)

    rig.feed(FaultRaised(1, Fault.READER))
    rig.pass_time(2)

    reports = [effect for effect in rig.effects[seen:] if isinstance(effect, ReportStatus)]
    assert [(report.status, report.fault) for report in reports] == [(S.CHARGING, Fault.READER)]
    assert rig.sockets[1].closed


def test_a_charge_goes_on_without_its_meter_only_where_that_is_configured() -> None:
    rig = charging(Rig(energy_without_meter=True))
    rig.sockets[1].is_meter_silent = True

    rig.feed(FaultRaised(1, Fault.POWER_METER))
    rig.pass_time(20)
    going = (rig.sockets[1].closed, rig.statuses()[-1])
    rig.swipe()
    rig.pass_time(7)
    rig.swipe()
    rig.pass_time(7)

    assert going == (True, S.CHARGING)
    assert rig.ended.register_wh is not None
    assert rig.statuses()[-1] is S.FAULTED
    assert len(rig.facts_of(TransactionStarted)) == 1


def test_a_dead_meter_ends_a_charge_with_its_last_reading() -> None:
    rig = charging()
    last_wh = rig.sockets[1].energy_wh
    rig.sockets[1].is_meter_silent = True
    rig.mono_s += 0.1

    rig.feed(FaultRaised(1, Fault.POWER_METER))
    rig.pass_time(4)
    before = rig.facts_of(TransactionEnded)
    rig.pass_time(3)

    assert not rig.sockets[1].closed
    assert before == []
    assert rig.ended.register_wh == last_wh


def test_a_boot_answer_sets_the_heartbeat() -> None:
    rig = Rig().start()

    rig.feed(BootAnswered(accepted=True, heartbeat_s=120))
    rig.feed(BootAnswered(accepted=True, heartbeat_s=120))

    assert rig.all(StoreVariable) == [StoreVariable(HEARTBEAT_INTERVAL, "120")]
    assert rig.station.state.model.integer(HEARTBEAT_INTERVAL) == 120


def test_a_station_refused_later_ends_what_runs_in_peace_and_begins_nothing() -> None:
    rig = charging()

    rig.feed(BootAnswered(accepted=False))
    rig.plug(2)
    rig.swipe("CARD-0002", evse_ids=(2,))
    rig.pass_time(2)

    assert rig.sockets[1].closed
    assert not rig.sockets[2].closed
    assert len(rig.facts_of(TransactionStarted)) == 1


def test_facts_of_an_offline_station_say_so() -> None:
    rig = charging()

    rig.feed(LinkChanged(online=False))
    rig.swipe()

    assert [fact.offline for fact in rig.facts_of(TransactionFact)] == [False, False, True]


def test_the_cache_is_cleared_where_there_is_one() -> None:
    rig = Rig().start()

    assert rig.ask(ClearCache()) == Done(Outcome.ACCEPTED)
    rig.set_variable("AuthCacheCtrlr.Enabled", "false")
    assert rig.ask(ClearCache()) == Done(Outcome.REJECTED)
    assert len(rig.all(ForgetCache)) == 1


def test_the_status_of_a_transaction() -> None:
    rig = charging()

    running = rig.ask(GetTransactionStatus("tx-1"), queued=("tx-1",))
    rig.swipe()

    assert running == TransactionStatus(ongoing=True, messages_in_queue=True)
    assert rig.ask(GetTransactionStatus("tx-1")) == TransactionStatus(ongoing=False, messages_in_queue=False)
    assert rig.ask(GetTransactionStatus(), queued=("tx-1",)) == TransactionStatus(ongoing=None, messages_in_queue=True)


def test_the_version_of_the_list_is_the_stores() -> None:
    rig = Rig().start()

    effects = rig.feed(CsmsAsked(99, GetLocalListVersion(), local_list_version=12))

    assert [getattr(effect, "answer", None) for effect in effects] == [LocalListVersion(12)]


def test_no_vendor_is_known() -> None:
    assert Rig().start().ask(DataTransfer("vendor", None, None)) == Done(Outcome.UNKNOWN_VENDOR)


def test_nothing_is_due_while_nothing_waits() -> None:
    rig = Rig().start()
    idle = rig.station.next_due_s()

    rig.swipe(evse_ids=(1,))

    assert idle is None
    assert rig.station.next_due_s() == rig.mono_s + 60


def test_a_due_time_does_not_stay_due_after_a_stop() -> None:
    rig = Rig(variables={"TxCtrlr.TxStopPoint": "EVConnected"}).start()
    rig.plug(wants_energy=False)
    rig.swipe()
    rig.pass_time(2)

    rig.swipe()
    rig.pass_time(40)

    assert rig.station.next_due_s() is None


def test_a_contactor_that_closes_unbidden_is_told_to_open() -> None:
    rig = Rig().start()

    effects = rig.feed(ContactorMoved(1, closed=True))

    assert effects == [WithdrawEnergy(1)]


def test_answers_that_nobody_waits_for_change_nothing() -> None:
    rig = charging()
    state = rig.station.state
    seen = len(rig.facts)

    rig.feed(TransactionAnswered("tx-9", IdToken("CARD-0001"), ACCEPTED))
    rig.feed(UnlockFinished(1, None, unlocked=True))
    rig.feed(FaultCleared(1, Fault.OTHER))
    rig.feed(PilotChanged(1, PilotState.C))

    assert rig.station.state.evses == state.evses
    assert len(rig.facts) == seen
