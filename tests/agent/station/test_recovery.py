"""After a restart: what was interrupted is ended, or goes on."""

import pytest

from agent.station.commands import Reset, ResetKind
from agent.station.effects import PermitEnergy, Restart
from agent.station.events import ContactorMoved, MeterSampled, PilotChanged, StationStarted
from agent.station.facts import StopReason, TransactionEnded, TransactionStarted
from agent.station.pilot import PilotState
from agent.station.samples import MeterSample
from agent.units import Wh
from tests.fakes.station_rig import Rig

ORDERS = ["meter last", "pilot last", "contactor last"]


def charging(resumption_s: int = 0) -> Rig:
    """EVSE 1 has charged for ten seconds."""
    rig = Rig(variables={"TxCtrlr.ResumptionTimeout": str(resumption_s)}).start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(10)
    return rig


@pytest.mark.parametrize("order", ORDERS)
def test_an_interrupted_charge_ends_by_power_loss_with_the_register_as_it_is_now(order: str) -> None:
    rig = charging()
    rig.sockets[1].energy_wh += 7  # delivered after the last reading

    later = rig.restart().start(last=order)

    assert later.ended.stop_reason is StopReason.POWER_LOSS
    assert later.ended.register_wh == rig.sockets[1].energy_wh
    assert later.ended.seq_no == 2
    assert later.all(PermitEnergy) == []


def test_nothing_is_decided_before_the_hardware_has_shown_itself() -> None:
    rig = charging().restart()

    rig.feed(StationStarted())
    rig.feed(PilotChanged(1, PilotState.C))
    rig.feed(ContactorMoved(1, closed=False))

    assert rig.facts == []


def test_hardware_that_stays_silent_is_not_waited_for_without_end() -> None:
    rig = charging()
    rig.sockets[1].is_meter_silent = True
    later = rig.restart().start()

    later.pass_time(21)

    assert later.ended.stop_reason is StopReason.POWER_LOSS
    assert later.ended.register_wh is not None


def test_a_short_interruption_is_resumed() -> None:
    rig = charging(resumption_s=60)

    later = rig.restart(away_s=10).start()
    later.pass_time(10)
    later.unplug()

    assert later.facts_of(TransactionStarted) == []
    assert later.ended.transaction_id == "tx-1"
    assert later.ended.stop_reason is StopReason.EV_DISCONNECTED
    assert later.ended.register_wh == later.sockets[1].energy_wh > rig.sockets[1].energy_wh
    assert [fact.seq_no for fact in later.facts if hasattr(fact, "seq_no")] == list(range(2, 2 + len(later.story)))


def test_another_boot_is_resumed_by_the_wall_clock() -> None:
    rig = charging(resumption_s=60)

    later = rig.restart(away_s=10, boot="boot-2").start()
    later.pass_time(3)

    assert later.facts_of(TransactionEnded) == []
    assert later.sockets[1].closed


def test_a_long_interruption_is_not_resumed() -> None:
    later = charging(resumption_s=60).restart(away_s=90).start()

    assert later.ended.stop_reason is StopReason.POWER_LOSS


def test_an_interruption_of_unknown_length_is_not_resumed() -> None:
    rig = charging(resumption_s=60)
    later = rig.restart(away_s=10, boot="boot-2", wall_known=False).start()

    assert later.ended.stop_reason is StopReason.POWER_LOSS


def test_a_car_that_left_meanwhile_is_not_resumed() -> None:
    rig = charging(resumption_s=60)
    rig.sockets[1].pilot = PilotState.A

    later = rig.restart(away_s=10).start()

    assert later.ended.stop_reason is StopReason.POWER_LOSS
    assert later.evse().record.transaction is None


@pytest.mark.parametrize("order", ORDERS)
def test_a_restart_in_the_middle_of_ending_keeps_the_reason(order: str) -> None:
    rig = charging(resumption_s=60)
    rig.obedient = False
    rig.swipe()
    assert rig.facts_of(TransactionEnded) == []

    later = rig.restart().start(last=order)
    later.pass_time(1)

    assert later.ended.stop_reason is StopReason.LOCAL
    assert later.station.next_due_s() is None


@pytest.mark.parametrize("order", ORDERS)
def test_an_evse_is_usable_after_an_ending_was_finished(order: str) -> None:
    rig = charging()
    rig.obedient = False
    rig.swipe()
    later = rig.restart().start(last=order)

    later.unplug()
    later.plug()
    later.swipe(evse_ids=(1,))
    later.pass_time(3)

    assert later.sockets[1].closed


def test_a_free_charge_goes_on_in_a_new_transaction() -> None:
    rig = Rig(variables={"AuthCtrlr.Enabled": "false"}).start()
    rig.plug()
    rig.pass_time(5)

    later = rig.restart().start()
    later.pass_time(3)

    assert later.story[:2] == ["Ended AbnormalCondition", "Started Authorized"]
    assert later.facts_of(TransactionStarted)[0].register_wh == later.ended.register_wh
    assert later.sockets[1].closed


def test_an_authorization_without_a_transaction_is_forgotten() -> None:
    rig = Rig().start()
    rig.swipe(evse_ids=(1,))

    later = rig.restart().start()
    later.plug()
    later.pass_time(2)

    assert later.facts == []


def test_an_immediate_reset_during_recovery_is_not_outlived() -> None:
    later = charging(resumption_s=60).restart(away_s=10)
    later.feed(StationStarted())
    later.ask(Reset(ResetKind.IMMEDIATE))

    later.feed(ContactorMoved(1, closed=False))
    later.feed(PilotChanged(1, PilotState.C))
    later.feed(MeterSampled(MeterSample(1, later.now, Wh(1_000_050), ())))

    assert later.ended.stop_reason is StopReason.POWER_LOSS
    assert len(later.all(Restart)) == 1


def test_a_finished_charge_is_not_begun_again_by_a_restart() -> None:
    rig = Rig(variables={"TxCtrlr.TxStartPoint": "EVConnected"}).start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(3)
    rig.swipe(evse_ids=(1,))

    later = rig.restart().start()
    later.pass_time(5)

    assert later.facts == []
