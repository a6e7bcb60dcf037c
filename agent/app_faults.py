"""The fault history in the local API's words, of a running agent or of what it left on the disk."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from agent.api.views import FaultEntry, FaultHistory
from agent.clock import Moment
from agent.station.fault_texts import FAULT_TEXTS
from agent.station.faults import FAULTS, Fault
from agent.store.fault_history import PastFault
from agent.store.inspection import inspect_faults
from agent.store.store import DATABASE

_KNOWN = {fault.value: fault for fault in Fault}


def fault_history(rows: Sequence[PastFault], *, mend: Callable[[Moment], datetime]) -> FaultHistory:
    """Stored faults as they are shown; `mend` gives UTC of a stamp."""
    return FaultHistory(rows=tuple(_entry(row, mend=mend) for row in rows))


def stored_faults(data_dir: Path, *, limit: int) -> FaultHistory:
    """The history in a data directory, read without changing anything. Raises StoreError."""
    rows, mend = inspect_faults(data_dir / DATABASE, limit=limit)
    return fault_history(rows, mend=mend)


def _entry(row: PastFault, *, mend: Callable[[Moment], datetime]) -> FaultEntry:
    known = _KNOWN.get(row.fault)
    return FaultEntry(
        event_id=row.event_id,
        evse_id=row.evse_id,
        fault=row.fault,
        code=FAULTS[known].mrec if known is not None else "",
        began=mend(row.began),
        ended=mend(row.ended) if row.ended is not None else None,
        detail=row.detail,
        for_driver=FAULT_TEXTS[known].for_driver if known is not None else "",
        for_technician=FAULT_TEXTS[known].for_technician if known is not None else "",
        transaction_id=row.transaction_id,
    )
