"""A transaction and the facts it leaves behind."""

from dataclasses import replace
from datetime import UTC, datetime

from agent.clock import Moment
from agent.station.facts import StopReason, Trigger
from agent.station.id_token import IdToken
from agent.station.samples import MeterSample
from agent.station.transaction import Cause, Telling, Transaction, ended, sampled, started, updated
from agent.units import Wh

NOW = Moment(wall=datetime(2026, 1, 1, tzinfo=UTC), mono_s=5.0, boot="boot-1")
TX = Transaction(id="tx-1", connector_id=2, started_at=NOW, remote_start_id=7)
TELLING = Telling(evse_id=3, at=NOW, offline=True, register_wh=Wh(1234))
CARD = IdToken("CARD-0001")


def test_every_fact_says_where_and_when_it_was() -> None:
    tx = replace(TX, next_seq_no=4)
    facts = (
        started(tx, TELLING, trigger=Trigger.AUTHORIZED, values=(), token=CARD),
        updated(tx, TELLING, trigger=Trigger.AUTHORIZED),
        sampled(tx, TELLING, trigger=Trigger.METER_VALUE_PERIODIC, values=()),
        ended(tx, TELLING, cause=Cause(Trigger.REMOTE_STOP, StopReason.REMOTE), values=()),
    )

    for fact in facts:
        assert (fact.transaction_id, fact.seq_no, fact.evse_id, fact.connector_id) == ("tx-1", 4, 3, 2)
        assert (fact.at, fact.offline, fact.register_wh) == (NOW, True, 1234)


def test_the_number_of_a_remote_start_is_told_once() -> None:
    first = started(TX, TELLING, trigger=Trigger.REMOTE_START, values=(), token=CARD)
    authorized = updated(TX, TELLING, trigger=Trigger.REMOTE_START, token=CARD)
    later = updated(TX, TELLING, trigger=Trigger.CHARGING_STATE_CHANGED)

    assert (first.remote_start_id, authorized.remote_start_id, later.remote_start_id) == (7, 7, None)


def test_the_end_tells_its_cause() -> None:
    fact = ended(TX, TELLING, cause=Cause(Trigger.STOP_AUTHORIZED, StopReason.LOCAL, token=CARD), values=())

    assert (fact.trigger, fact.stop_reason, fact.token) == (Trigger.STOP_AUTHORIZED, StopReason.LOCAL, CARD)


def test_a_fact_moves_the_sequence_and_keeps_its_reading() -> None:
    after = TX.next(MeterSample(3, NOW, Wh(1300), ()))

    assert (after.next_seq_no, after.register_wh, after.register_at) == (1, 1300, NOW)
    assert after.next().register_wh == 1300
    assert after.next().next_seq_no == 2
