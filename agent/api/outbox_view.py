"""The outbox as the local API shows it: a pure projection, without a token in it."""

from agent.api.views import GivenUpFact, OutboxView, QueuedFact
from agent.station.facts import IdleMeterSampled
from agent.store.inspection import QueueListing
from agent.store.outbox import DeadLetter, OutboxRow


def outbox_view(listing: QueueListing, *, dead_letter_count: int) -> OutboxView:
    """A listing of the store; `dead_letter_count` is how many there are, of which it shows the newest."""
    return OutboxView(
        depth=listing.depth,
        rows=tuple(_queued(row) for row in listing.rows),
        dead_letter_count=dead_letter_count,
        dead_letters=tuple(_given_up(letter) for letter in listing.dead),
        thinned=listing.thinned,
    )


def _queued(row: OutboxRow) -> QueuedFact:
    fact = row.fact
    return QueuedFact(
        id=row.id,
        message_id=row.message_id,
        kind=type(fact).__name__,
        at=fact.at.wall,
        attempts=row.attempts,
        offline=row.offline,
        evse_id=fact.evse_id,
        transaction_id=fact.transaction_id,
        seq_no=None if isinstance(fact, IdleMeterSampled) else fact.seq_no,
    )


def _given_up(letter: DeadLetter) -> GivenUpFact:
    return GivenUpFact(
        id=letter.id,
        message_id=letter.message_id,
        kind=letter.kind,
        attempts=letter.attempts,
        why=letter.why,
        transaction_id=letter.transaction_id,
    )
