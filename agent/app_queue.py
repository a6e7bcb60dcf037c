"""The outbox in the local API's words: of a running agent, or of a data directory whose agent does not run."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from agent.api.views import GivenUpFact, OutboxView, QueuedFact
from agent.clock import Moment
from agent.station.facts import TransactionFact
from agent.store.inspection import inspect_queue
from agent.store.outbox import DeadLetter, OutboxRow
from agent.store.store import DATABASE


def queued_fact(row: OutboxRow, *, mend: Callable[[Moment], datetime]) -> QueuedFact:
    """A fact that waits; `mend` gives UTC of its stamp."""
    fact = row.fact
    in_transaction = fact if isinstance(fact, TransactionFact) else None
    return QueuedFact(
        id=row.id,
        message_id=row.message_id,
        kind=type(fact).__name__,
        at=mend(fact.at),
        attempts=row.attempts,
        offline=row.offline,
        evse_id=fact.evse_id,
        transaction_id=fact.transaction_id,
        seq_no=in_transaction.seq_no if in_transaction is not None else None,
    )


def given_up_fact(letter: DeadLetter) -> GivenUpFact:
    """A fact that was given up."""
    return GivenUpFact(
        id=letter.id,
        message_id=letter.message_id,
        kind=letter.kind,
        attempts=letter.attempts,
        why=letter.why,
        transaction_id=letter.transaction_id,
    )


def stored_outbox(data_dir: Path, *, limit: int) -> OutboxView:
    """What is queued in a data directory, read without changing anything. Raises StoreError."""
    found = inspect_queue(data_dir / DATABASE, limit=limit)
    return OutboxView(
        depth=found.depth,
        rows=tuple(queued_fact(row, mend=found.mend) for row in found.rows),
        dead_letter_count=found.dead_count,
        dead_letters=tuple(given_up_fact(letter) for letter in found.dead),
        thinned=found.thinned,
    )
