"""What the CSMS may make the station do."""

import pytest

from agent.station.commands import (
    ChangeAvailability,
    Done,
    Outcome,
    RequestStart,
    RequestStop,
    Reset,
    ResetKind,
    TriggeredMessage,
    TriggerMessage,
    UnlockConnector,
)
from agent.station.connector import ConnectorStatus
from agent.station.effects import AskAuthorization, Reply, ReportStatus, Restart, SendTriggered, Unlock
from agent.station.events import FaultRaised, LinkChanged, TokenAnswered, UnlockFinished
from agent.station.facts import IdleMeterSampled, StopReason, TransactionEnded, TransactionStarted, TransactionUpdated
from agent.station.faults import Fault
from agent.station.id_token import AuthorizationStatus, IdToken, TokenInfo
from agent.station.samples import Context
from tests.fakes.station_rig import Rig

CARD = IdToken("CARD-0001")


def charging(**variables: str) -> Rig:
    """EVSE 1 charges for CARD-0001."""
    rig = Rig(variables={f"TxCtrlr.{name}": value for name, value in variables.items()}).start()
    rig.plug()
    rig.swipe(evse_ids=(1,))
    rig.pass_time(3)
    return rig


def outcome(rig: Rig, command: RequestStart | RequestStop | Reset | TriggerMessage | UnlockConnector) -> Outcome:
    answer = rig.ask(command)
    assert isinstance(answer, Done)
    return answer.outcome


def test_a_remote_start_charges_the_plugged_car() -> None:
    rig = Rig().start()
    rig.plug(2)

    answer = rig.ask(RequestStart(CARD, remote_start_id=7))
    rig.pass_time(2)

    assert answer == Done(Outcome.ACCEPTED)
    (started,) = rig.facts_of(TransactionStarted)
    assert (started.evse_id, started.trigger, started.remote_start_id) == (2, "RemoteStart", 7)
    assert rig.sockets[2].closed
    assert rig.all(AskAuthorization) == []


@pytest.mark.parametrize("start", ["EVConnected", "PowerPathClosed", "EnergyTransfer", "Authorized"])
def test_a_remote_start_before_the_cable_is_told_by_the_first_event(start: str) -> None:
    rig = Rig(variables={"TxCtrlr.TxStartPoint": start}).start()

    rig.ask(RequestStart(CARD, 1, remote_start_id=7))
    rig.plug()

    (started,) = rig.facts_of(TransactionStarted)
    assert (started.trigger, started.remote_start_id, started.token) == ("RemoteStart", 7, CARD)


def test_a_remote_start_nobody_plugs_in_for_lapses() -> None:
    rig = Rig().start()

    rig.ask(RequestStart(CARD, 1))
    rig.pass_time(61)
    rig.plug()
    rig.pass_time(2)

    assert rig.facts == []


def test_a_transaction_without_authorization_is_named_in_the_answer() -> None:
    rig = Rig(variables={"TxCtrlr.TxStartPoint": "EVConnected"}).start()
    rig.plug()

    answer = rig.ask(RequestStart(CARD, 1, remote_start_id=7))

    assert answer == Done(Outcome.ACCEPTED, transaction_id="tx-1")
    (updated, *_) = rig.facts_of(TransactionUpdated)
    assert (updated.trigger, updated.remote_start_id, updated.token) == ("RemoteStart", 7, CARD)


def test_the_transaction_named_is_the_one_that_is_authorized() -> None:
    rig = Rig(variables={"TxCtrlr.TxStartPoint": "EVConnected"}).start()
    rig.plug(1)
    rig.ask(RequestStart(CARD, 1))
    rig.ask(RequestStop("tx-1"))
    rig.plug(2)

    answer = rig.ask(RequestStart(CARD))

    assert answer == Done(Outcome.ACCEPTED, transaction_id="tx-2")
    assert rig.facts_of(TransactionUpdated)[-1].transaction_id == "tx-2"


@pytest.mark.parametrize(("word", "charges"), [("Accepted", True), ("Blocked", False)])
def test_a_remote_start_is_authorized_first_where_that_is_configured(word: str, charges: bool) -> None:
    rig = Rig(variables={"AuthCtrlr.AuthorizeRemoteStart": "true"}).start()
    rig.plug()

    reply = rig.ask(RequestStart(CARD, 1))
    (ask,) = rig.all(AskAuthorization)
    rig.feed(TokenAnswered(ask.ticket, TokenInfo(AuthorizationStatus(word))))
    rig.pass_time(2)

    assert reply == Done(Outcome.ACCEPTED)
    assert rig.sockets[1].closed is charges


@pytest.mark.parametrize(
    ("make", "evse_id", "reason"),
    [
        ("occupied", 1, "TxInProgress"),
        ("unavailable", 1, "NotEnabled"),
        ("faulted", 1, "NotEnabled"),
        ("offline", 1, "CSNotAccepted"),
        ("nothing", 9, "UnknownEvse"),
    ],
)
def test_a_remote_start_that_cannot_be_is_rejected(make: str, evse_id: int, reason: str) -> None:
    rig = Rig(evses=1).start()
    match make:
        case "occupied":
            rig.plug()
            rig.swipe()
        case "unavailable":
            rig.ask(ChangeAvailability(operative=False, evse_id=1))
        case "faulted":
            rig.feed(FaultRaised(1, Fault.GROUND_FAILURE))
        case "offline":
            rig.feed(LinkChanged(online=False))
        case _:
            pass
    before = len(rig.facts)

    answer = rig.ask(RequestStart(IdToken("CARD-0002"), evse_id))
    rig.pass_time(2)

    assert answer == Done(Outcome.REJECTED, reason=reason)
    assert not rig.facts_of(TransactionStarted)[before:]


def test_a_remote_stop_ends_the_transaction() -> None:
    rig = charging()

    assert outcome(rig, RequestStop("tx-1")) is Outcome.ACCEPTED
    assert (rig.ended.trigger, rig.ended.stop_reason) == ("RemoteStop", StopReason.REMOTE)


def test_a_remote_stop_only_stops_the_energy_where_the_cable_is_the_stop_point() -> None:
    rig = charging(TxStopPoint="EVConnected")

    rig.ask(RequestStop("tx-1"))

    assert rig.story[-1] == "Updated RemoteStop"
    assert not rig.sockets[1].closed


def test_a_remote_stop_of_an_unknown_or_ending_transaction_is_rejected() -> None:
    rig = charging()
    rig.obedient = False

    assert outcome(rig, RequestStop("tx-9")) is Outcome.REJECTED
    rig.ask(RequestStop("tx-1"))
    assert outcome(rig, RequestStop("tx-1")) is Outcome.REJECTED


def test_an_immediate_reset_ends_what_runs_and_then_restarts() -> None:
    rig = charging()

    assert outcome(rig, Reset(ResetKind.IMMEDIATE)) is Outcome.ACCEPTED
    assert rig.ended.stop_reason is StopReason.IMMEDIATE_RESET
    restart = rig.all(Restart)
    assert restart == [Restart(ResetKind.IMMEDIATE, reboot=True)]
    assert rig.effects.index(restart[0]) == len(rig.effects) - 1


def test_a_soft_reset_is_told_as_one() -> None:
    rig = charging()

    rig.ask(Reset(ResetKind.IMMEDIATE, reboot=False))

    assert rig.ended.stop_reason is StopReason.SOFT_RESET


def test_a_reset_on_idle_waits_for_the_last_charge_and_lets_none_begin() -> None:
    rig = charging()
    rig.plug(2)

    assert outcome(rig, Reset(ResetKind.ON_IDLE)) is Outcome.SCHEDULED
    rig.swipe("CARD-0002", evse_ids=(2,))
    rig.pass_time(3)
    waiting = rig.all(Restart)
    rig.unplug()

    assert waiting == []
    assert len(rig.all(Restart)) == 1
    assert len(rig.facts_of(TransactionStarted)) == 1


def test_a_reset_while_idle_follows_at_once() -> None:
    rig = Rig().start()

    assert outcome(rig, Reset(ResetKind.ON_IDLE)) is Outcome.ACCEPTED
    assert len(rig.all(Restart)) == 1


def test_one_evse_alone_is_not_reset() -> None:
    assert outcome(Rig().start(), Reset(ResetKind.IMMEDIATE, evse_id=1)) is Outcome.REJECTED


def test_unlocking() -> None:
    rig = Rig(has_lock=True).start()

    answer = rig.ask(UnlockConnector(1, 1))
    (unlock,) = rig.all(Unlock)
    assert unlock.ticket is not None
    rig.feed(UnlockFinished(1, unlock.ticket, unlocked=True))

    assert answer is None
    assert rig.all(Reply)[-1].answer == Done(Outcome.UNLOCKED)
    assert outcome(rig, UnlockConnector(1, 2)) is Outcome.UNKNOWN_CONNECTOR
    assert outcome(rig, UnlockConnector(9, 1)) is Outcome.UNKNOWN_CONNECTOR
    assert outcome(Rig().start(), UnlockConnector(1, 1)) is Outcome.NOT_SUPPORTED


@pytest.mark.parametrize("stops", [False, True])
def test_unlocking_during_a_charge(stops: bool) -> None:
    rig = Rig(has_lock=True).start()
    rig.plug()
    rig.swipe(evse_ids=(1,))

    answer = rig.ask(UnlockConnector(1, 1, stops_transaction=stops))

    if stops:
        assert rig.ended.stop_reason is StopReason.UNLOCK_COMMAND
    else:
        assert answer == Done(Outcome.ONGOING_AUTHORIZED_TRANSACTION)
        assert rig.facts_of(TransactionEnded) == []


def test_triggers_answer_before_they_send() -> None:
    rig = Rig().start()
    seen = len(rig.effects)

    rig.ask(TriggerMessage(TriggeredMessage.STATUS_NOTIFICATION))
    rig.ask(TriggerMessage(TriggeredMessage.HEARTBEAT))

    kinds = [type(effect) for effect in rig.effects[seen:]]
    assert kinds == [Reply, ReportStatus, ReportStatus, ReportStatus, Reply, SendTriggered]
    assert [report.evse_id for report in rig.all(ReportStatus)[-3:]] == [0, 1, 2]


def test_the_status_of_the_station_alone_can_be_triggered() -> None:
    rig = Rig().start()
    seen = len(rig.effects)

    rig.ask(TriggerMessage(TriggeredMessage.STATUS_NOTIFICATION, evse_id=0))

    (report,) = [effect for effect in rig.effects[seen:] if isinstance(effect, ReportStatus)]
    assert (report.evse_id, report.status, report.forced) == (0, ConnectorStatus.AVAILABLE, True)


def test_a_boot_notification_is_triggered_only_while_not_accepted_or_in_1_6() -> None:
    rig = Rig().start()
    boot = TriggeredMessage.BOOT_NOTIFICATION

    assert outcome(rig, TriggerMessage(boot)) is Outcome.REJECTED
    assert outcome(rig, TriggerMessage(boot, boot_when_accepted=True)) is Outcome.ACCEPTED


def test_triggered_meter_values() -> None:
    rig = charging()

    assert outcome(rig, TriggerMessage(TriggeredMessage.METER_VALUES, evse_id=1)) is Outcome.ACCEPTED
    (fact,) = rig.facts_of(IdleMeterSampled)
    assert (fact.transaction_id, fact.values[0].context) == ("tx-1", Context.TRIGGER)


@pytest.mark.parametrize(("sampled", "told"), [(False, {"Voltage"}), (True, {"Power.Active.Import"})])
def test_triggered_meter_values_are_the_clock_aligned_ones_or_as_1_6_wants_it_the_sampled_ones(
    sampled: bool, told: set[str]
) -> None:
    measurands = {
        "AlignedDataCtrlr.Measurands": "Voltage",
        "SampledDataCtrlr.TxUpdatedMeasurands": "Power.Active.Import",
    }
    rig = Rig(variables=measurands).start()

    rig.ask(TriggerMessage(TriggeredMessage.METER_VALUES, evse_id=1, sampled_measurands=sampled))

    (fact,) = rig.facts_of(IdleMeterSampled)
    assert {quantity.measurand for quantity in fact.values[0].quantities} == told


def test_an_old_reading_is_not_told_as_a_new_one() -> None:
    rig = Rig().start()
    rig.sockets[1].is_meter_silent = True
    rig.pass_time(30)

    assert outcome(rig, TriggerMessage(TriggeredMessage.METER_VALUES, evse_id=1)) is Outcome.REJECTED


def test_a_triggered_transaction_event_continues_the_sequence() -> None:
    rig = charging()

    assert outcome(rig, TriggerMessage(TriggeredMessage.TRANSACTION_EVENT)) is Outcome.ACCEPTED
    rig.swipe()

    assert rig.story[-2:] == ["Updated Trigger", "Ended StopAuthorized"]
    assert rig.ended.seq_no == 3


def test_triggers_that_cannot_be() -> None:
    rig = Rig().start()

    assert outcome(rig, TriggerMessage(TriggeredMessage.TRANSACTION_EVENT)) is Outcome.REJECTED
    assert outcome(rig, TriggerMessage(TriggeredMessage.STATUS_NOTIFICATION, evse_id=9)) is Outcome.REJECTED
    assert outcome(rig, TriggerMessage(TriggeredMessage.OTHER)) is Outcome.NOT_IMPLEMENTED


def test_a_remote_stop_is_refused_while_the_csms_has_not_accepted_the_station() -> None:
    rig = charging()
    rig.feed(LinkChanged(online=False))

    answer = rig.ask(RequestStop("tx-1"))

    assert answer == Done(Outcome.REJECTED, reason="CSNotAccepted")
    assert rig.evse().active_transaction is not None
