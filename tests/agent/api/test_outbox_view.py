from datetime import UTC, datetime

from agent.api.json_text import to_json
from agent.api.outbox_view import outbox_view
from agent.clock import Moment
from agent.station.facts import ChargingState, IdleMeterSampled, TransactionStarted, Trigger
from agent.station.id_token import IdToken
from agent.store.inspection import QueueListing
from agent.store.outbox import DeadLetter, OutboxRow
from agent.units import Wh

AT = Moment(wall=datetime(2026, 5, 4, 12, 0, tzinfo=UTC), mono_s=1.0, boot="b")
STARTED = TransactionStarted(
    transaction_id="tx-1",
    seq_no=0,
    at=AT,
    evse_id=1,
    connector_id=1,
    trigger=Trigger.AUTHORIZED,
    charging_state=ChargingState.IDLE,
    register_wh=Wh(5),
    token=IdToken("04A1B2C3"),
)
IDLE = IdleMeterSampled(at=AT, evse_id=2, values=())


def test_rows_and_dead_letters_are_shown_without_what_they_carry() -> None:
    listing = QueueListing(
        depth=7,
        rows=(OutboxRow(id=1, message_id="m1", fact=STARTED, attempts=2), OutboxRow(id=2, message_id="m2", fact=IDLE)),
        dead=(DeadLetter(0, "m0", "TransactionEnded", "tx-0", 3, "refused", None),),
        thinned=4,
    )

    view = outbox_view(listing, dead_letter_count=9)

    assert (view.depth, view.thinned, view.dead_letter_count) == (7, 4, 9)
    first, second = view.rows
    assert (first.kind, first.transaction_id, first.seq_no, first.attempts) == ("TransactionStarted", "tx-1", 0, 2)
    assert (second.kind, second.evse_id, second.seq_no, second.transaction_id) == ("IdleMeterSampled", 2, None, None)
    assert (view.dead_letters[0].why, view.dead_letters[0].transaction_id) == ("refused", "tx-0")
    assert b"04A1" not in to_json(view)
