"""Tokens at the door."""

import pytest

from agent.station.commands import ChangeAvailability
from agent.station.connector import ConnectorStatus
from agent.station.effects import AskAuthorization, CacheToken, PermitEnergy
from agent.station.events import StopPressed, TokenAnswered, TokenPresented, TransactionAnswered
from agent.station.facts import ChargingState, StopReason, TransactionFact, TransactionStarted, Trigger
from agent.station.id_token import NO_AUTHORIZATION, AuthorizationStatus, IdToken, KnownToken, TokenInfo
from tests.fakes.station_rig import ACCEPTED, Rig

FLEET = IdToken("FLEET")
GROUPED = TokenInfo(AuthorizationStatus.ACCEPTED, group=FLEET)
INVALID = TokenInfo(AuthorizationStatus.INVALID)
CARD = IdToken("CARD-0001")


def charging(rig: Rig, *, answer: TokenInfo = ACCEPTED) -> Rig:
    """EVSE 1 charges for CARD-0001."""
    rig.start().plug()
    rig.swipe(evse_ids=(1,), answer=answer)
    rig.pass_time(3)
    return rig


def test_a_shared_reader_starts_where_a_car_waits() -> None:
    rig = Rig().start()
    rig.plug(2)

    rig.swipe()

    assert [fact.evse_id for fact in rig.facts_of(TransactionStarted)] == [2]


def test_a_shared_reader_without_a_car_waits_for_the_first_plug() -> None:
    rig = Rig().start()

    rig.swipe()
    rig.pass_time(5)
    rig.plug(2)

    (started,) = rig.facts_of(TransactionStarted)
    assert (started.evse_id, started.trigger, started.token) == (2, Trigger.CABLE_PLUGGED_IN, CARD)
    assert rig.station.state.waiting is None


def test_an_authorization_at_a_shared_reader_lapses() -> None:
    rig = Rig().start()

    rig.swipe()
    rig.pass_time(61)
    rig.plug(2)
    rig.pass_time(2)

    assert rig.facts == []
    assert not rig.sockets[2].closed


def test_dedicated_readers_keep_their_evses_apart() -> None:
    rig = Rig().start()
    rig.plug(1)
    rig.plug(2)

    rig.swipe("CARD-0001", evse_ids=(1,))
    rig.swipe("CARD-0002", evse_ids=(2,))
    rig.swipe("CARD-0002", evse_ids=(1,))
    rig.pass_time(3)

    assert [fact.token for fact in rig.facts_of(TransactionStarted)] == [CARD, IdToken("CARD-0002")]
    assert all(socket.closed for socket in rig.sockets.values())


def test_the_same_token_stops_without_a_question() -> None:
    rig = charging(Rig())
    asked = len(rig.all(AskAuthorization))

    rig.swipe()

    assert rig.ended.stop_reason is StopReason.LOCAL
    assert len(rig.all(AskAuthorization)) == asked


def test_another_token_stops_nothing() -> None:
    rig = charging(Rig(evses=1))

    rig.swipe("CARD-0002")
    rig.pass_time(2)

    assert rig.sockets[1].closed
    assert len(rig.story) == 2


@pytest.mark.parametrize("known", [KnownToken(listed=GROUPED), KnownToken(cached=GROUPED)])
def test_a_known_token_of_the_group_stops_without_a_question(known: KnownToken) -> None:
    rig = charging(Rig(), answer=GROUPED)
    asked = len(rig.all(AskAuthorization))

    rig.swipe("CARD-0002", known=known)

    assert rig.ended.token == IdToken("CARD-0002")
    assert len(rig.all(AskAuthorization)) == asked


def test_a_token_of_the_group_stops_by_the_csms_word() -> None:
    rig = charging(Rig(), answer=GROUPED)

    rig.swipe("CARD-0002", answer=GROUPED)

    assert rig.ended.trigger == Trigger.STOP_AUTHORIZED


def test_ones_own_charge_is_stopped_before_that_of_the_group() -> None:
    rig = charging(Rig(), answer=GROUPED)
    rig.plug(2)
    rig.swipe("CARD-0002", evse_ids=(2,), answer=GROUPED)

    rig.swipe("CARD-0002", known=KnownToken(listed=GROUPED))

    assert rig.ended.evse_id == 2


def test_the_group_told_with_a_transaction_counts_for_stopping() -> None:
    rig = charging(Rig())
    rig.feed(TransactionAnswered("tx-1", CARD, GROUPED))

    rig.swipe("CARD-0002", answer=GROUPED)

    assert rig.ended.stop_reason is StopReason.LOCAL


def test_a_refused_token_charges_nothing() -> None:
    rig = Rig().start()
    rig.plug()

    rig.swipe(answer=INVALID)
    rig.pass_time(2)

    assert rig.facts == []
    assert rig.all(CacheToken) == [CacheToken(CARD, INVALID)]


def test_silence_of_the_csms_leaves_the_decision_to_what_is_known() -> None:
    rig = Rig().start()
    rig.plug(1)
    rig.plug(2)

    rig.swipe("CARD-0001", evse_ids=(1,), answer=None)
    rig.swipe("CARD-0002", evse_ids=(2,), known=KnownToken(cached=ACCEPTED), answer=None)

    assert [fact.evse_id for fact in rig.facts_of(TransactionStarted)] == [2]


def test_a_card_held_twice_is_asked_about_once() -> None:
    rig = Rig().start()
    rig.plug()

    rig.feed(TokenPresented(CARD))
    rig.feed(TokenPresented(CARD))

    assert len(rig.all(AskAuthorization)) == 1


def test_questions_of_two_drivers_are_answered_apart() -> None:
    rig = Rig().start()
    rig.plug(1)
    rig.plug(2)
    rig.feed(TokenPresented(CARD, (1,)))
    rig.feed(TokenPresented(IdToken("CARD-0002"), (2,)))
    first, second = rig.all(AskAuthorization)

    rig.feed(TokenAnswered(second.ticket, ACCEPTED))
    rig.feed(TokenAnswered(first.ticket, INVALID))
    rig.feed(TokenAnswered(first.ticket, ACCEPTED))

    assert [fact.evse_id for fact in rig.facts_of(TransactionStarted)] == [2]


def test_a_crowd_of_tokens_asks_no_more_than_the_limit() -> None:
    rig = Rig().start()

    for number in range(40):
        rig.feed(TokenPresented(IdToken(f"CARD-{number}")))

    assert len(rig.all(AskAuthorization)) == 16


def test_nobody_plugs_in_and_no_transaction_ever_was() -> None:
    rig = Rig().start()

    rig.swipe(evse_ids=(1,))
    rig.pass_time(61)

    assert rig.facts == []
    assert rig.statuses() == [ConnectorStatus.AVAILABLE, ConnectorStatus.PREPARING, ConnectorStatus.AVAILABLE]


@pytest.mark.parametrize("stop", ["Authorized", "EVConnected"])
def test_nobody_plugs_in_and_the_transaction_times_out(stop: str) -> None:
    variables = {"TxCtrlr.TxStartPoint": "Authorized", "TxCtrlr.TxStopPoint": stop, "TxCtrlr.EVConnectionTimeOut": "30"}
    rig = Rig(variables=variables).start()

    rig.swipe(evse_ids=(1,))
    rig.pass_time(31)

    assert rig.story == ["Started Authorized", "Ended EVConnectTimeout"]
    assert rig.ended.stop_reason is StopReason.TIMEOUT


def test_without_authorization_plugging_in_is_enough() -> None:
    rig = Rig(variables={"AuthCtrlr.Enabled": "false"}).start()

    rig.plug()
    rig.pass_time(3)

    (started,) = rig.facts_of(TransactionStarted)
    assert started.token is not None
    assert (started.token.value, started.token.type) == ("", NO_AUTHORIZATION)
    assert rig.sockets[1].closed


def test_without_authorization_a_stopped_charge_does_not_begin_again_by_itself() -> None:
    rig = Rig(variables={"AuthCtrlr.Enabled": "false"}).start()
    rig.plug()
    rig.pass_time(3)

    rig.feed(StopPressed(1))
    rig.pass_time(3)
    stopped = rig.sockets[1].closed
    rig.unplug()
    rig.plug()
    rig.pass_time(3)

    assert not stopped
    assert len(rig.facts_of(TransactionStarted)) == 2


def test_without_authorization_a_presented_token_is_still_told() -> None:
    rig = Rig(variables={"AuthCtrlr.Enabled": "false"}).start()

    rig.swipe(evse_ids=(1,))
    rig.plug()

    assert rig.facts_of(TransactionStarted)[0].token == CARD
    assert rig.all(AskAuthorization) == []


def test_nobodys_token_is_never_cached() -> None:
    rig = Rig(variables={"AuthCtrlr.Enabled": "false"}).start()
    rig.plug()

    rig.feed(TransactionAnswered("tx-1", IdToken("", NO_AUTHORIZATION), ACCEPTED))

    assert rig.all(CacheToken) == []


def test_a_master_pass_stops_everything_and_starts_nothing() -> None:
    rig = charging(Rig(variables={"AuthCtrlr.MasterPassGroupId": "MASTER"}))
    rig.plug(2)
    rig.swipe("CARD-0002", evse_ids=(2,))
    master = TokenInfo(AuthorizationStatus.ACCEPTED, group=IdToken("MASTER"))

    rig.swipe("MASTER-CARD", answer=master)
    rig.pass_time(2)
    rig.swipe("MASTER-CARD", answer=master)
    rig.pass_time(2)

    ended = [fact for fact in rig.facts if getattr(fact, "stop_reason", None) is StopReason.MASTER_PASS]
    assert len(ended) == 2
    assert len(rig.facts_of(TransactionStarted)) == 2


def test_an_invalid_token_ends_its_transaction() -> None:
    rig = charging(Rig())

    rig.feed(TransactionAnswered("tx-1", CARD, INVALID))

    assert (rig.ended.trigger, rig.ended.stop_reason) == (Trigger.DEAUTHORIZED, StopReason.DE_AUTHORIZED)
    assert not rig.sockets[1].closed


def test_an_invalid_token_only_loses_its_energy_where_the_cable_is_the_stop_point() -> None:
    rig = charging(Rig(variables={"TxCtrlr.TxStopPoint": "EVConnected"}))

    rig.feed(TransactionAnswered("tx-1", CARD, INVALID))
    rig.pass_time(2)

    last = rig.facts_of(TransactionFact)[-1]
    assert rig.story[-1] == "Updated Deauthorized"
    assert last.charging_state is ChargingState.EV_CONNECTED
    assert not rig.sockets[1].closed


def test_an_invalid_token_that_may_stay_is_suspended_and_not_ended() -> None:
    rig = charging(Rig(variables={"TxCtrlr.StopTxOnInvalidId": "false"}))

    rig.feed(TransactionAnswered("tx-1", CARD, INVALID))
    rig.pass_time(3)

    last = rig.facts_of(TransactionFact)[-1]
    assert (last.trigger, last.charging_state) == (Trigger.CHARGING_STATE_CHANGED, ChargingState.SUSPENDED_EVSE)
    assert rig.statuses()[-1] is ConnectorStatus.SUSPENDED_EVSE
    assert not rig.sockets[1].closed


def test_a_suspended_transaction_ends_by_its_own_token() -> None:
    rig = charging(Rig(variables={"TxCtrlr.StopTxOnInvalidId": "false"}))
    rig.feed(TransactionAnswered("tx-1", CARD, INVALID))

    rig.swipe()

    assert rig.ended.stop_reason is StopReason.LOCAL


def test_an_invalid_token_gets_its_allowance_once() -> None:
    rig = charging(Rig(variables={"TxCtrlr.StopTxOnInvalidId": "false", "TxCtrlr.MaxEnergyOnInvalidId": "30"}))
    begin_wh = rig.sockets[1].energy_wh

    for _ in range(8):
        rig.feed(TransactionAnswered("tx-1", CARD, INVALID))
        rig.pass_time(5)

    assert begin_wh + 30 <= rig.sockets[1].energy_wh <= begin_wh + 33
    assert rig.statuses()[-1] is ConnectorStatus.SUSPENDED_EVSE


def test_a_token_found_valid_after_all_is_not_limited() -> None:
    rig = charging(Rig(variables={"TxCtrlr.StopTxOnInvalidId": "false", "TxCtrlr.MaxEnergyOnInvalidId": "30"}))

    rig.feed(TransactionAnswered("tx-1", CARD, INVALID))
    rig.feed(TransactionAnswered("tx-1", CARD, ACCEPTED))
    rig.pass_time(30)

    assert rig.sockets[1].closed


def test_an_open_transaction_is_not_taken_over_by_another_token() -> None:
    rig = charging(Rig(evses=1, variables={"TxCtrlr.TxStopPoint": "EVConnected"}))
    rig.swipe()

    rig.swipe("CARD-0002")
    rig.pass_time(2)
    taken_over = rig.sockets[1].closed
    rig.swipe()
    rig.pass_time(2)

    assert not taken_over
    assert rig.sockets[1].closed


def test_the_stop_button_ends_like_a_driver() -> None:
    rig = charging(Rig())

    rig.feed(StopPressed(1))

    assert (rig.ended.stop_reason, rig.ended.token) == (StopReason.LOCAL, None)


def test_a_waiting_authorization_is_not_spent_on_an_evse_out_of_service() -> None:
    rig = Rig().start()
    rig.swipe()
    rig.ask(ChangeAvailability(operative=False, evse_id=1))

    rig.plug(1)
    rig.plug(2)
    rig.pass_time(2)

    assert [effect.evse_id for effect in rig.all(PermitEnergy)] == [2]
