"""The last faults, with their beginning and end: written in the commit of the fact that tells of them."""

import sqlite3
from collections.abc import Sequence

from agent.clock import Moment
from agent.frozen import dataclass
from agent.station.facts import Fact, FaultNoted
from agent.store.codec import Codec

FAULTS_KEPT = 1000
"""Older ones are forgotten."""

_MOMENT = Codec(Moment)


@dataclass(frozen=True, slots=True)
class PastFault:
    """One fault; `ended` is None while it lasts, `evse_id` 0 is the station. `fault` may be of a newer agent."""

    event_id: int
    evse_id: int
    fault: str
    detail: str
    transaction_id: str | None
    began: Moment
    ended: Moment | None


def write_faults(connection: sqlite3.Connection, facts: Sequence[Fact]) -> None:
    """Add what began, complete what ended; inside a transaction."""
    for fact in facts:
        if not isinstance(fact, FaultNoted):
            continue
        stamp = _MOMENT.encode(fact.at)
        if fact.active:
            connection.execute(
                "INSERT OR REPLACE INTO fault_history VALUES (?, ?, ?, ?, ?, ?, NULL)",
                (fact.event_id, fact.evse_id, fact.fault.value, fact.detail, fact.transaction_id, stamp),
            )
            connection.execute(
                "DELETE FROM fault_history WHERE event_id <= "
                "(SELECT event_id FROM fault_history ORDER BY event_id DESC LIMIT 1 OFFSET ?)",
                (FAULTS_KEPT,),
            )
        else:
            connection.execute(
                "UPDATE fault_history SET ended = ? WHERE evse_id = ? AND fault = ? AND ended IS NULL",
                (stamp, fact.evse_id, fact.fault.value),
            )


def read_faults(connection: sqlite3.Connection, limit: int) -> list[PastFault]:
    """The newest first. Raises CodecError where a stamp cannot be read."""
    return [
        PastFault(event_id, evse_id, fault, detail, transaction_id, _MOMENT.decode(began), _ended(ended))
        for event_id, evse_id, fault, detail, transaction_id, began, ended in connection.execute(
            "SELECT event_id, evse_id, fault, detail, transaction_id, began, ended FROM fault_history "
            "ORDER BY event_id DESC LIMIT ?",
            (limit,),
        )
    ]


def _ended(text: str | None) -> Moment | None:
    moment: Moment | None = None if text is None else _MOMENT.decode(text)
    return moment
